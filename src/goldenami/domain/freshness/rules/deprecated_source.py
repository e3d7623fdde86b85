"""A source that its owner has deprecated."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.common import deprecated
from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, _ in state.with_images:
        if each.source:
            yield from deprecated(
                each.source, "its source", state.at, each.architecture, bake_mends=each.moves
            )


RULE = FreshnessRule(id="deprecated-source", title="Its source is deprecated", test=_test)
