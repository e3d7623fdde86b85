"""Names and ids as AWS accepts them: patterns, and one sentence for each."""

import re
from datetime import UTC, datetime, timedelta

from goldenami.constraints import Pattern

ACCOUNT = Pattern(r"[0-9]{12}")
ROLE = Pattern(r"(?=.{1,575}\Z)(?:[!-.0-~]+/)*[A-Za-z0-9_+=,.@-]{1,64}")
AMI_ID = Pattern(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
INSTANCE_ID = Pattern(r"i-([0-9a-f]{8}|[0-9a-f]{17})")
SNAPSHOT_ID = Pattern(r"snap-([0-9a-f]{8}|[0-9a-f]{17})")
KEY_PAIR = Pattern(r"[ -~]{1,255}")
SUBNET_ID = Pattern(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")
SECURITY_GROUP_ID = Pattern(r"sg-([0-9a-f]{8}|[0-9a-f]{17})")
REGION = Pattern(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
INSTANCE_TYPE = Pattern(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")
OWNER = Pattern(r"[0-9]{12}|self|amazon|aws-marketplace|aws-backup-vault")
IMAGE_PROVIDER = Pattern(r"[0-9]{12}|amazon|aws-marketplace|aws-backup-vault")
IMAGE_NAME_PATTERN = Pattern(r"[A-Za-z0-9()\[\] ./'@_*?-]{1,128}")
WATERMARK = Pattern(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}")
WATERMARK_PATTERN = Pattern(r"\d{12}:[A-Za-z0-9()\[\] ./'@_*?-]{1,128}", re.ASCII)
IAM_NAME = Pattern(r"[\w+=,.@-]{1,128}", re.ASCII)
IMAGE_LENGTH = 100
IMAGE = Pattern(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{IMAGE_LENGTH - 1}}}")
VERSION = Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
AMI_NAME = Pattern(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}")
ORGANIZATION_ARN = Pattern(
    r"arn:aws[a-z-]*:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}"
)
ORGANIZATIONAL_UNIT_ARN = Pattern(
    r"arn:aws[a-z-]*:organizations::[0-9]{12}:ou/o-[a-z0-9]{10,32}/ou-[a-z0-9-]{8,68}"
)
ORGANIZATION_TARGET = Pattern(r"r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|[0-9]{12}")
VULNERABILITY = Pattern(r"CVE-[0-9]{4}-[0-9]{4,}|(?!CVE)[A-Z][A-Z0-9]+(-[A-Za-z0-9:.]+)+")
SSM_PARAMETER = Pattern(r"[A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+){1,15}")
CHANNEL_LENGTH = 32
CHANNEL = Pattern(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{CHANNEL_LENGTH - 1}}}")
BUCKET = Pattern(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KMS_KEY_ARN = Pattern(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
TOPIC_ARN = Pattern(
    r"arn:aws[a-z-]*:sns:[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
)
AGGREGATOR = Pattern(r"[A-Za-z0-9_-]{1,256}")
DEPLOYMENT = Pattern(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")
WHEEL = Pattern(r"goldenami-[A-Za-z0-9_.!+]+-py3-none-any\.whl")
VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")
OBJECT_PREFIX = Pattern(r"[A-Za-z0-9!_.*'()/-]{0,200}")
SHA256 = Pattern(r"[0-9a-f]{64}")
DURATION = Pattern(r"([0-9]{1,9})([smhd])")  # more days than that are no timedelta
_MOMENT = Pattern(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")
_LONGEST_LIFE = timedelta(days=3650)
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def calendar_version(now: datetime) -> str:
    """Return the version that ``version: auto`` stands for, ``2026.11.23.140509`` (UTC)."""
    return now.astimezone(UTC).strftime("%Y.%m.%d.%H%M%S")


def ami_name(image: str, version: str, architecture: str = "") -> str:
    """Return the AMI's name, the same in every region.

    AWS takes each name once per account and region, so that it ends with the architecture where
    there are several.
    """
    return f"{image}-{version}-{architecture}" if architecture else f"{image}-{version}"


def duration(text: str) -> timedelta | None:
    """Read ``90d``, ``12h``, ``30m`` or ``45s``; None if it is none of them."""
    match = DURATION.fullmatch(text)
    return timedelta(**{_UNIT[match[2]]: int(match[1])}) if match else None


def lifetime(text: str) -> timedelta | None:
    """Read a duration of at most ten years, none included; None if it is none."""
    age = duration(text)
    return age if age is not None and age <= _LONGEST_LIFE else None


def length(text: str) -> timedelta:
    """Return how long a duration is; nothing if it is none."""
    return duration(text) or timedelta()


def seconds(text: str) -> float:
    """Return how many seconds a duration has; 0 if it is none."""
    return (duration(text) or timedelta(0)).total_seconds()


def moment(time: datetime | None) -> str:
    """Return a time as tags, records and manifests tell it; empty if it is not known."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else ""


def moment_of(text: str) -> datetime | None:
    """Read a time as `moment` writes it, or a day, which is its end; None if it is neither."""
    match = _MOMENT.fullmatch(text)
    try:
        return datetime.fromisoformat(f"{match[1]}{match[2] or 'T23:59:59Z'}") if match else None
    except ValueError:
        return None


ARCHITECTURES = ("x86_64", "arm64", "i386", "x86_64_mac", "arm64_mac")
"""The architectures that EC2 knows.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html
"""
ARCH = "{arch}"
"""Stands for the architecture in the name of what is published."""

PUBLISHED = "/golden-ami/*"
"""Where images are published unless a file says otherwise."""

OF_AWS = "names that start with aws or ssm are AWS's"


def of_aws(parameter: str) -> bool:
    """Tell whether an SSM parameter's name is one that AWS alone may give."""
    return parameter.lower().strip("/").startswith(("aws", "ssm"))


RESOLVE_SSM = "resolve:ssm:"
"""How a launch template names a parameter in the place of an image's id."""
