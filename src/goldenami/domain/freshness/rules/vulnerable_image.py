"""A released image with a vulnerability that could be closed by now."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.common import fixes
from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        yield from fixes(image, "the image", state.at, each)


RULE = FreshnessRule(
    id="vulnerable-image", title="A fix for what Inspector found is available", test=_test
)
