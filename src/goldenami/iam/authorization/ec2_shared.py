"""What EC2's launches and its other calls share: volumes to make, and roles to pass."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization import resources
from goldenami.iam.authorization.builder import RequestBuilder
from goldenami.iam.authorization.resources import Keys, Resource
from goldenami.iam.evaluator.request import Request


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
