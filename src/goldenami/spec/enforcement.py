"""What an enforcement can get wrong across its keys, in a release file or in one of its own."""

from collections.abc import Iterator

from goldenami.domain import names
from goldenami.spec.model import Enforce, EnforceSpec, Release
from goldenami.validation import Problem, Rule

_ATTACHING = (
    "group_policy", "permissions_boundary", "scp", "allowed_amis", "declarative_policy",
)  # fmt: skip


def problems(release: Release) -> Iterator[Problem]:
    """Yield what is wrong with what enforces a release file."""
    if release.enforce is None:
        return
    if release.enforce.file is None:
        yield from _enforce("$.enforce", release.enforce)
    elif release.enforce != Enforce(file=release.enforce.file):
        yield Problem("$.enforce.file", "that file says it all: leave the other keys out")


def rules(stem: str) -> tuple[Rule[EnforceSpec], ...]:
    """Return the rules of an enforcement file that is called so without its ending."""

    def named(spec: EnforceSpec) -> Iterator[Problem]:
        if not spec.name and not names.IMAGE.fullmatch(stem):
            yield Problem(
                "$.name", f"`{stem}`, as the file is called, is no name of an enforcement: give one"
            )

    return named, lambda spec: _enforce("$", spec)


def _enforce(parent: str, enforce: Enforce) -> Iterator[Problem]:
    key, used = f"{parent}.mechanisms", enforce.mechanisms
    if used.group_policy and not enforce.groups:
        yield Problem(f"{parent}.groups", "name at least one group")
    if not (enforce.attaching or used.allowed_amis or used.declarative_policy):
        yield Problem(key, "name at least one of " + ", ".join(_ATTACHING))
    if not enforce.pipeline_role:
        role = f"{parent}.pipeline_role".removeprefix("$.")
        for where in _self_protecting(key, enforce):
            yield Problem(where, f"it needs {role}: nobody else could change the policies any more")


def _self_protecting(key: str, enforce: Enforce) -> Iterator[str]:
    """Yield where a protection from everybody is asked for."""
    used = enforce.mechanisms
    if used.guardrail_protection:
        yield f"{key}.guardrail_protection"
    for name in enforce.attaching:
        if getattr(getattr(used, name), "guardrail_protection", None):
            yield f"{key}.{name}.guardrail_protection"
