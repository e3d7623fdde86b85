"""What EC2's launches and its other calls share: volumes to make, and roles to pass."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.builder import Keys, RequestBuilder
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Request, Value

_OF_VOLUMES = {
    "ec2:AvailabilityZone": "AvailabilityZone",
    "ec2:VolumeInitializationRate": "VolumeInitializationRate",
    "ec2:VolumeIops": "Iops",
    "ec2:VolumeSize": "VolumeSize",
    "ec2:VolumeThroughput": "Throughput",
    "ec2:VolumeType": "VolumeType",
}


def volume_keys(builder: RequestBuilder, ebs: Mapping[str, Any]) -> Keys:
    """Return the condition keys of a volume to make; a blank one has no ``ec2:ParentSnapshot``.

    Args:
        builder: the call.
        ebs: the volume, as the ``Ebs`` of a block device mapping.
    """
    keys: dict[str, Value] = {
        key: str(ebs[name]) for key, name in _OF_VOLUMES.items() if ebs.get(name)
    }
    encrypted = bool(ebs.get("Encrypted"))
    if name := ebs.get("SnapshotId"):
        keys["ec2:ParentSnapshot"] = builder.arn("ec2", f"snapshot/{name}")
        snapshot = builder.world.find("snapshot", name, builder.call.region)
        encrypted |= snapshot is not None and snapshot.keys.get("ec2:Encrypted") == "true"
    return {**keys, "ec2:Encrypted": str(encrypted).lower()}


def instance_profile(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Resource | None:
    """Return the instance profile that parameters name, by name or by ARN."""
    named = parameters.get("IamInstanceProfile", {})
    name = named.get("Name") or named.get("Arn", "").rpartition("/")[2]
    return builder.found("instance-profile", name) if name else None


def passed_role(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """Yield the request to pass the role of the instance profile that parameters name.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permission-to-pass-iam-roles.html
    """
    profile = instance_profile(builder, parameters)
    if profile and (role := profile.details.get("role")):
        service = {"iam:PassedToService": "ec2.amazonaws.com"}
        yield builder.request(role, service, action="iam:PassRole")
