"""What the part ``enforce`` of a release file can get wrong beyond its types."""

import re
from collections.abc import Iterator, Sequence

from goldenami.domain import names
from goldenami.spec.model import AllowedAmis, DeclarativePolicy, Enforce, Release

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
    owner = "account id (12 digits)"
    yield from _each("$.audit.owners", release.audit.owners, names.ACCOUNT, owner)
    if release.enforce is None:
        return
    yield from _each("$.enforce.groups", release.enforce.groups, names.IAM_NAME, "IAM group name")
    role = release.enforce.pipeline_role
    if role is not None and not names.IAM_NAME.fullmatch(role.rpartition("/")[2]):
        yield "$.enforce.pipeline_role", f"`{role}` is no IAM role name or ARN"
    yield from _mechanisms(release.enforce)


def _mechanisms(enforce: Enforce) -> Iterator[Problem]:
    key, used = "$.enforce.mechanisms", enforce.mechanisms
    if used.group_policy and not enforce.groups:
        yield "$.enforce.groups", "name at least one group"
    holders = (used.group_policy, used.permissions_boundary, used.scp)
    if not any((*holders, used.allowed_amis, used.declarative_policy)):
        yield key, "name at least one of " + ", ".join(_ATTACHING)
    if used.guardrail_protection and not enforce.pipeline_role:
        yield (
            f"{key}.guardrail_protection",
            "it needs enforce.pipeline_role: nobody else could change the policies any more",
        )
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
