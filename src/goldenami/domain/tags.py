"""The tag schema: what goldenami writes on images and snapshots, and how the registry is read."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from goldenami.domain.prefixes import TAGS
from goldenami.domain.status import Status

IMAGE = f"{TAGS}image"
VERSION = f"{TAGS}version"
BUILD = f"{TAGS}build"
STATUS = f"{TAGS}status"
SOURCE = f"{TAGS}source"
SPEC = f"{TAGS}spec"
POLICY = f"{TAGS}policy"
ENFORCED_BY = f"{TAGS}enforced-by"
ROLE = f"{TAGS}role"
UNPROVED = f"{TAGS}unproved"
APPROVED_BY = f"{TAGS}approved-by"
APPROVED_AT = f"{TAGS}approved-at"
UNPUBLISHED = f"{TAGS}unpublished"
STATUS_BY = f"{TAGS}status-by"
STATUS_AT = f"{TAGS}status-at"
STATUS_WHY = f"{TAGS}status-why"
SUCCESSOR = f"{TAGS}successor"
QUARANTINED_FROM = f"{TAGS}quarantined-from"
FINDING = f"{TAGS}finding"

TAGS_PER_RESOURCE = 50
KEY_LENGTH = 127
VALUE_LENGTH = 256

Tags = Mapping[str, str]


class InstanceRole(StrEnum):
    """What an instance is for (tag ``goldenami:role``)."""

    BASE = "base"
    TEST = "test"


class ApprovalTag(Struct, frozen=True, forbid_unknown_fields=True):
    """The tag that policies and the audit take as "this image is golden".

    Args:
        key: the key of the tag.
        value: its value on a golden image.
    """

    key: str = STATUS
    value: str = Status.APPROVED.value

    def on(self, tags: Tags) -> bool:
        """Tell whether the tags carry it. EC2 tag keys and values are case-sensitive."""
        return tags.get(self.key) == self.value


def to_aws(tags: Tags) -> list[dict[str, str]]:
    """Turn tags into the list of ``Key``/``Value`` that AWS calls take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def from_aws(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Turn a ``Tags`` list of an AWS answer (or its absence) into a dict."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def specification(resource_type: str, tags: Tags) -> dict[str, object]:
    """Return one TagSpecification: these tags on every resource of this type a call creates."""
    return {"ResourceType": resource_type, "Tags": to_aws(tags)}


def problem(key: str, value: str) -> str | None:
    """Say what is wrong with a user's tag by EC2's rules, or None.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
    """
    if not key or len(key) > KEY_LENGTH:
        return f"a tag key has 1 to {KEY_LENGTH} characters, this one {len(key)}"
    if len(value) > VALUE_LENGTH:
        return f"a tag value has at most {VALUE_LENGTH} characters, this one {len(value)}"
    if key.lower().startswith("aws:"):
        return "tag keys that start with `aws:` belong to AWS"
    if key.lower().startswith(TAGS):
        return f"tag keys that start with `{TAGS}` are written by goldenami alone"
    return None
