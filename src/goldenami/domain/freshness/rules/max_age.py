"""An image that is older than it may be."""

from collections.abc import Iterator
from datetime import timedelta

from goldenami.domain.freshness.rules.interface import (
    Evidence,
    FreshnessRule,
    ReleaseState,
    days_ago,
)
from goldenami.domain.names import moment


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for each, image in state.with_images:
        if state.max_age is None or image.created is None:
            continue
        if state.at - image.created > state.max_age:
            yield Evidence(
                f"{image.id} was made on {image.created:%Y-%m-%d} "
                f"({days_ago(image.created, state.at)}), and may be {_length(state.max_age)} old",
                {"image": image.id, "created": moment(image.created)},
                each.architecture,
            )


def _length(age: timedelta) -> str:
    return f"{age.days} days" if age.days else str(age)


RULE = FreshnessRule(id="max-age", title="The image is too old", test=_test)
