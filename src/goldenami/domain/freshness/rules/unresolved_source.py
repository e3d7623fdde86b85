"""A ``base.source`` that stands for nothing now: the next bake would fail."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each in state.sources:
        if each.unresolved:
            yield Evidence(each.unresolved, architecture=each.architecture, bake_mends=False)


RULE = FreshnessRule(id="unresolved-source", title="Its source is nowhere", test=_test)
