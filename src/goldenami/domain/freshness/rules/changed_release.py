"""A release file, or its Packer template, that makes another image by now."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    for spec in sorted(state.recorded_specs - {state.spec}):
        yield Evidence(
            f"the release file has changed since {state.version} was baked",
            {"spec": spec, "current_spec": state.spec},
        )
    if state.template and state.recorded_template not in ("", state.template):
        yield Evidence(
            f"the Packer template has changed since {state.version} was baked",
            {"template_sha256": state.recorded_template, "current_template_sha256": state.template},
        )


RULE = FreshnessRule(id="changed-release", title="The release file has changed", test=_test)
