"""The kinds of values in the files that users write: a text, and the form that it has to have."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

from goldenami.constraints import UnsoundError, Wrong, at_most, distinct, each, filled, form, some
from goldenami.domain import names, packer_variables, tags
from goldenami.domain.channels import Publication

DEPRECATION_DAYS = 3_650
MINE_ON_IMAGES = 10
"""goldenami's own tags on an image, the approval tag counted."""

_NOT_ASCII = re.compile(r"[^\t\n\r -~]")
_LETTERS = "letters, digits, `.`, `_`, `-`"

AccountId = Annotated[str, form(names.ACCOUNT, "account id (12 digits)")]
RegionName = Annotated[str, form(names.REGION, "region name, such as `eu-west-1`")]
InstanceType = Annotated[str, form(names.INSTANCE_TYPE, "type, such as `t3.micro`")]
ImageName = Annotated[str, form(names.IMAGE, f"image name: {_LETTERS}, at most 100")]
Version = Annotated[str, form(names.VERSION, f"version: {_LETTERS}, or `auto`")]
ImageId = Annotated[str, form(names.AMI_ID, "image id (`ami-` and 8 or 17 hex digits)")]
ImageOwner = Annotated[str, form(names.OWNER, "account id, `self`, `amazon` or `aws-marketplace`")]
SnapshotId = Annotated[str, form(names.SNAPSHOT_ID, "snapshot id (`snap-` and 8 or 17 hex digits)")]
KeyName = Annotated[str, form(names.KEY_PAIR, "key pair name: 1 to 255 ASCII characters")]
InstanceProfileName = Annotated[
    str, form(names.IAM_NAME, "instance profile name: its ARN ends with it")
]
VolumeTypeName = Literal["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]
SubnetId = Annotated[str, form(names.SUBNET_ID, "subnet id (`subnet-…`)")]
InstanceTypes = Annotated[tuple[InstanceType, ...], distinct, at_most(8, "types")]
SubnetIds = Annotated[tuple[SubnetId, ...], distinct, at_most(8, "subnets")]
SecurityGroupId = Annotated[str, form(names.SECURITY_GROUP_ID, "group id (`sg-…`)")]
RoleName = Annotated[str, form(names.ROLE, "role name, such as `golden-ami-copies`")]
OrganizationArn = Annotated[str, form(names.ORGANIZATION_ARN, "organization ARN")]
UnitArn = Annotated[str, form(names.ORGANIZATIONAL_UNIT_ARN, "OU ARN")]
DeviceName = Annotated[
    str,
    form(
        lambda name: name.startswith(("/dev/", "xvd")),
        "device name, such as `/dev/xvda`",
        re.compile(r"(/dev/|xvd)[\s\S]*"),
    ),
]


def _ascii(text: str) -> Wrong:
    """EC2 refuses others when the image is made: at the end of the bake."""
    if foreign := "".join(dict.fromkeys(_NOT_ASCII.findall(text))):
        yield "", f"EC2 takes ASCII characters alone, and not {foreign[:20]!r}"


Description = Annotated[str, at_most(255, "characters"), _ascii]
Command = Annotated[str, filled("an empty command checks nothing")]
Vulnerability = Annotated[str, form(names.VULNERABILITY, "id, such as `CVE-2026-12345`")]
Timeout = Annotated[str, form(names.duration, "time, such as `30m` or `2h`", names.DURATION)]
Age = Annotated[
    str,
    form(lambda text: names.duration(text) is not None, "duration, such as `90d`", names.DURATION),
]
Lifetime = Annotated[
    str,
    form(
        lambda text: names.lifetime(text) is not None,
        "duration of at most 10 years, such as `90d`",
        names.DURATION,
    ),
]

Regions = Annotated[tuple[RegionName, ...], distinct]
SomeRegions = Annotated[tuple[RegionName, ...], some("region name"), distinct]
Accounts = Annotated[tuple[AccountId, ...], distinct]

EnforcementName = Annotated[
    str, form(names.IMAGE, f"name of an enforcement: {_LETTERS}, at most 100")
]
Groups = Annotated[tuple[Annotated[str, form(names.IAM_NAME, "IAM group name")], ...], distinct]
Roles = Annotated[
    tuple[Annotated[str, form(names.IAM_NAME, "role name")], ...], some("role name"), distinct
]
PipelineRole = Annotated[
    str,
    form(
        lambda role: names.IAM_NAME.fullmatch(role.rpartition("/")[2]),
        "IAM role name or ARN",
        re.compile(rf"[\s\S]*/(?:{names.IAM_NAME.pattern})|{names.IAM_NAME.pattern}"),
    ),
]
_TARGET = "root (`r-…`), unit (`ou-…`) or account id"
Targets = Annotated[
    tuple[Annotated[str, form(names.ORGANIZATION_TARGET, _TARGET)], ...], some(_TARGET), distinct
]
_PROVIDER = "account id, `amazon`, `aws-marketplace` or `aws-backup-vault`"
Providers = Annotated[
    tuple[Annotated[str, form(names.IMAGE_PROVIDER, _PROVIDER)], ...],
    distinct,
    at_most(200, "providers"),
]
_PATTERN = "image name (1 to 128 letters, digits and `()[] ./-'@_*?`)"
ImageNames = Annotated[
    tuple[Annotated[str, form(names.IMAGE_NAME_PATTERN, _PATTERN)], ...],
    distinct,
    at_most(50, "names"),
]

WatermarkKey = Annotated[
    str,
    form(
        names.WATERMARK_PATTERN,
        "watermark: the account that attaches it, and its name, where `*` and `?` may stand: "
        "`111122223333:web-base`",
    ),
]


def _ten_years(text: str) -> Wrong:
    length = names.duration(text)
    if length and length.days > DEPRECATION_DAYS:
        yield "", f"AWS deprecates at most 10 years ahead ({DEPRECATION_DAYS}d)"


DeprecateAfter = Annotated[
    str, form(names.duration, "time, such as `90d`", names.DURATION), _ten_years
]


def _not_resolved(name: str) -> Wrong:
    bare = name.removeprefix(names.RESOLVE_SSM)
    if bare != name:
        yield "", f"leave `{names.RESOLVE_SSM}` out: the parameter is called `{bare}`"


SourceParameter = Annotated[str, filled("name a parameter"), _not_resolved]


def _not_of_aws(name: str) -> Wrong:
    if names.of_aws(name):
        yield "", f"`{name}`: {names.OF_AWS}"


def _parameter_name(name: str) -> Wrong:
    if name.startswith(names.RESOLVE_SSM):
        yield from _not_resolved(name)
        return
    named = Publication(ssm_parameter=name).parameter(
        "i" * names.IMAGE_LENGTH, "c" * names.CHANNEL_LENGTH, max(names.ARCHITECTURES, key=len)
    )
    if not (len(named) <= 1_011 and names.SSM_PARAMETER.fullmatch(named)):
        yield "", f"`{name}` is no parameter name, such as `/golden-ami/web`"


SsmParameter = Annotated[str, _parameter_name, _not_of_aws]
_CHANNEL = f"channel: {_LETTERS}, at most {names.CHANNEL_LENGTH}"
Channels = Annotated[tuple[Annotated[str, form(names.CHANNEL, _CHANNEL)], ...], distinct]


def _unwritable(_: str, value: object) -> str | None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):  # a date, or a number that is none
        return "Packer takes no such value: put it in quotes"
    return None


PackerVariables = Annotated[dict[str, Any], each(_unwritable)]


def _no_variable(ours: str, theirs: str) -> str | None:
    if ours not in packer_variables.NEEDS:
        return f"goldenami sets no such variable; it sets {', '.join(packer_variables.NEEDS)}"
    if theirs and not packer_variables.VARIABLE.fullmatch(theirs):
        return f"`{theirs}` is no name of a variable"
    return None


def _one_value_each(names: Mapping[str, str]) -> Wrong:
    seen: set[str] = set()
    for ours, theirs in names.items():
        with suppress(UnsoundError):
            if theirs and theirs in seen:
                yield f".{ours}", f"`{theirs}` has a value already"
            seen.add(theirs)


_OURS = {"enum": [*packer_variables.NEEDS]}
PackerNames = Annotated[dict[str, str], each(_no_variable, propertyNames=_OURS), _one_value_each]


Sha256 = Annotated[str, form(names.SHA256, "SHA-256 (64 hex digits, in lower case)")]
PluginPins = dict[str, Annotated[tuple[Sha256, ...], some("SHA-256"), distinct]]


def _leave_room(own: Mapping[str, str]) -> Wrong:
    most = tags.TAGS_PER_RESOURCE - MINE_ON_IMAGES
    if len(own) > most:
        yield (
            "",
            f"at most {most} tags of your own: EC2 allows {tags.TAGS_PER_RESOURCE} and goldenami "
            f"writes {MINE_ON_IMAGES}",
        )


def _no_architecture(name: str, _: object) -> str | None:
    if name in names.ARCHITECTURES:
        return None
    return f"`{name}` is no architecture: EC2 knows {', '.join(names.ARCHITECTURES)}"


ByArchitecture = each(_no_architecture, propertyNames={"enum": [*names.ARCHITECTURES]})


_TAG_KEY = {"minLength": 1, "maxLength": tags.KEY_LENGTH}
OwnTags = Annotated[dict[str, str], each(tags.problem, propertyNames=_TAG_KEY), _leave_room]


def _approval(tag: tags.ApprovalTag) -> Wrong:
    words = tags.problem(tag.key, tag.value)
    if words and tag != tags.ApprovalTag():
        yield "", words


Approval = Annotated[tags.ApprovalTag, _approval]

_ENTRY = re.compile(rf"(name|ssm):[\s\S]*|{names.AMI_ID.pattern}")
ApprovedEntry = Annotated[
    str, form(_ENTRY, "image id (`ami-…`), `name:PATTERN` or `ssm:PARAMETER`")
]

Bucket = Annotated[str, form(names.BUCKET, "bucket name, such as `sboms-111122223333`")]
KeyArn = Annotated[str, form(names.KMS_KEY_ARN, "ARN of a KMS key (`arn:aws:kms:…:key/…`)")]
ObjectPrefix = Annotated[
    str, form(names.OBJECT_PREFIX, "prefix of object keys: letters, digits and `!_.*'()/-`")
]
