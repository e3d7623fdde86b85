"""What EC2's launches and its other calls share: volumes to make, and roles to pass."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.building import Building, Keys
from goldenami.iam.authorization.world import Resource
from goldenami.iam.evaluator.request import Request, Value

_OF_VOLUMES = {
    "ec2:AvailabilityZone": "AvailabilityZone",
    "ec2:VolumeInitializationRate": "VolumeInitializationRate",
    "ec2:VolumeIops": "Iops",
    "ec2:VolumeSize": "VolumeSize",
    "ec2:VolumeThroughput": "Throughput",
    "ec2:VolumeType": "VolumeType",
}


def volume_keys(building: Building, ebs: Mapping[str, Any]) -> Keys:
    """Return the condition keys of a volume to make; a blank one has no ``ec2:ParentSnapshot``.

    Args:
        building: the call.
        ebs: the volume, as the ``Ebs`` of a block device mapping.
    """
    keys: dict[str, Value] = {
        key: str(ebs[name]) for key, name in _OF_VOLUMES.items() if ebs.get(name)
    }
    encrypted = bool(ebs.get("Encrypted"))
    if name := ebs.get("SnapshotId"):
        keys["ec2:ParentSnapshot"] = building.arn("ec2", f"snapshot/{name}")
        snapshot = building.world.find("snapshot", name, building.call.region)
        encrypted |= snapshot is not None and snapshot.keys.get("ec2:Encrypted") == "true"
    return {**keys, "ec2:Encrypted": str(encrypted).lower()}


def instance_profile(building: Building, parameters: Mapping[str, Any]) -> Resource | None:
    """Return the instance profile that parameters name, by name or by ARN."""
    named = parameters.get("IamInstanceProfile", {})
    name = named.get("Name") or named.get("Arn", "").rpartition("/")[2]
    return building.found("instance-profile", name) if name else None


def passed_role(building: Building, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """Yield the request to pass the role of the instance profile that parameters name.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permission-to-pass-iam-roles.html
    """
    profile = instance_profile(building, parameters)
    if profile and (role := profile.details.get("role")):
        service = {"iam:PassedToService": "ec2.amazonaws.com"}
        yield building.request(role, service, action="iam:PassRole")
