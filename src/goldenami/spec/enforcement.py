"""What an enforcement can get wrong beyond its types, in a release file or in one of its own."""

import re
from collections.abc import Iterator, Sequence

from goldenami.domain import names, tags
from goldenami.spec.model import AllowedAmis, DeclarativePolicy, Enforce, EnforceSpec, Release

Problem = tuple[str, str]
"""A key path (``$.base.subnet``) and what is wrong there, with the fix."""

MIN_SCP, MAX_SCP = 5_120, 10_240
PROVIDERS, IMAGE_NAMES = 200, 50
_ATTACHING = (
    "group_policy", "permissions_boundary", "scp", "allowed_amis", "declarative_policy",
)  # fmt: skip
_TARGET = "root (`r-…`), unit (`ou-…`) or account id"


def problems(release: Release) -> Iterator[Problem]:
    """Yield what is wrong with who is trusted, and with what enforces it."""
    yield from _owners("$.audit.owners", release.audit.owners)
    if release.enforce is None:
        return
    if release.enforce.file is None:
        yield from _enforce("$.enforce", release.enforce)
    elif release.enforce != Enforce(file=release.enforce.file):
        yield "$.enforce.file", "that file says it all: leave the other keys out"


def problems_of_file(spec: EnforceSpec, name: str) -> Iterator[Problem]:
    """Yield what is wrong with an enforcement file that has this name."""
    if not names.IMAGE.fullmatch(name):
        yield (
            "$.name",
            f"`{name}` is no name of an enforcement: letters, digits, `.`, `_`, `-`, at most 100",
        )
    if spec.file is not None:
        yield "$.file", "an enforcement file points to no other"
    if spec.region is not None and not names.REGION.fullmatch(spec.region):
        yield "$.region", f"`{spec.region}` is no region name"
    yield from _owners("$.owners", spec.owners)
    wrong = tags.problem(spec.approval_tag.key, spec.approval_tag.value)
    if wrong and spec.approval_tag != tags.ApprovalTag():
        yield "$.approval_tag", wrong
    yield from _enforce("$", spec)


def _owners(key: str, owners: Sequence[str]) -> Iterator[Problem]:
    yield from _each(key, owners, names.ACCOUNT, "account id (12 digits)")


def _enforce(key: str, enforce: Enforce) -> Iterator[Problem]:
    yield from _each(f"{key}.groups", enforce.groups, names.IAM_NAME, "IAM group name")
    role = enforce.pipeline_role
    if role is not None and not names.IAM_NAME.fullmatch(role.rpartition("/")[2]):
        yield f"{key}.pipeline_role", f"`{role}` is no IAM role name or ARN"
    if enforce.name and not names.IMAGE.fullmatch(enforce.name) and key != "$":
        yield f"{key}.name", f"`{enforce.name}` is no name: letters, digits, `.`, `_`, `-`"
    yield from _mechanisms(key, enforce)


def _mechanisms(parent: str, enforce: Enforce) -> Iterator[Problem]:
    key, used = f"{parent}.mechanisms", enforce.mechanisms
    if used.group_policy and not enforce.groups:
        yield f"{parent}.groups", "name at least one group"
    if not (enforce.attaching or used.allowed_amis or used.declarative_policy):
        yield key, "name at least one of " + ", ".join(_ATTACHING)
    if not enforce.pipeline_role:
        role = f"{parent}.pipeline_role".removeprefix("$.")
        for where in _self_protecting(key, enforce):
            yield where, f"it needs {role}: nobody else could change the policies any more"
    if used.permissions_boundary:
        roles = used.permissions_boundary.roles
        yield from _listed(f"{key}.permissions_boundary.roles", roles, names.IAM_NAME, "role name")
    if used.scp:
        yield from _listed(
            f"{key}.scp.targets", used.scp.targets, names.ORGANIZATION_TARGET, _TARGET
        )
        if not MIN_SCP <= used.scp.size_limit <= MAX_SCP:
            yield f"{key}.scp.size_limit", f"AWS's quota is {MIN_SCP:,} to {MAX_SCP:,} characters"
    yield from _images(f"{key}.allowed_amis", used.allowed_amis)
    yield from _images(f"{key}.declarative_policy", used.declarative_policy)


def _self_protecting(key: str, enforce: Enforce) -> Iterator[str]:
    """Yield where a protection from everybody is asked for."""
    used = enforce.mechanisms
    if used.guardrail_protection:
        yield f"{key}.guardrail_protection"
    for name in enforce.attaching:
        if getattr(getattr(used, name), "guardrail_protection", None):
            yield f"{key}.{name}.guardrail_protection"


def _images(key: str, criteria: AllowedAmis | DeclarativePolicy | None) -> Iterator[Problem]:
    if criteria is None:
        return
    provider = "account id, `amazon`, `aws-marketplace` or `aws-backup-vault`"
    name = "image name (1 to 128 letters, digits and `()[] ./-'@_*?`)"
    yield from _each(f"{key}.providers", criteria.providers, names.IMAGE_PROVIDER, provider)
    yield from _each(f"{key}.names", criteria.names, names.IMAGE_NAME_PATTERN, name)
    for part, most in (("providers", PROVIDERS), ("names", IMAGE_NAMES)):
        if (count := len(getattr(criteria, part))) > most:
            yield f"{key}.{part}", f"AWS allows {most}, these are {count}"
    for part in ("created_within_days", "deprecated_within_days"):
        if (days := getattr(criteria, part)) is not None and days < 0:
            yield f"{key}.{part}", f"0 or more days, not {days}"
    if isinstance(criteria, DeclarativePolicy):
        yield from _listed(f"{key}.targets", criteria.targets, names.ORGANIZATION_TARGET, _TARGET)
    elif criteria.regions != "all":
        yield from _listed(f"{key}.regions", criteria.regions, names.REGION, "region name")


def _listed(
    key: str, values: Sequence[str], pattern: re.Pattern[str], what: str
) -> Iterator[Problem]:
    if not values:
        yield key, f"name at least one {what}"
    yield from _each(key, values, pattern, what)


def _each(
    key: str, values: Sequence[str], pattern: re.Pattern[str], what: str
) -> Iterator[Problem]:
    for index, value in enumerate(values):
        if not pattern.fullmatch(value):
            yield f"{key}[{index}]", f"`{value}` is no {what}"
        elif value in values[:index]:
            yield f"{key}[{index}]", f"`{value}` is listed twice"
