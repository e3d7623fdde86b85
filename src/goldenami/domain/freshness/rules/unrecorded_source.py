"""A version of which nothing tells what it was baked from: its tags alone prove nothing."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        if not each.recorded:
            yield Evidence(
                f"neither a record nor a manifest tells what {image.id} was baked from",
                {"image": image.id},
                each.architecture,
            )


RULE = FreshnessRule(id="unrecorded-source", title="Its source is not recorded", test=_test)
