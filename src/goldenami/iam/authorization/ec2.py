"""EC2's calls but launches: the resources are those whose ids stand among the parameters.

What a call has to touch and does not name is what it makes: ``image/*`` for CreateImage.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization import resources
from goldenami.iam.authorization.builder import (
    RequestBuilder,
    specified_tags,
    tag_keys,
    tagging,
    texts,
)
from goldenami.iam.authorization.resources import (
    Keys,
    Resource,
    condition_keys,
    request_tags,
    tag_names,
)
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

PREFIXES = {
    "acl": "network-acl", "ami": "image", "amiur": "image-usage-report",
    "cr": "capacity-reservation", "eipalloc": "elastic-ip",
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
    yield from _created(builder, parameters, *(kind for kind in required if kind not in seen))
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
    yield from _created(builder, parameters, "image", "snapshot")
    yield builder.existing("instance", parameters["InstanceId"])
    yield from tagging(builder, parameters)


def copy(builder: RequestBuilder) -> Iterator[Request]:
    """The source, which may lie in another region, and the copy, an image's with its snapshots.

    To copy tags is to tag the copy. AWS does not say that the tags themselves can be tested then.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/copy-ami-permissions.html
    """
    parameters, kind = builder.call.parameters, builder.call.operation.removeprefix("Copy")
    region = parameters["SourceRegion"]
    yield builder.existing(kind.lower(), parameters[f"Source{kind}Id"], region=region)
    yield from made_and_tagged(builder, parameters, *dict.fromkeys((kind.lower(), "snapshot")))
    if kind == "Image" and parameters.get("CopyImageTags"):
        of_copy = condition_keys("ec2", CreateAction=builder.call.operation)
        yield builder.new("image", of_copy, action="ec2:CreateTags")


def create_snapshots(builder: RequestBuilder) -> Iterator[Request]:
    """The instance, those of its volumes that are not excluded, and their snapshots.

    AWS does not say that tags copied by CopyTagsFromSource can be tested: they count as absent.
    """
    specification = builder.call.parameters["InstanceSpecification"]
    instance = builder.resource("instance", specification["InstanceId"])
    yield builder.on(instance)
    excluded = {*specification.get("ExcludeDataVolumeIds", ())}
    if specification.get("ExcludeBootVolume"):
        excluded.add(instance.details.get("root"))
    volumes = [name for name in instance.details.get("volumes", ()) if name not in excluded]
    for name in volumes:
        yield builder.existing("volume", name)
    if not volumes:  # nobody knows them
        yield builder.new("volume")
    yield from made_and_tagged(builder, builder.call.parameters, "snapshot")


def create_volume(builder: RequestBuilder) -> Iterator[Request]:
    """The snapshot it comes from, and the volume."""
    parameters = builder.call.parameters
    if name := parameters.get("SnapshotId"):
        yield builder.existing("snapshot", name)
    keys = volume_keys(builder, {**parameters, "VolumeSize": parameters.get("Size")})
    yield builder.new("volume", keys, specified_tags(parameters, "volume"))
    yield from tagging(builder, parameters)


def lock_snapshot(builder: RequestBuilder) -> Iterator[Request]:
    """The snapshot, and for how long it is to be locked.

    https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-lock-iam.html
    """
    parameters = builder.call.parameters
    keys = condition_keys(
        "ec2",
        SnapshotCoolOffPeriod=parameters.get("CoolOffPeriod"),
        SnapshotLockDuration=parameters.get("LockDuration"),
    )
    yield builder.existing("snapshot", parameters["SnapshotId"], keys)


def modify_snapshot_attribute(builder: RequestBuilder) -> Iterator[Request]:
    """The snapshot, and who gets or loses it.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
    """
    parameters = builder.call.parameters
    changes = parameters.get("CreateVolumePermission") or {}
    keys: dict[str, Value] = {}
    for change in ("Add", "Remove"):
        entries = list(changes.get(change, ()))
        if parameters.get("OperationType", "").title() == change:
            entries += [{"UserId": name} for name in parameters.get("UserIds", ())]
            entries += [{"Group": name} for name in parameters.get("GroupNames", ())]
        for member, key in (("UserId", "userId"), ("Group", "group")):
            if named := tuple(entry[member] for entry in entries if entry.get(member)):
                keys[f"ec2:{change}/{key}"] = named[0] if len(named) == 1 else named
    yield builder.existing("snapshot", parameters["SnapshotId"], keys)


def register_image(builder: RequestBuilder) -> Iterator[Request]:
    """The new image, and the snapshots it is made from."""
    parameters = builder.call.parameters
    yield from _created(builder, parameters, "image")
    yield from map(builder.on, source_snapshots(builder, parameters))
    yield from tagging(builder, parameters)


def start_snapshot(builder: RequestBuilder) -> Iterator[Request]:
    """The new snapshot of EBS direct; to tag it is a permission of EC2's, on which this depends.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticblockstore.html
    """
    parameters = builder.call.parameters
    parent = parameters.get("ParentSnapshotId")
    keys = condition_keys(
        "ebs",
        Description=parameters.get("Description"),
        VolumeSize=parameters.get("VolumeSize"),
        ParentSnapshot=builder.arn("ec2", "snapshot", parent) if parent else None,
    )
    tags = tag_keys(parameters)
    yield builder.new("snapshot", keys, tags)
    if tags:
        yield builder.new("snapshot", tags, action="ec2:CreateTags")


def volume_keys(builder: RequestBuilder, ebs: Mapping[str, Any]) -> Keys:
    """Return the condition keys of a volume to make, which is encrypted if its snapshot is.

    Args:
        builder: the call.
        ebs: the volume, as the ``Ebs`` of a block device mapping.
    """
    name = ebs.get("SnapshotId")
    snapshot = builder.lookup.find("snapshot", name, builder.call.region) if name else None
    encrypted = bool(ebs.get("Encrypted")) or resources.is_encrypted(snapshot)
    return resources.volume_keys(builder.scope, ebs, encrypted=encrypted)


def instance_profile(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Resource | None:
    """Return the instance profile that parameters name, by name or by ARN."""
    profile = parameters.get("IamInstanceProfile", {})
    name = profile.get("Name") or profile.get("Arn", "").rpartition("/")[2]
    return builder.resource("instance-profile", name) if name else None


def passed_role(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """Yield the request to pass the role of the instance profile that parameters name.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permission-to-pass-iam-roles.html
    """
    profile = instance_profile(builder, parameters)
    if profile and (role := profile.details.get("role")):
        service = {"iam:PassedToService": "ec2.amazonaws.com"}
        yield builder.request(role, service, action="iam:PassRole")


def source_snapshots(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield the snapshots that block device mappings name."""
    for mapping in parameters.get("BlockDeviceMappings", ()):
        if name := mapping.get("Ebs", {}).get("SnapshotId"):
            yield builder.resource("snapshot", name)


def made_and_tagged(
    builder: RequestBuilder, parameters: Mapping[str, Any], *kinds: str
) -> Iterator[Request]:
    """Yield the requests on resources that the call makes, and to tag all that it makes."""
    yield from _created(builder, parameters, *kinds)
    yield from tagging(builder, parameters)


def _created(
    builder: RequestBuilder, parameters: Mapping[str, Any], *kinds: str
) -> Iterator[Request]:
    for kind in kinds:
        owner = builder.principal.account if kind in ("image", "snapshot") else None
        keys = condition_keys("ec2", Owner=owner)
        yield builder.new(kind, specified_tags(parameters, kind), keys)


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
