"""What a policy document is rendered with, checked so that no value can widen the policy."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from goldenami.constraints import Pattern
from goldenami.domain.arns import iam_arn
from goldenami.domain.names import ACCOUNT, IAM_NAME, PUBLISHED, REGION
from goldenami.domain.tags import KEY_LENGTH, VALUE_LENGTH, ApprovalTag
from goldenami.errors import SpecError

PARTITIONS = (
    "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f",
)  # fmt: skip
ANY_REGION = "*"

_SNAPSHOT = Pattern(r"snap-([0-9a-f]{8}|[0-9a-f]{17})")
_PARAMETER = Pattern(r"/?[\w.-]+(/[\w.-]+)*(/\*)?", re.ASCII)
_ROLE = Pattern(
    r"arn:(?P<partition>[^:]*):iam::(?P<account>[^:]*):role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}",
    re.ASCII,
)
_SPECIAL = ("${", "*", "?")


class Values(Struct, frozen=True, kw_only=True):
    """What the templates under ``templates/policies`` can use.

    Args:
        account: the account the policy lives in, 12 digits; empty if no document needs it.
        partition: the partition of every ARN, such as ``aws`` or ``aws-cn``.
        region: the region of the resource ARNs, ``*`` for all.
        owners: the accounts that own golden images; none means ``account`` itself.
        tag_key: the key of the approval tag; None, with its value, means the profile's own tag.
        tag_value: its value.
        snapshots: the ids of the golden images' snapshots, of all regions.
        pipeline_role: the ARN of the role that every Deny leaves alone.
        exempts_pipeline: whether it is left alone by name. A permissions boundary binds the roles
            that it is attached to: where the pipeline's is none of them, the name only takes room.
        groups: the names of the groups the policies are attached to.
        parameters: names of SSM parameters that are published to; a last ``*`` stands for the rest.

    Raises:
        SpecError: one or more values are wrong; the notes say which, by option and release key.
    """

    account: str = ""
    partition: str = "aws"
    region: str = ANY_REGION
    owners: tuple[str, ...] = ()
    tag_key: str | None = None
    tag_value: str | None = None
    snapshots: tuple[str, ...] = ()
    pipeline_role: str | None = None
    exempts_pipeline: bool = True
    groups: tuple[str, ...] = ()
    parameters: tuple[str, ...] = (PUBLISHED,)

    def __post_init__(self) -> None:
        if problems := tuple(_problems(self)):
            raise SpecError(
                "the policy cannot be rendered with these values",
                notes=problems,
                fix="correct the options, or the keys of the release file, that are named above",
            )

    @property
    def golden_accounts(self) -> tuple[str, ...]:
        """The accounts whose images may be golden: ``owners``, or else the account itself."""
        return self.owners or ((self.account,) if self.account else ())

    @property
    def tag(self) -> ApprovalTag | None:
        """The approval tag, or None if the profile's own is to be used."""
        if self.tag_key is None or self.tag_value is None:
            return None
        return ApprovalTag(self.tag_key, self.tag_value)


def _problems(values: Values) -> Iterator[str]:
    if values.account and not ACCOUNT.fullmatch(values.account):
        yield f"--account: `{values.account}` is no account id (12 digits)"
    if values.partition not in PARTITIONS:
        yield f"--partition: `{values.partition}` is none of {', '.join(PARTITIONS)}"
    if values.region != ANY_REGION and not REGION.fullmatch(values.region):
        yield f"--region: `{values.region}` is neither a region, such as `eu-west-1`, nor `*`"
    for texts, form, option, problem in _forms(values):
        yield from (f"{option}: `{text}` {problem}" for text in texts if not form.fullmatch(text))
    yield from _tag_problems(values)
    yield from _role_problems(values)


def _forms(values: Values) -> Iterator[tuple[Iterable[str], Pattern, str, str]]:
    """Yield lists of values, the form of each of them, its option, and what is wrong without it."""
    yield (
        values.owners, ACCOUNT, "--owner (audit.owners)",
        "is no account id (12 digits); an alias such as `amazon` would trust everything it "
        "publishes",
    )  # fmt: skip
    yield (
        values.snapshots, _SNAPSHOT, "--snapshot",
        "is no snapshot id (`snap-` and 8 or 17 hex digits)",
    )  # fmt: skip
    yield values.groups, IAM_NAME, "--group (enforce.groups)", "is no name of a group"
    yield (
        values.parameters, _PARAMETER, "--parameter (publish.ssm_parameter)",
        "is no name of an SSM parameter, nor a path and `/*`",
    )  # fmt: skip


def _tag_problems(values: Values) -> Iterator[str]:
    option, key, value = "--tag (approval_tag)", values.tag_key, values.tag_value
    if key is None and value is None:
        return
    if key is None or value is None:
        yield f"{option}: a tag is a key and a value, and one of them is missing"
        return
    if not 1 <= len(key) <= KEY_LENGTH:
        yield f"{option}: a tag key has 1 to {KEY_LENGTH} characters, this one {len(key)}"
    if len(value) > VALUE_LENGTH:
        yield f"{option}: a tag value has at most {VALUE_LENGTH} characters, this one {len(value)}"
    if key.lower().startswith("aws:"):
        yield f"{option}: tag keys that start with `aws:` belong to AWS"
    for what, text in (("key", key), ("value", value)):
        yield from (f"{option}: the {what} {reason}" for reason in _unsafe_in_condition(text))


def _unsafe_in_condition(text: str) -> Iterator[str]:
    """Say why a text must not become part of a condition.

    IAM fills in policy variables in values, and StringLike and ArnLike read wildcards. The
    templates compare tags without wildcards, but a policy is also edited by hand and copied.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    if listed := " and ".join(f"`{special}`" for special in _SPECIAL if special in text):
        yield f"has {listed}, which IAM can read as a variable or wildcard that matches more"
    if not text.isprintable():
        yield "has a character that cannot be printed, such as a line break"


def _role_problems(values: Values) -> Iterator[str]:
    option = "--pipeline-role (enforce.pipeline_role)"
    role, partition = values.pipeline_role, values.partition
    if role is None:
        return
    match = _ROLE.fullmatch(role)
    if not match:
        form = iam_arn(partition, "ACCOUNT", "role", "NAME")
        yield (
            f"{option}: `{role}` is no role ARN (`{form}`, "
            "without wildcards, and the role itself instead of a session of it)"
        )
        return
    if match["partition"] != partition:
        yield f"{option}: `{role}` is not in partition `{partition}`, so it would exempt nobody"
    if not ACCOUNT.fullmatch(match["account"]):
        yield (
            f"{option}: `{role}` names no account (12 digits); a wildcard would exempt a role of "
            "that name in anybody's account"
        )
