"""What there is of EC2, with its condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from collections.abc import Callable, Mapping

from moto.ec2.models.instances import Instance

from goldenami.iam.authorization.builder import WITHOUT_ACCOUNT
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Value
from goldenami_sandbox.ec2.image import Image
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.enforcement.caller import PARTITION

Keys = dict[str, Value]


def find(ec2: Ec2Store, kind: str, name: str) -> Resource | None:
    """Return a resource of EC2 by its id, or by its name where it has one.

    A kind that is not known here is taken to exist: the server will tell. It has its tags.
    """
    return _KINDS[kind](ec2, name) if kind in _KINDS else _resource(ec2, kind, name)


def _resource(ec2: Ec2Store, kind: str, name: str, tagged: str = "", **keys: str) -> Resource:
    """Return a resource with these keys of ``ec2``, and its tags.

    Args:
        ec2: where it is.
        kind: its kind.
        name: the end of its ARN.
        tagged: the id that its tags are kept by, if that is not ``name``.
        keys: condition keys without their service; empty ones do not exist.
    """
    account = "" if kind in WITHOUT_ACCOUNT else ec2.account_id
    own: Keys = {f"ec2:{key}": value for key, value in keys.items() if value}
    tags = ec2.tags.get(tagged or name, {})
    return Resource(
        arn=_arn(ec2, f"{account}:{kind}/{name}"),
        keys=own
        | {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        | {f"ec2:ResourceTag/{key}": value for key, value in tags.items()},
    )


def _arn(ec2: Ec2Store, rest: str) -> str:
    return f"arn:{PARTITION}:ec2:{ec2.region_name}:{rest}"


def _lower(value: object) -> str:
    return str(bool(value)).lower()


def _image(ec2: Ec2Store, name: str) -> Resource | None:
    """Find an image. Tags are the account's own: AWS shows nobody those of another account."""
    image: Image | None = ec2.images.get(name)
    if image is None or name in ec2.deregistered:
        return None
    found = _resource(
        ec2, "image", name,
        ImageID=name, ImageType="machine", Owner=image.owner_alias or image.owner_id,
        Public=_lower(image.public), RootDeviceType="ebs",
    )  # fmt: skip
    devices = [device.described() for device in image.devices]
    return Resource(arn=found.arn, keys=found.keys, details={"devices": devices})


def _snapshot(ec2: Ec2Store, name: str) -> Resource | None:
    snapshot = ec2.snapshots.get(name)
    if snapshot is None:
        return None
    return _resource(
        ec2, "snapshot", name,
        Owner=snapshot.owner_id, SnapshotID=name, VolumeSize=str(snapshot.volume.size),
        Encrypted=_lower(snapshot.encrypted),
        ParentVolume=_arn(ec2, f"{ec2.account_id}:volume/{snapshot.volume.id}"),
    )  # fmt: skip


def _volume(ec2: Ec2Store, name: str) -> Resource | None:
    volume = ec2.volumes.get(name)
    if volume is None:
        return None
    parent = _arn(ec2, f":snapshot/{volume.snapshot_id}") if volume.snapshot_id else ""
    return _resource(
        ec2, "volume", name,
        VolumeID=name, VolumeSize=str(volume.size), VolumeType=volume.volume_type,
        AvailabilityZone=volume.zone.name, Encrypted=_lower(volume.encrypted),
        ParentSnapshot=parent,
    )  # fmt: skip


def _instance(ec2: Ec2Store, name: str) -> Resource | None:
    instance: Instance | None = ec2.get_instance_by_id(name)
    if instance is None:
        return None
    association = ec2.iam_instance_profile_associations.get(name)
    profile = association.iam_instance_profile if association else None
    found = _resource(
        ec2, "instance", name,
        InstanceID=name, InstanceType=instance.instance_type, RootDeviceType="ebs",
        InstanceProfile=profile.arn if profile else "",
    )  # fmt: skip
    devices = instance.block_device_mapping
    root = devices.get(instance.root_device_name)
    details = {
        "image": instance.image_id,
        "root": root.volume_id if root else "",
        "volumes": [one.volume_id for one in devices.values()],
    }
    return Resource(arn=found.arn, keys=found.keys, details=details)


def _key_pair(ec2: Ec2Store, name: str) -> Resource | None:
    for pair in tuple(ec2.key_pairs.values()):
        if name in (pair.key_name, pair.id):
            return _resource(ec2, "key-pair", pair.key_name, pair.id, KeyPairName=pair.key_name)
    return None


def _launch_template(ec2: Ec2Store, name: str) -> Resource | None:
    template_id = ec2.launch_template_name_to_ids.get(name, name)
    template = ec2.launch_templates.get(template_id)
    if template is None:
        return None
    versions = {str(one.number): one.data for one in template.versions}
    versions |= {
        "$Default": template.default_version().data,
        "$Latest": template.latest_version().data,
    }
    found = _resource(ec2, "launch-template", template_id)
    return Resource(arn=found.arn, keys=found.keys, details={"versions": versions})


def _network_interface(ec2: Ec2Store, name: str) -> Resource | None:
    interface = ec2.enis.get(name)
    if interface is None:
        return None
    subnet = _arn(ec2, f"{ec2.account_id}:subnet/{interface.subnet.id}")
    return _resource(
        ec2, "network-interface", name,
        NetworkInterfaceID=name, Subnet=subnet, Vpc=_vpc_arn(ec2, interface.subnet.vpc_id),
    )  # fmt: skip


def _security_group(ec2: Ec2Store, name: str) -> Resource | None:
    group = ec2.get_security_group_by_name_or_id(name)
    if group is None:
        return None
    return _resource(
        ec2, "security-group", group.id,
        SecurityGroupID=group.id, Vpc=_vpc_arn(ec2, group.vpc_id),
    )  # fmt: skip


def _subnet(ec2: Ec2Store, name: str) -> Resource | None:
    for in_zone in tuple(ec2.subnets.values()):
        if subnet := in_zone.get(name):
            return _resource(
                ec2, "subnet", name,
                SubnetID=name, AvailabilityZone=subnet.availability_zone,
                Vpc=_vpc_arn(ec2, subnet.vpc_id),
            )  # fmt: skip
    return None


def _vpc(ec2: Ec2Store, name: str) -> Resource | None:
    return _resource(ec2, "vpc", name, VpcID=name) if name in ec2.vpcs else None


def _vpc_arn(ec2: Ec2Store, vpc_id: str | None) -> str:
    return _arn(ec2, f"{ec2.account_id}:vpc/{vpc_id}")


def _placement_group(ec2: Ec2Store, name: str) -> Resource:
    """Take a placement group to exist; moto knows none."""
    return _resource(ec2, "placement-group", name, PlacementGroupName=name)


_KINDS: Mapping[str, Callable[[Ec2Store, str], Resource | None]] = {
    "image": _image,
    "instance": _instance,
    "key-pair": _key_pair,
    "launch-template": _launch_template,
    "network-interface": _network_interface,
    "placement-group": _placement_group,
    "security-group": _security_group,
    "snapshot": _snapshot,
    "subnet": _subnet,
    "volume": _volume,
    "vpc": _vpc,
}
