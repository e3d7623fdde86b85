"""What IAM sees of a resource: its ARN, its condition keys, its tags.

Proofs, `policy explain` and the sandbox describe what they know by these functions, so that a key
that AWS adds is written once. A key whose value is not known is absent.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from collections.abc import Iterable, Mapping, Sequence
from sys import intern
from typing import Any, Protocol

from msgspec import Struct

from goldenami.domain.arns import arn
from goldenami.iam.evaluator.request import Value

Keys = Mapping[str, Value]
Tags = Mapping[str, str]
Known = str | int | bool | None
"""A value of a condition key before it is text."""

RESOURCE_TAG = "aws:ResourceTag/"
TAG_KEYS = "aws:TagKeys"
POLICY_TYPE = "organizations:PolicyType"
PERMISSIONS_BOUNDARY = "iam:PermissionsBoundary"
_ID_KEYS = {
    "image": "ImageID", "instance": "InstanceID", "key-pair": "KeyPairName",
    "network-interface": "NetworkInterfaceID", "placement-group": "PlacementGroupName",
    "security-group": "SecurityGroupID", "snapshot": "SnapshotID", "subnet": "SubnetID",
    "volume": "VolumeID", "vpc": "VpcID",
}  # fmt: skip
"""The condition keys that tell the id or name of EC2's resources."""


class Resource(Struct, frozen=True, kw_only=True):
    """A resource that exists.

    Args:
        arn: its ARN.
        keys: the condition keys that are true of it.
        details: what else decides which resources a call touches. Of an image:
            ``devices``, a list of ``{"DeviceName", "Ebs": {"SnapshotId", "Encrypted", …}}``; of a
            launch template: ``versions``, its data by version number, with ``$Default`` and
            ``$Latest``; of an instance: ``volumes``, and ``root`` (a volume id), ``image``; of an
            instance profile its ``role``; of a parameter its ``value``.
    """

    arn: str
    keys: Keys = {}
    details: Mapping[str, Any] = {}


class ResourceLookup(Protocol):
    """Finds resources. The sandbox looks into its own state, a proof into its cases' data."""

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return a resource by its kind (``image``, ``snapshot``, ``role``) and id or name."""
        ...


class Scope(Struct, frozen=True):
    """Where ARNs are: a partition, a region and an account."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, kind: str, name: str = "") -> str:
        """Return the ARN of a resource there."""
        return arn(self.partition, service, self.region, self.account, kind, name)


def resource_tags(tags: Tags, *services: str) -> dict[str, Value]:
    """Return the condition keys of a resource's tags, those of services' own among them.

    Names of keys are interned here: the evaluator compares those of each request.
    """
    families = (RESOURCE_TAG, *map(tag_family, services))
    return {intern(f"{family}{key}"): value for family in families for key, value in tags.items()}


def tag_family(service: str) -> str:
    """Return how a service's own condition keys of resource tags begin."""
    return "ssm:resourceTag/" if service == "ssm" else f"{service}:ResourceTag/"


def tags_in(keys: Keys) -> dict[str, str]:
    """Return the tags that condition keys tell."""
    return {
        key.removeprefix(RESOURCE_TAG): str(value)
        for key, value in keys.items()
        if key.startswith(RESOURCE_TAG)
    }


def request_tags(tags: Iterable[Mapping[str, Any]]) -> dict[str, Value]:
    """Return the condition keys of the tags in a request (``[{"Key": …, "Value": …}]``)."""
    listed = list(tags)
    values = {intern(f"aws:RequestTag/{tag['Key']}"): str(tag.get("Value", "")) for tag in listed}
    return tag_names(tag["Key"] for tag in listed) | values


def tag_names(names: Iterable[str]) -> dict[str, Value]:
    """Return the condition key of the tag keys in a request; none without any."""
    listed = tuple(dict.fromkeys(names))
    return {TAG_KEYS: listed} if listed else {}


def condition_keys(service: str, **values: Known) -> dict[str, Value]:
    """Return a service's own condition keys by their names; of None, which is not known, none."""
    return {
        intern(f"{service}:{name}"): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }


def ec2(
    scope: Scope,
    kind: str,
    name: str,
    tags: Tags | None = None,
    keys: Keys | None = None,
    details: Mapping[str, Any] | None = None,
) -> Resource:
    """Return a resource of EC2 of any kind, with the keys that are particular to its kind."""
    own = condition_keys("ec2", **{_ID_KEYS[kind]: name}) if kind in _ID_KEYS else {}
    return Resource(
        arn=scope.arn("ec2", kind, name),
        keys={**own, **(keys or {}), **resource_tags(tags or {}, "ec2")},
        details=details or {},
    )


def image(
    scope: Scope,
    name: str,
    tags: Tags,
    *,
    owner: str,
    public: bool,
    devices: Sequence[Mapping[str, Any]],
) -> Resource:
    """Return an image.

    Args:
        scope: where it is.
        name: its id.
        tags: the account's own: AWS shows nobody those of another account.
        owner: an account, or the alias that stands for AWS's own, such as ``amazon``.
        public: whether anybody may launch it.
        devices: its block devices.
    """
    keys = condition_keys(
        "ec2", Owner=owner, ImageType="machine", Public=public, RootDeviceType="ebs"
    )
    return ec2(scope, "image", name, tags, keys, {"devices": devices})


def snapshot(
    scope: Scope,
    name: str,
    tags: Tags,
    *,
    owner: str,
    size: int | None = None,
    encrypted: bool | None = None,
    volume_id: str | None = None,
) -> Resource:
    """Return a snapshot, of a volume if that is known."""
    parent = scope.arn("ec2", "volume", volume_id) if volume_id else None
    keys = condition_keys(
        "ec2", Owner=owner, VolumeSize=size, Encrypted=encrypted, ParentVolume=parent
    )
    return ec2(scope, "snapshot", name, tags, keys)


def is_encrypted(resource: Resource | None) -> bool:
    """Tell whether a snapshot is known to be encrypted."""
    return resource is not None and resource.keys.get("ec2:Encrypted") == "true"


def volume_keys(
    scope: Scope, ebs: Mapping[str, Any], *, encrypted: bool | None = None
) -> dict[str, Value]:
    """Return what is true of a volume; a blank one has no ``ec2:ParentSnapshot``.

    Args:
        scope: where it is.
        ebs: the volume, as the ``Ebs`` of a block device mapping has it, and its zone.
        encrypted: whether it is encrypted, by itself or by its snapshot.
    """
    parent = ebs.get("SnapshotId")
    return condition_keys(
        "ec2",
        AvailabilityZone=ebs.get("AvailabilityZone"),
        Encrypted=encrypted,
        ParentSnapshot=scope.arn("ec2", "snapshot", parent) if parent else None,
        VolumeInitializationRate=ebs.get("VolumeInitializationRate"),
        VolumeIops=ebs.get("Iops"),
        VolumeSize=ebs.get("VolumeSize"),
        VolumeThroughput=ebs.get("Throughput"),
        VolumeType=ebs.get("VolumeType"),
    )


def instance(
    scope: Scope,
    name: str,
    tags: Tags,
    *,
    volumes: Sequence[str],
    root: str = "",
    image_id: str = "",
    instance_type: str | None = None,
    profile_arn: str | None = None,
) -> Resource:
    """Return an instance, and what is attached to it: volumes and image by their ids."""
    keys = condition_keys(
        "ec2", InstanceType=instance_type, RootDeviceType="ebs", InstanceProfile=profile_arn
    )
    details = {"image": image_id, "root": root, "volumes": list(volumes)}
    return ec2(scope, "instance", name, tags, keys, details)


def in_vpc(
    scope: Scope,
    kind: str,
    name: str,
    tags: Tags,
    vpc_id: str | None,
    *,
    zone: str | None = None,
    subnet_id: str | None = None,
) -> Resource:
    """Return a subnet, a security group, or a network interface."""
    keys = condition_keys(
        "ec2",
        AvailabilityZone=zone,
        Subnet=scope.arn("ec2", "subnet", subnet_id) if subnet_id else None,
        Vpc=scope.arn("ec2", "vpc", str(vpc_id)),
    )
    return ec2(scope, kind, name, tags, keys)


def launch_template(
    scope: Scope, name: str, tags: Tags, versions: Mapping[str, Mapping[str, Any]]
) -> Resource:
    """Return a launch template with the data of its versions, by number, default and latest."""
    return ec2(scope, "launch-template", name, tags, details={"versions": versions})


def retention_rule(arn: str, tags: Tags, resource_type: str) -> Resource:
    """Return a rule of Recycle Bin's, for resources of a type.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsrecyclebin.html
    """
    keys = condition_keys("rbin", **{"Attribute/ResourceType": resource_type})
    return Resource(arn=arn, keys=resource_tags(tags) | keys)


def identity(
    arn: str, tags: Tags, *, boundary: str | None = None, role_arn: str | None = None
) -> Resource:
    """Return what IAM has by its ARN: a user, a role, a group, a policy, an instance profile.

    Args:
        arn: its ARN.
        tags: its tags.
        boundary: the ARN of a user's or role's permissions boundary.
        role_arn: the role of an instance profile.
    """
    bound: dict[str, Value] = {PERMISSIONS_BOUNDARY: boundary} if boundary else {}
    keys = bound | resource_tags(tags, "iam")
    return Resource(arn=arn, keys=keys, details={"role": role_arn} if role_arn else {})


def parameter(scope: Scope, name: str, tags: Tags, value: str) -> Resource:
    """Return a parameter of Systems Manager."""
    keys, details = resource_tags(tags, "ssm"), {"value": value}
    return Resource(arn=scope.arn("ssm", "parameter", name), keys=keys, details=details)


def auto_scaling(arn: str, tags: Tags) -> Resource:
    """Return an Auto Scaling group, or a launch configuration."""
    return Resource(arn=arn, keys=resource_tags(tags, "autoscaling"))


def organizational(arn: str, tags: Tags, policy_type: str | None = None) -> Resource:
    """Return what an organization has: a policy with its type, an account, a unit, a root."""
    return Resource(arn=arn, keys=resource_tags(tags) | policy_type_key(policy_type))


def policy_type_key(policy_type: Value | None) -> dict[str, Value]:
    """Return the condition key of the type of an organization's policy, if one is known."""
    return {} if policy_type is None else {POLICY_TYPE: policy_type}
