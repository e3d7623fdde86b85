"""A version whose release did not come to its end."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    if state.unpublished:
        places = ", ".join(state.unpublished)
        yield Evidence(f"version {state.version} is not published yet in {places}")


RULE = FreshnessRule(
    id="unpublished", title="The release did not come to its end", anew=False, test=_test
)
