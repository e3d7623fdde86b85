"""EC2's other calls: the resources are those whose ids stand among the parameters.

What a call has to touch and does not name is what it makes: ``image/*`` for CreateImage.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.builder import (
    Keys,
    RequestBuilder,
    request_tags,
    specified_tags,
    tagging,
)
from goldenami.iam.authorization.ec2_shared import passed_role, volume_keys
from goldenami.iam.evaluator.request import Request, Value
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
_FREE_TEXT = {
    "Bucket", "ClientToken", "Description", "Name", "ObjectKey", "Tags", "TagSpecifications",
    "UserData", "WatermarkKey", "WatermarkName",
}  # fmt: skip


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call: each resource that it names, and each that it makes."""
    parameters = builder.call.parameters
    authorized = table.kinds(builder.call.action)
    seen: set[str] = set()
    names_it = builder.call.action in _NAMING
    for kind, name in dict.fromkeys(_named(parameters)):
        if kind in authorized and not names_it:
            seen.add(kind)
            resource = builder.found(kind, name)
            yield builder.request(resource.arn, resource.keys, specified_tags(parameters, kind))
    for kind, access in authorized.items():
        if access.required and kind not in seen:
            yield builder.request(builder.new(kind), _made(builder, kind))
    if not any(access.required for access in authorized.values()) and not seen:
        yield builder.request("*")
    yield from passed_role(builder, parameters)
    yield from tagging(builder, parameters)


def create_tags(builder: RequestBuilder) -> Iterator[Request]:
    """Each resource that is tagged, with all the tags."""
    yield from _tagged(builder, request_tags(builder.call.parameters.get("Tags", ())))


def delete_tags(builder: RequestBuilder) -> Iterator[Request]:
    """Each resource; a call without tags deletes them all and has no ``aws:TagKeys``."""
    listed = builder.call.parameters.get("Tags") or ()
    keys = request_tags(listed)
    for one in listed:
        if "Value" not in one:
            del keys[f"aws:RequestTag/{one['Key']}"]
    yield from _tagged(builder, keys)


def create_image(builder: RequestBuilder) -> Iterator[Request]:
    """The new image and its snapshots, and the instance."""
    parameters = builder.call.parameters
    yield from _made_here(builder, "image", "snapshot")
    instance = builder.found("instance", parameters["InstanceId"])
    yield builder.request(instance.arn, instance.keys)
    yield from tagging(builder, parameters)


def copy_image(builder: RequestBuilder) -> Iterator[Request]:
    """The source, which lies in another region, and the copy with its snapshots.

    To copy tags is to tag the copy. AWS does not say that the tags themselves can be tested then.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/copy-ami-permissions.html
    """
    parameters = builder.call.parameters
    source = builder.found("image", parameters["SourceImageId"], parameters["SourceRegion"])
    yield builder.request(source.arn, source.keys)
    yield from _made_here(builder, "image", "snapshot")
    yield from tagging(builder, parameters)
    if parameters.get("CopyImageTags"):
        made = {"ec2:CreateAction": builder.call.operation}
        yield builder.request(builder.new("image"), made, action="ec2:CreateTags")


def copy_snapshot(builder: RequestBuilder) -> Iterator[Request]:
    """The source, which may lie in another region, and the copy."""
    parameters = builder.call.parameters
    source = builder.found("snapshot", parameters["SourceSnapshotId"], parameters["SourceRegion"])
    yield builder.request(source.arn, source.keys)
    yield from _made_here(builder, "snapshot")
    yield from tagging(builder, parameters)


def create_snapshots(builder: RequestBuilder) -> Iterator[Request]:
    """The instance, those of its volumes that are not left out, and their snapshots.

    AWS does not say that tags copied by CopyTagsFromSource can be tested: they count as absent.
    """
    specification = builder.call.parameters["InstanceSpecification"]
    instance = builder.found("instance", specification["InstanceId"])
    yield builder.request(instance.arn, instance.keys)
    left_out = {*specification.get("ExcludeDataVolumeIds", ())}
    if specification.get("ExcludeBootVolume"):
        left_out.add(instance.details.get("root"))
    volumes = [one for one in instance.details.get("volumes", ()) if one not in left_out]
    for name in volumes:
        volume = builder.found("volume", name)
        yield builder.request(volume.arn, volume.keys)
    if not volumes:  # the world does not tell them
        yield builder.request(builder.new("volume"))
    yield from _made_here(builder, "snapshot")
    yield from tagging(builder, builder.call.parameters)


def create_volume(builder: RequestBuilder) -> Iterator[Request]:
    """The snapshot it comes from, and the volume."""
    parameters = builder.call.parameters
    if name := parameters.get("SnapshotId"):
        snapshot = builder.found("snapshot", name)
        yield builder.request(snapshot.arn, snapshot.keys)
    volume = volume_keys(builder, {**parameters, "VolumeSize": parameters.get("Size")})
    yield builder.request(builder.new("volume"), volume, specified_tags(parameters, "volume"))
    yield from tagging(builder, parameters)


def register_image(builder: RequestBuilder) -> Iterator[Request]:
    """The new image, and the snapshots it is made from."""
    parameters = builder.call.parameters
    yield from _made_here(builder, "image")
    for mapping in parameters.get("BlockDeviceMappings", ()):
        if name := mapping.get("Ebs", {}).get("SnapshotId"):
            snapshot = builder.found("snapshot", name)
            yield builder.request(snapshot.arn, snapshot.keys)
    yield from tagging(builder, parameters)


def _made_here(builder: RequestBuilder, *kinds: str) -> Iterator[Request]:
    for kind in kinds:
        yield builder.request(builder.new(kind), _made(builder, kind))


def _made(builder: RequestBuilder, kind: str) -> Keys:
    """Return the keys of a resource that the call makes."""
    parameters = builder.call.parameters
    keys: dict[str, Value] = dict(specified_tags(parameters, kind))
    if kind in ("image", "snapshot"):
        keys["ec2:Owner"] = builder.principal.account
    return keys


def _tagged(builder: RequestBuilder, keys: Keys) -> Iterator[Request]:
    for name in builder.call.parameters.get("Resources", ()):
        kind = _kind(name)
        resource = builder.found(kind, name)
        yield builder.request(resource.arn, resource.keys, keys)


def _kind(name: str) -> str:
    return PREFIXES.get(name.rpartition("-")[0], "") or PREFIXES.get(name.partition("-")[0], "")


def _named(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and name of every resource that stands among parameters, however deep."""
    for parameter, value in parameters.items():
        if parameter in _NAMES:
            yield _NAMES[parameter], value
        elif parameter not in _FREE_TEXT:
            yield from _ids(value)


def _ids(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        kind = PREFIXES.get(value.partition("-")[0])
        if kind and "-" in value:
            yield kind, value
    elif isinstance(value, Mapping):
        yield from _named(value)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _ids(one)
