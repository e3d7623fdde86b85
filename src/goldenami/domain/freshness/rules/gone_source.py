"""A source that is not there any more."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        if each.recorded and not each.source:
            yield Evidence(
                f"its source {each.recorded} is gone, or cannot be seen any more",
                {"image": image.id, "source": each.recorded},
                each.architecture,
                bake_mends=each.moves,
            )


RULE = FreshnessRule(id="gone-source", title="Its source is gone", test=_test)
