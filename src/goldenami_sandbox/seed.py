"""Fills an empty sandbox for a rehearsal: the world of a release file, and a fleet in it.

The fleet is what an audit is for: some instances run public images, some an image nobody
approved, some an image that is gone. `seed_compliant` adds the others after the bake.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from goldenami_sandbox import catalogue
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

if TYPE_CHECKING:
    from goldenami_sandbox.fixed_ids import FixedIds

ADMIN_USER = "rehearsal-admin"
DEFAULT_MANAGEMENT_POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedEC2InstanceDefaultPolicy"
MANAGED_POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
ADMIN_POLICY = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
UNAPPROVED_IMAGE = "hand-made-batch"
PUBLIC_NAMES = ("web-1", "web-2", "build-agent")
UNAPPROVED_NAMES = ("legacy-batch", "data-import")
GONE_NAMES = ("forgotten-report",)
COMPLIANT_NAMES = ("shop-1", "shop-2", "api-1")
_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}


class RehearsalSeed(Struct, frozen=True, kw_only=True):
    """What has to exist so that a release file can be rehearsed.

    Args:
        regions: the release's regions; the first is the build region.
        groups: names of the admin groups.
        source_ssm: name of the SSM parameter that names the source image.
        source_ami: id of the source image.
        source_name: name or name filter of the source image.
        source_owners: its possible owners: account ids, ``self`` or ``amazon``.
        source_golden: tags of the golden image that is the source, and its name.
        architecture: ``x86_64`` or ``arm64``.
        source_root: the root device of a source that nobody knows; None for Amazon Linux's.
        source_size_gib: how large its root is at most.
        snapshots: snapshots of the build region, by id, with their sizes in GiB.
        key_names: key pairs of the build region.
        subnets: subnet ids of the build region.
        security_groups: security group ids of the build region.
        instance_profiles: names of instance profiles, each with a role of that name.
        default_management: whether SSM manages instances of the build region without one.
        roles: names of further roles.
        kms_keys: KMS keys by region: ids, ARNs or aliases.
        inspected: whether Amazon Inspector scans the instances of the build region.
    """

    regions: tuple[str, ...]
    groups: tuple[str, ...] = ()
    source_ssm: str | None = None
    source_ami: str | None = None
    source_name: str | None = None
    source_owners: tuple[str, ...] = ()
    source_golden: Mapping[str, str] | None = None
    source_golden_name: str = "golden source"
    architecture: str = "x86_64"
    source_root: str | None = None
    source_size_gib: int | None = None
    snapshots: Mapping[str, int] = field(default_factory=dict)
    key_names: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    instance_profiles: tuple[str, ...] = ()
    default_management: bool = False
    roles: tuple[str, ...] = ()
    kms_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    inspected: bool = False


class Seeded(Struct, frozen=True):
    """What was made: the admin's access key, and the fleet by region."""

    admin_access_key_id: str
    admin_secret_access_key: str
    instances: Mapping[str, Sequence[str]]


class Organization(Struct, frozen=True):
    """The ids of an organization, its root, and the unit that was made in it."""

    id: str
    root_id: str
    unit_id: str


def seed(sandbox: Sandbox, world: RehearsalSeed) -> Seeded:
    """Make the world of a release file, and a fleet that breaks its rules.

    Args:
        sandbox: running, and empty.
        world: what the release file names.
    """
    with _at_once(sandbox):
        _build_region(sandbox, world)
        _identities(sandbox, world)
        key = _admin(sandbox, world.groups)
        fleet = {region: _fleet(sandbox, region, world) for region in world.regions}
    return Seeded(key.get("AccessKeyId", ""), key.get("SecretAccessKey", ""), fleet)


def seed_compliant(sandbox: Sandbox, images: Mapping[str, str]) -> list[str]:
    """Launch instances from golden images, and return their ids.

    Args:
        sandbox: running, after the bake.
        images: the golden image of each region.
    """
    with _at_once(sandbox):
        return [
            _launch(sandbox.client("ec2", region), image_id, name)
            for region, image_id in images.items()
            for name in COMPLIANT_NAMES
        ]


def organization(
    sandbox: Sandbox,
    *,
    management_account: str = ACCOUNT_ID,
    unit: str = "Workloads",
    delegated_administrator: bool = False,
) -> Organization:
    """Put the sandbox's account into an organization with one organizational unit.

    Args:
        sandbox: running; its account is in no organization yet.
        management_account: who manages the organization. Another account than the sandbox's makes
            that one a member, in the unit: bound by service control policies.
        unit: the name of the unit.
        delegated_administrator: whether a member may manage the organization's policies.
    """
    if management_account == ACCOUNT_ID:
        client = sandbox.client("organizations")
        organization_id = client.create_organization()["Organization"]["Id"]
        root = client.list_roots()["Roots"][0]["Id"]
        organizational_unit = client.create_organizational_unit(ParentId=root, Name=unit)[
            "OrganizationalUnit"
        ]
        return Organization(organization_id, root, organizational_unit["Id"])
    from goldenami_sandbox.organizations import store as organizations

    return Organization(
        *organizations.join(ACCOUNT_ID, management_account, unit, delegated_administrator)
    )


@contextmanager
def _at_once(sandbox: Sandbox) -> Iterator[None]:
    """Make everything ready without waiting."""
    before, sandbox.pending_s = sandbox.pending_s, 0
    try:
        yield
    finally:
        sandbox.pending_s = before


def _build_region(sandbox: Sandbox, world: RehearsalSeed) -> None:
    ec2 = sandbox.client("ec2", world.regions[0])
    fixed_ids = _given_ids(world.regions[0])
    for subnet_id in world.subnets:
        fixed_ids.subnet(subnet_id)
    for group_id in world.security_groups:
        fixed_ids.security_group(group_id)
    for name in world.key_names:
        ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    for region, keys in world.kms_keys.items():
        for key_id in dict.fromkeys(keys):
            _given_ids(region).kms_key(key_id)
    if world.inspected:
        sandbox.client("inspector2", world.regions[0]).enable(resourceTypes=["EC2"])
    for snapshot_id, size_gib in world.snapshots.items():
        fixed_ids.snapshot(snapshot_id, size_gib)
    _source(sandbox, world, fixed_ids)


def _source(sandbox: Sandbox, world: RehearsalSeed, fixed_ids: "FixedIds") -> None:
    region, architecture = world.regions[0], world.architecture

    def image(image_id: str | None, name: str | None, owner: str) -> str:
        root, size_gib = world.source_root, world.source_size_gib
        return fixed_ids.image(image_id, name, owner, architecture, root, size_gib)

    if world.source_ami:
        image(world.source_ami, None, "amazon")
    if world.source_ssm and not _is_public(world.source_ssm):
        fixed_ids.image_parameter(world.source_ssm, image(None, "parameter source", "self"))
    ec2 = sandbox.client("ec2", region)
    if world.source_name:
        wish = [{"Name": "name", "Values": [world.source_name]}]
        images = ec2.describe_images(Filters=wish, Owners=list(world.source_owners))["Images"]
        if not any(known["Architecture"] == architecture for known in images):
            name = world.source_name.replace("*", "20261105").replace("?", "1")
            image(None, name, (world.source_owners or ("amazon",))[0])
    if world.source_golden:
        image_id = image(None, world.source_golden_name, "self")
        tags = [{"Key": key, "Value": value} for key, value in world.source_golden.items()]
        ec2.create_tags(Resources=[image_id], Tags=tags)


def _is_public(parameter: str) -> bool:
    return any(parameter in image.ssm_parameters for image in catalogue.IMAGES)


def _identities(sandbox: Sandbox, world: RehearsalSeed) -> None:
    for name in dict.fromkeys((*world.instance_profiles, *world.roles)):
        if name in world.instance_profiles:
            instance_profile(sandbox, name)
        else:
            _role(sandbox, name, {"AWS": ACCOUNT_ID})
    if world.default_management:
        _manage_by_default(sandbox, world.regions[0])


def _manage_by_default(sandbox: Sandbox, region: str) -> None:
    """Let SSM manage every instance of a region, as default host management does.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html
    """
    name = "AWSSystemsManagerDefaultEC2InstanceManagementRole"
    _role(sandbox, name, {"Service": "ssm.amazonaws.com"})
    sandbox.client("iam").attach_role_policy(RoleName=name, PolicyArn=DEFAULT_MANAGEMENT_POLICY)
    sandbox.client("ssm", region).update_service_setting(
        SettingId="/ssm/managed-instance/default-ec2-instance-management-role", SettingValue=name
    )


def instance_profile(sandbox: Sandbox, name: str) -> str:
    """Make an instance profile, with a role of that name by which SSM manages instances.

    Returns:
        Its name.
    """
    iam = sandbox.client("iam")
    _role(sandbox, name, {"Service": "ec2.amazonaws.com"})
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED_POLICY)
    return name


def _role(sandbox: Sandbox, name: str, principal: Mapping[str, str]) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    sandbox.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))


def _admin(sandbox: Sandbox, groups: Sequence[str]) -> Mapping[str, str]:
    """Make the groups, and a user in the first one; return the user's access key."""
    iam = sandbox.client("iam")
    for name in groups:
        iam.create_group(GroupName=name)
        iam.attach_group_policy(GroupName=name, PolicyArn=ADMIN_POLICY)
    iam.create_user(UserName=ADMIN_USER)
    for name in groups[:1]:
        iam.add_user_to_group(GroupName=name, UserName=ADMIN_USER)
    key: Mapping[str, str] = iam.create_access_key(UserName=ADMIN_USER)["AccessKey"]
    return key


def _fleet(sandbox: Sandbox, region: str, world: RehearsalSeed) -> list[str]:
    """Launch what an audit should find; a region beyond the first gets one of each kind."""
    ec2 = sandbox.client("ec2", region)
    count = None if region == world.regions[0] else 1
    public = next(image for image in catalogue.IMAGES if image.architecture == world.architecture)
    ids = [_launch(ec2, public.id_in(region), name) for name in PUBLIC_NAMES[:count]]
    unapproved = ec2.create_image(InstanceId=ids[0], Name=UNAPPROVED_IMAGE)["ImageId"]
    gone = ec2.create_image(InstanceId=ids[0], Name="report-server-1")["ImageId"]
    ids += [_launch(ec2, unapproved, name) for name in UNAPPROVED_NAMES[:count]]
    ids += [_launch(ec2, gone, name) for name in GONE_NAMES[:count]]
    ec2.deregister_image(ImageId=gone, DeleteAssociatedSnapshots=True)
    return ids


def _launch(ec2: Any, image_id: str, name: str) -> str:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    answer = ec2.run_instances(
        ImageId=image_id,
        InstanceType=_TYPES[image["Architecture"]],
        MinCount=1,
        MaxCount=1,
        MetadataOptions={"HttpTokens": "required"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )
    return str(answer["Instances"][0]["InstanceId"])


def _given_ids(region: str) -> "FixedIds":
    from goldenami_sandbox.fixed_ids import FixedIds

    return FixedIds(ACCOUNT_ID, region)
