"""A parent that has to be baked first."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for parent, bake_mends in state.parents.items():
        words = f"it is baked from {parent}, which is outdated"
        yield Evidence(words, {"parent": parent}, bake_mends=bake_mends)


RULE = FreshnessRule(id="outdated-parent", title="Its parent is outdated", test=_test)
