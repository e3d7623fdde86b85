"""What there is of EC2, with its condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from collections.abc import Callable, Mapping

from moto.ec2.models.instances import Instance

from goldenami.iam.authorization import resources
from goldenami.iam.authorization.resources import Resource, Scope
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.enforcement.caller import partition


def find(ec2: Ec2Store, kind: str, name: str) -> Resource | None:
    """Return a resource of EC2 by its id, or by its name where it has one.

    A kind that is not known here is taken to exist: the server will tell. It has its tags.
    """
    return _KINDS[kind](ec2, name) if kind in _KINDS else _any(ec2, kind, name)


def _scope(ec2: Ec2Store) -> Scope:
    return Scope(partition(), ec2.region_name, ec2.account_id)


def _tags(ec2: Ec2Store, name: str) -> dict[str, str]:
    tags: dict[str, str] = ec2.tags.get(name, {})
    return tags


def _any(ec2: Ec2Store, kind: str, name: str) -> Resource:
    return resources.ec2(_scope(ec2), kind, name, _tags(ec2, name))


def _image(ec2: Ec2Store, name: str) -> Resource | None:
    """Find an image, also in the Recycle Bin.

    Tags are the account's own: AWS shows nobody those of another account.
    """
    image: SandboxImage | None = ec2.bin.image(name)
    if image is None and name not in ec2.deregistered:
        image = ec2.images.get(name) or ec2.shared_images.get(name)
    if image is None:
        return None
    return resources.image(
        _scope(ec2), name, _tags(ec2, name),
        owner=image.owner_alias or image.owner_id, public=bool(image.public),
        devices=[device.described() for device in image.devices],
    )  # fmt: skip


def _snapshot(ec2: Ec2Store, name: str) -> Resource | None:
    snapshot = ec2.snapshots.get(name) or ec2.bin.snapshot(name)
    if snapshot is None:
        return None
    return resources.snapshot(
        _scope(ec2), name, _tags(ec2, name),
        owner=snapshot.owner_id, size=snapshot.volume.size, encrypted=bool(snapshot.encrypted),
        volume_id=snapshot.volume.id,
    )  # fmt: skip


def _volume(ec2: Ec2Store, name: str) -> Resource | None:
    volume = ec2.volumes.get(name)
    if volume is None:
        return None
    ebs = {
        "AvailabilityZone": volume.zone.name, "SnapshotId": volume.snapshot_id,
        "VolumeSize": volume.size, "VolumeType": volume.volume_type,
    }  # fmt: skip
    keys = resources.volume_keys(_scope(ec2), ebs, encrypted=bool(volume.encrypted))
    return resources.ec2(_scope(ec2), "volume", name, _tags(ec2, name), keys)


def _instance(ec2: Ec2Store, name: str) -> Resource | None:
    instance: Instance | None = ec2.get_instance_by_id(name)
    if instance is None:
        return None
    association = ec2.iam_instance_profile_associations.get(name)
    profile = association.iam_instance_profile if association else None
    devices = instance.block_device_mapping
    root = devices.get(instance.root_device_name)
    return resources.instance(
        _scope(ec2), name, _tags(ec2, name),
        volumes=[device.volume_id for device in devices.values()],
        root=root.volume_id if root else "", image_id=instance.image_id,
        instance_type=instance.instance_type, profile_arn=profile.arn if profile else None,
    )  # fmt: skip


def _key_pair(ec2: Ec2Store, name: str) -> Resource | None:
    for pair in tuple(ec2.key_pairs.values()):
        if name in (pair.key_name, pair.id):
            return resources.ec2(_scope(ec2), "key-pair", pair.key_name, _tags(ec2, pair.id))
    return None


def _launch_template(ec2: Ec2Store, name: str) -> Resource | None:
    template_id = ec2.launch_template_name_to_ids.get(name, name)
    template = ec2.launch_templates.get(template_id)
    if template is None:
        return None
    versions = {str(version.number): version.data for version in template.versions}
    versions |= {
        "$Default": template.default_version().data,
        "$Latest": template.latest_version().data,
    }
    return resources.launch_template(_scope(ec2), template_id, _tags(ec2, template_id), versions)


def _network_interface(ec2: Ec2Store, name: str) -> Resource | None:
    interface = ec2.enis.get(name)
    if interface is None:
        return None
    subnet = interface.subnet
    return resources.in_vpc(
        _scope(ec2), "network-interface", name, _tags(ec2, name), subnet.vpc_id,
        subnet_id=subnet.id,
    )  # fmt: skip


def _security_group(ec2: Ec2Store, name: str) -> Resource | None:
    group = ec2.get_security_group_by_name_or_id(name)
    if group is None:
        return None
    tags = _tags(ec2, group.id)
    return resources.in_vpc(_scope(ec2), "security-group", group.id, tags, group.vpc_id)


def _subnet(ec2: Ec2Store, name: str) -> Resource | None:
    for in_zone in tuple(ec2.subnets.values()):
        if subnet := in_zone.get(name):
            return resources.in_vpc(
                _scope(ec2), "subnet", name, _tags(ec2, name), subnet.vpc_id,
                zone=subnet.availability_zone,
            )  # fmt: skip
    return None


def _vpc(ec2: Ec2Store, name: str) -> Resource | None:
    return _any(ec2, "vpc", name) if name in ec2.vpcs else None


def _usage_report(ec2: Ec2Store, name: str) -> Resource | None:
    return _any(ec2, "image-usage-report", name) if name in ec2.usage_reports else None


_KINDS: Mapping[str, Callable[[Ec2Store, str], Resource | None]] = {
    "image": _image,
    "image-usage-report": _usage_report,
    "instance": _instance,
    "key-pair": _key_pair,
    "launch-template": _launch_template,
    "network-interface": _network_interface,
    "security-group": _security_group,
    "snapshot": _snapshot,
    "subnet": _subnet,
    "volume": _volume,
    "vpc": _vpc,
}
