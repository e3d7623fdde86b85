"""A parent that has to be baked first."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for parent in state.parents:
        yield Evidence(f"it is baked from {parent}, which is outdated", {"parent": parent})


RULE = FreshnessRule(id="outdated-parent", title="Its parent is outdated", test=_test)
