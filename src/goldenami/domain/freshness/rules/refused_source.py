"""A source that was golden, and is not any more: revoked, deprecated, or never approved."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import (
    Evidence,
    FreshnessRule,
    ReleaseState,
    named,
)


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        if each.source and each.refused:
            yield Evidence(
                f"its source {named(each.source)} is no approved image: {each.refused}",
                {"image": image.id, "source": each.source.id, "status": each.source.status},
                each.architecture,
                bake_mends=each.moves,
            )


RULE = FreshnessRule(id="refused-source", title="Its golden source is not approved", test=_test)
