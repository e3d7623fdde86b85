"""A source that nothing can be launched from: disabled, or failed."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import (
    Evidence,
    FreshnessRule,
    ReleaseState,
    named,
)


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        if each.source and each.source.state != "available":
            yield Evidence(
                f"its source {named(each.source)} is {each.source.state}",
                {"image": image.id, "source": each.source.id, "state": each.source.state},
                each.architecture,
                bake_mends=each.moves,
            )


RULE = FreshnessRule(id="unavailable-source", title="Its source is disabled", test=_test)
