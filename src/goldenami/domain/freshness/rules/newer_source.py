"""What ``base.source`` stands for has moved on."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import (
    Evidence,
    FreshnessRule,
    ReleaseState,
    named,
)
from goldenami.domain.names import moment


def _test(state: ReleaseState) -> Iterator[Evidence]:
    """Compare by id: an older one, after a roll-back, is another source too."""
    for each, image in state.with_images:
        current = each.current
        if not (current and each.recorded and each.moves):
            continue
        created = f" of {current.created:%Y-%m-%d}" if current.created else ""
        yield Evidence(
            f"base.source is {named(current)}{created} now, and {state.version} was baked from "
            f"{named(each.source) if each.source else each.recorded}",
            {
                "image": image.id,
                "source": each.recorded,
                "current_source": current.id,
                "current_source_created": moment(current.created),
            },
            each.architecture,
        )


RULE = FreshnessRule(id="newer-source", title="Its source has moved on", test=_test)
