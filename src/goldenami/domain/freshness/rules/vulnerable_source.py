"""A source with a vulnerability that could be closed by now."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.common import fixes
from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, _ in state.with_images:
        if each.source:
            yield from fixes(each.source, "its source", state.at, each)


RULE = FreshnessRule(
    id="vulnerable-source", title="A fix for what Inspector found in its source", test=_test
)
