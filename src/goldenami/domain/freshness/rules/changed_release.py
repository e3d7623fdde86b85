"""A release file that says something else by now of what makes the image."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for spec in sorted(state.recorded_specs - {state.spec}):
        yield Evidence(
            f"the release file has changed since {state.version} was baked",
            {"spec": spec, "current_spec": state.spec},
        )


RULE = FreshnessRule(id="changed-release", title="The release file has changed", test=_test)
