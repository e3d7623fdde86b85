"""A newest version that is deprecated already, with nothing in its place."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.common import deprecated
from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        yield from deprecated(
            image, "the newest image", state.at, each.architecture, bake_mends=True
        )


RULE = FreshnessRule(id="deprecated-image", title="The newest image is deprecated", test=_test)
