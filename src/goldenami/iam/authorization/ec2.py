"""EC2's other calls: the resources are those whose ids stand among the parameters.

What a call has to touch and does not name is what it makes: ``image/*`` for CreateImage.
"""

from collections.abc import Iterator
from typing import Any

from goldenami.iam.authorization.builder import RequestBuilder, specified_tags, tagging, texts
from goldenami.iam.authorization.ec2_shared import passed_role, source_snapshots, volume_keys
from goldenami.iam.authorization.resources import (
    Keys,
    condition_keys,
    owner_keys,
    request_tags,
    tag_names,
)
from goldenami.iam.evaluator.request import Request
from goldenami.iam.reference import table

PREFIXES = {
    "acl": "network-acl", "ami": "image", "cr": "capacity-reservation", "eipalloc": "elastic-ip",
    "eni": "network-interface", "fleet": "fleet", "i": "instance", "igw": "internet-gateway",
    "key": "key-pair", "lt": "launch-template", "nat": "natgateway", "pg": "placement-group",
    "replacevol": "replace-root-volume-task", "rtb": "route-table", "sfr": "spot-fleet-request",
    "sg": "security-group", "sgr": "security-group-rule", "sir": "spot-instances-request",
    "snap": "snapshot", "subnet": "subnet", "vol": "volume", "vpc": "vpc", "vpce": "vpc-endpoint",
}  # fmt: skip
"""Kinds of resources by the prefix of their ids."""

_NAMES = {"KeyName": "key-pair", "LaunchTemplateName": "launch-template"}
_NAMING = ("ec2:CreateKeyPair", "ec2:CreateLaunchTemplate", "ec2:ImportKeyPair")
"""The calls in which such a name is the one of what they make."""
_FREE_TEXT = frozenset({
    "Bucket", "ClientToken", "Description", "Name", "ObjectKey", "Tags", "TagSpecifications",
    "UserData", "WatermarkKey", "WatermarkName",
})  # fmt: skip


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call: each resource that it names, and each that it makes."""
    parameters = builder.call.parameters
    authorized = table.kinds(builder.call.action)
    seen: set[str] = set()
    names_it = builder.call.action in _NAMING
    for kind, name in dict.fromkeys(_named_in(parameters)):
        if kind in authorized and not names_it:
            seen.add(kind)
            yield builder.existing(kind, name, specified_tags(parameters, kind))
    required = [kind for kind, access in authorized.items() if access.required]
    yield from _created(builder, *(kind for kind in required if kind not in seen))
    if not required and not seen:
        yield builder.request("*")
    yield from passed_role(builder, parameters)
    yield from tagging(builder, parameters)


def create_tags(builder: RequestBuilder) -> Iterator[Request]:
    """Each resource that is tagged, with all the tags."""
    yield from _tagged(builder, request_tags(builder.call.parameters.get("Tags", ())))


def delete_tags(builder: RequestBuilder) -> Iterator[Request]:
    """Each resource; a call without tags deletes them all and has no ``aws:TagKeys``."""
    tags = builder.call.parameters.get("Tags") or ()
    valued = request_tags(tag for tag in tags if "Value" in tag)
    yield from _tagged(builder, valued | tag_names(tag["Key"] for tag in tags))


def create_image(builder: RequestBuilder) -> Iterator[Request]:
    """The new image and its snapshots, and the instance."""
    parameters = builder.call.parameters
    yield from _created(builder, "image", "snapshot")
    yield builder.existing("instance", parameters["InstanceId"])
    yield from tagging(builder, parameters)


def copy_image(builder: RequestBuilder) -> Iterator[Request]:
    """The source, which lies in another region, and the copy with its snapshots.

    To copy tags is to tag the copy. AWS does not say that the tags themselves can be tested then.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/copy-ami-permissions.html
    """
    parameters = builder.call.parameters
    region = parameters["SourceRegion"]
    yield builder.existing("image", parameters["SourceImageId"], region=region)
    yield from _created(builder, "image", "snapshot")
    yield from tagging(builder, parameters)
    if parameters.get("CopyImageTags"):
        created = condition_keys("ec2", CreateAction=builder.call.operation)
        yield builder.new("image", created, action="ec2:CreateTags")


def copy_snapshot(builder: RequestBuilder) -> Iterator[Request]:
    """The source, which may lie in another region, and the copy."""
    parameters = builder.call.parameters
    region = parameters["SourceRegion"]
    yield builder.existing("snapshot", parameters["SourceSnapshotId"], region=region)
    yield from _created(builder, "snapshot")
    yield from tagging(builder, parameters)


def create_snapshots(builder: RequestBuilder) -> Iterator[Request]:
    """The instance, those of its volumes that are not excluded, and their snapshots.

    AWS does not say that tags copied by CopyTagsFromSource can be tested: they count as absent.
    """
    specification = builder.call.parameters["InstanceSpecification"]
    instance = builder.resource("instance", specification["InstanceId"])
    yield builder.request(instance.arn, instance.keys)
    excluded = {*specification.get("ExcludeDataVolumeIds", ())}
    if specification.get("ExcludeBootVolume"):
        excluded.add(instance.details.get("root"))
    volumes = [name for name in instance.details.get("volumes", ()) if name not in excluded]
    for name in volumes:
        yield builder.existing("volume", name)
    if not volumes:  # nobody knows them
        yield builder.new("volume")
    yield from _created(builder, "snapshot")
    yield from tagging(builder, builder.call.parameters)


def create_volume(builder: RequestBuilder) -> Iterator[Request]:
    """The snapshot it comes from, and the volume."""
    parameters = builder.call.parameters
    if name := parameters.get("SnapshotId"):
        yield builder.existing("snapshot", name)
    keys = volume_keys(builder, {**parameters, "VolumeSize": parameters.get("Size")})
    yield builder.new("volume", keys, specified_tags(parameters, "volume"))
    yield from tagging(builder, parameters)


def register_image(builder: RequestBuilder) -> Iterator[Request]:
    """The new image, and the snapshots it is made from."""
    parameters = builder.call.parameters
    yield from _created(builder, "image")
    for snapshot in source_snapshots(builder, parameters):
        yield builder.request(snapshot.arn, snapshot.keys)
    yield from tagging(builder, parameters)


def _created(builder: RequestBuilder, *kinds: str) -> Iterator[Request]:
    """Yield the requests on resources that the call makes."""
    for kind in kinds:
        owner = owner_keys(builder.principal.account) if kind in ("image", "snapshot") else {}
        yield builder.new(kind, specified_tags(builder.call.parameters, kind), owner)


def _tagged(builder: RequestBuilder, keys: Keys) -> Iterator[Request]:
    for name in builder.call.parameters.get("Resources", ()):
        yield builder.existing(_kind(name), name, keys)


def _kind(name: str) -> str:
    return PREFIXES.get(name.rpartition("-")[0], "") or PREFIXES.get(name.partition("-")[0], "")


def _named_in(parameters: Any) -> Iterator[tuple[str, str]]:
    """Yield kind and name of every resource that stands among parameters, however deep."""
    for parameter, text in texts("", parameters, _FREE_TEXT):
        kind = _NAMES.get(parameter) or PREFIXES.get(text.partition("-")[0])
        if kind and (parameter in _NAMES or "-" in text):
            yield kind, text
