"""Tags: their rules, and CreateTags and DeleteTags.

Otherwise than in moto: the limits on keys and values, the reserved ``aws:`` prefix, unknown
instances, tag specifications for every resource a call creates, DeleteTags without tags (all go).
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import TagLimitExceeded
from moto.ec2.models import validate_resource_ids
from moto.ec2.responses.tags import TagResponse

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value
from goldenami_sandbox.overriding import overrides

KEY_LENGTH = 127
VALUE_LENGTH = 256
TAGS_PER_RESOURCE = 50
RESERVED = "aws:"

Tags = dict[str, str]


def checked(tags: Iterable[Mapping[str, str]]) -> Tags:
    """Return tags of a request as a dictionary.

    Raises:
        EC2ClientError: a key or value breaks AWS's rules, or there are too many.
    """
    by_key = {tag.get("Key", ""): tag.get("Value", "") for tag in tags}
    for key, value in by_key.items():
        if not 0 < len(key) <= KEY_LENGTH:
            raise bad_value(f"Tag key must be between 1 and {KEY_LENGTH} characters: '{key}'")
        if len(value) > VALUE_LENGTH:
            raise bad_value(f"Tag value exceeds the maximum length of {VALUE_LENGTH} characters")
        _refuse_reserved(key)
    if len(by_key) > TAGS_PER_RESOURCE:
        raise TagLimitExceeded
    return by_key


def by_resource(specifications: Sequence[Mapping[str, Any]], allowed: Collection[str]) -> Any:
    """Return the tags of a request's TagSpecifications by resource type.

    Raises:
        EC2ClientError: a type this call does not create, or a tag that breaks a rule.
    """
    by_kind: dict[str, Tags] = {kind: {} for kind in allowed}
    for specification in specifications:
        kind = specification.get("ResourceType", "")
        if kind not in allowed:
            raise bad_value(f"'{kind}' is not a valid taggable resource type for this operation.")
        by_kind[kind] |= checked(specification.get("Tags", []))
    return by_kind


def _refuse_reserved(key: str) -> None:
    if key.lower().startswith(RESERVED):
        raise bad_value(f"Tag keys starting with '{RESERVED}' are reserved for internal use")


class TagsResponse(Ec2Base, TagResponse):
    """CreateTags and DeleteTags."""

    @overrides
    def create_tags(self) -> ActionResult:
        """Tag resources of any kind; nothing is tagged unless all of them exist."""
        ids = self._tagged_ids()
        tags = checked(self._get_param("Tags", []))
        self.error_on_dryrun()
        self.store.create_tags(ids, tags)
        return EmptyResult()

    @overrides
    def delete_tags(self) -> ActionResult:
        """Delete the tags named, those with a value only if it is theirs; without tags, all."""
        ids = self._tagged_ids()
        named: dict[str, Any] = {
            tag["Key"]: tag.get("Value") for tag in self._get_param("Tags", [])
        }
        for key in named:
            _refuse_reserved(key)
        self.error_on_dryrun()
        for resource_id in ids:
            own: dict[str, Any] = dict.fromkeys(
                key for key in self.store.tags[resource_id] if not key.startswith(RESERVED)
            )
            self.store.delete_tags([resource_id], named or own)
        return EmptyResult()

    def _tagged_ids(self) -> list[str]:
        ids: list[str] = self._get_param("Resources", [])
        of_moto = [each for each in ids if each not in self.store.usage_reports]
        if of_moto or not ids:
            validate_resource_ids(of_moto)
        self.store.do_resources_exist(of_moto)
        for instance_id in ids:
            if instance_id.startswith("i-"):
                self.store.get_instance(instance_id)
        return ids
