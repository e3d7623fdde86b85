"""What there is in the sandbox, as authorisation asks for it."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.iam.exceptions import NoSuchEntity, NotFoundException
from moto.ssm.models import ssm_backends

from goldenami.iam.authorization.world import Resource
from goldenami.iam.evaluator.request import Value
from goldenami.sandbox.enforcement.caller import PARTITION, store
from goldenami.sandbox.mends import organizations
from goldenami.sandbox.mends.image import Image
from goldenami.sandbox.mends.store import Ec2Store
from goldenami.sandbox.server import ACCOUNT_ID

Keys = dict[str, Value]


class SandboxWorld:
    """The resources of the sandbox's account (a `goldenami.iam.authorization.world.World`)."""

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return a resource that there is.

        Kinds of EC2 that no policy of goldenami looks at are taken to exist: the server will
        tell.
        """
        if kind in _IAM:
            return _IAM[kind](name)
        if kind in _ORGANIZATIONS:
            return _organizations(name)
        if kind == "parameter":
            return _parameter(name, region)
        ec2 = cast(Ec2Store, ec2_backends[ACCOUNT_ID][region])
        if kind in _EC2:
            return _EC2[kind](ec2, name)
        return Resource(arn=_arn(ec2, kind, name), keys=_tags(ec2, name)) if kind else None


def _arn(ec2: Ec2Store, kind: str, name: str) -> str:
    account = "" if kind in ("image", "snapshot") else ACCOUNT_ID
    return f"arn:{PARTITION}:ec2:{ec2.region_name}:{account}:{kind}/{name}"


def _tags(ec2: Ec2Store, resource_id: str) -> Keys:
    return _tag_keys(ec2.tags.get(resource_id, {}), "aws", "ec2")


def _tag_keys(tags: Mapping[str, str], *services: str) -> Keys:
    return {
        f"{service}:ResourceTag/{key}": value for service in services for key, value in tags.items()
    }


def _image(ec2: Ec2Store, name: str) -> Resource | None:
    image: Image | None = ec2.images.get(name)
    if image is None or name in ec2.deregistered:
        return None
    keys: Keys = {
        "ec2:ImageID": name,
        "ec2:ImageType": "machine",
        "ec2:Owner": image.owner_alias or image.owner_id,
        "ec2:Public": str(image.public).lower(),
        "ec2:RootDeviceType": "ebs",
    }
    devices = [device.described() for device in image.devices]
    return Resource(
        arn=_arn(ec2, "image", name), keys=keys | _tags(ec2, name), details={"devices": devices}
    )


def _snapshot(ec2: Ec2Store, name: str) -> Resource | None:
    snapshot = ec2.snapshots.get(name)
    if snapshot is None:
        return None
    keys: Keys = {
        "ec2:Owner": snapshot.owner_id,
        "ec2:SnapshotID": name,
        "ec2:VolumeSize": str(snapshot.volume.size),
        "ec2:ParentVolume": f"arn:{PARTITION}:ec2:{ec2.region_name}:{ACCOUNT_ID}:volume/"
        f"{snapshot.volume.id}",
    }
    return Resource(arn=_arn(ec2, "snapshot", name), keys=keys | _tags(ec2, name))


def _volume(ec2: Ec2Store, name: str) -> Resource | None:
    volume = ec2.volumes.get(name)
    if volume is None:
        return None
    keys: Keys = {
        "ec2:VolumeID": name,
        "ec2:VolumeSize": str(volume.size),
        "ec2:Encrypted": str(bool(volume.encrypted)).lower(),
    }
    if volume.snapshot_id:
        keys["ec2:ParentSnapshot"] = _arn(ec2, "snapshot", volume.snapshot_id)
    return Resource(arn=_arn(ec2, "volume", name), keys=keys | _tags(ec2, name))


def _instance(ec2: Ec2Store, name: str) -> Resource | None:
    instance: Instance | None = ec2.get_instance_by_id(name)
    if instance is None:
        return None
    keys: Keys = {
        "ec2:InstanceID": name,
        "ec2:InstanceType": instance.instance_type,
        "ec2:RootDeviceType": "ebs",
    }
    return Resource(arn=_arn(ec2, "instance", name), keys=keys | _tags(ec2, name))


def _key_pair(ec2: Ec2Store, name: str) -> Resource | None:
    for pair in ec2.key_pairs.values():
        if name in (pair.key_name, pair.id):
            keys: Keys = {"ec2:KeyPairName": pair.key_name}
            return Resource(
                arn=_arn(ec2, "key-pair", pair.key_name), keys=keys | _tags(ec2, pair.id)
            )
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
    return Resource(
        arn=_arn(ec2, "launch-template", template_id),
        keys=_tags(ec2, template_id),
        details={"versions": versions},
    )


_EC2: Mapping[str, Callable[[Ec2Store, str], Resource | None]] = {
    "image": _image,
    "instance": _instance,
    "key-pair": _key_pair,
    "launch-template": _launch_template,
    "snapshot": _snapshot,
    "volume": _volume,
}


def _user(name: str) -> Resource | None:
    user = store().users.get(name)
    if user is None:
        return None
    listed = store().tagger.list_tags_for_resource(user.arn)["Tags"]
    return _bounded(user, {one["Key"]: one["Value"] for one in listed})


def _role(name: str) -> Resource | None:
    for role in store().roles.values():
        if role.name == name:
            return _bounded(role, {one["Key"]: one["Value"] for one in role.tags or []})
    return None


def _bounded(entity: Any, tags: Mapping[str, str]) -> Resource:
    boundary = entity.permissions_boundary_arn
    keys: Keys = {"iam:PermissionsBoundary": boundary} if boundary else {}
    return Resource(arn=entity.arn, keys=keys | _tag_keys(tags, "aws", "iam"))


def _group(name: str) -> Resource | None:
    group = store().groups.get(name)
    return Resource(arn=group.arn) if group else None


def _policy(arn: str) -> Resource | None:
    try:
        policy = store().get_policy(arn)
    except (NoSuchEntity, NotFoundException):
        return None
    tags = {one["Key"]: one["Value"] for one in policy.tags.values()} if policy.tags else {}
    return Resource(arn=arn, keys=_tag_keys(tags, "aws"))


def _instance_profile(name: str) -> Resource | None:
    for profile in store().instance_profiles.values():
        if profile.name == name:
            role = profile.roles[0].arn if profile.roles else None
            return Resource(arn=profile.arn, details={"role": role})
    return None


_IAM: Mapping[str, Callable[[str], Resource | None]] = {
    "group": _group,
    "instance-profile": _instance_profile,
    "policy": _policy,
    "role": _role,
    "user": _user,
}


def _parameter(name: str, region: str) -> Resource | None:
    ssm = ssm_backends[ACCOUNT_ID][region]
    try:
        parameter = ssm.get_parameter(name)
    except KeyError:
        return None
    if parameter is None:
        return None
    tags = ssm._resource_tags["Parameter"].get(name, {})  # noqa: SLF001
    account = "" if name.startswith("/aws/service/") else ACCOUNT_ID
    return Resource(
        arn=f"arn:{PARTITION}:ssm:{region}:{account}:parameter/{name.removeprefix('/')}",
        keys=_tag_keys(tags, "aws"),
        details={"value": parameter.value},
    )


_ORGANIZATIONS = ("account", "organizationalunit", "organizations-policy", "root")


def _organizations(name: str) -> Resource | None:
    organization = organizations.organization_of(ACCOUNT_ID)
    if organization is None:
        return None
    for entity in organization.entities:
        if entity.id == name:
            return Resource(arn=entity.arn)
    for policy in organization.policies:
        if policy.id == name:
            return Resource(arn=policy.arn, keys={"organizations:PolicyType": policy.type})
    return None
