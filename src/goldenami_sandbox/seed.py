"""Fills an empty sandbox for a rehearsal: the world of a release file, and a fleet in it.

The fleet is what an audit is for: some instances run public images, some an image nobody
approved, some an image that is gone. `seed_compliant` adds the others after the bake.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from msgspec import Struct

from goldenami.errors import GoldenamiError
from goldenami_sandbox import catalogue
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.people import People
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import by_region
from goldenami_sandbox.world import BucketSeed, RehearsalSeed, Seeded, SourceSeed

if TYPE_CHECKING:
    from goldenami_sandbox.fixed_ids import FixedIds

GROUP = "web-group"
UNAPPROVED_IMAGE = "hand-made-batch"
PUBLIC_NAMES = ("web-1", "web-2", "build-agent")
UNAPPROVED_NAMES = ("legacy-batch", "data-import")
GONE_NAMES = ("forgotten-report",)
COMPLIANT_NAMES = ("shop-1", "shop-2", "api-1")
_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}


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
    from goldenami_sandbox.organizations import fixed

    with _at_once(sandbox):
        if world.organization:
            fixed.establish(world.organization, world.regions[0])
        _place(sandbox, world)
        people = People(sandbox, world.regions[0], world.account)
        people.roles(world)
        return Seeded(
            admin=people.admin(world.groups),
            instances={region: _fleet(sandbox, region, world) for region in world.regions},
            approver=people.approver() if world.approver else None,
            members={
                account: People(sandbox, world.regions[0], account).admin(())
                for account in world.tried
            },
        )


def seed_compliant(
    sandbox: Sandbox, images: Mapping[str, str], account: str = ACCOUNT_ID
) -> list[str]:
    """Launch instances from golden images, and return their ids.

    Args:
        sandbox: running, after the bake.
        images: the golden image of each region.
        account: whose instances they are.
    """
    with _at_once(sandbox):
        clients = {region: sandbox.client("ec2", region, account) for region in images}
        return [
            _launch(clients[region], image_id, name, zone)
            for region, image_id in images.items()
            for name, zone in zip(COMPLIANT_NAMES, _zones(clients[region]), strict=False)
        ]


def seed_many(
    sandbox: Sandbox, region: str, image_ids: Sequence[str], count: int, account: str = ACCOUNT_ID
) -> list[str]:
    """Launch a large fleet, spread evenly over the images and the region's zones.

    Args:
        sandbox: running; nobody else calls it meanwhile.
        region: where.
        image_ids: the images.
        count: how many instances are launched; EC2's quotas have to have room for them.
        account: whose instances they are.

    Returns:
        The ids of the instances.
    """
    from goldenami_sandbox.ec2.launch import LaunchesResponse

    ec2 = sandbox.client("ec2", region, account)
    zones = [each["ZoneName"] for each in ec2.describe_availability_zones()["AvailabilityZones"]]
    images = ec2.describe_images(ImageIds=list(set(image_ids)))["Images"]
    architectures = {image["ImageId"]: image["Architecture"] for image in images}
    places = list(product(image_ids, zones))
    each, rest = divmod(count, len(places))
    ids: list[str] = []
    with _at_once(sandbox):
        for number, (image_id, zone) in enumerate(places):
            share = each + (number < rest)
            tags = [{"Key": "Name", "Value": f"fleet-{number}"}]
            parameters = {
                "ImageId": image_id,
                "InstanceType": _TYPES[architectures[image_id]],
                "MinCount": share,
                "MaxCount": share,
                "MetadataOptions": {"HttpTokens": "required"},
                "Placement": {"AvailabilityZone": zone},
                "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
            }
            ids += LaunchesResponse.launch(account, region, parameters) if share else []
    return ids


def seed_group(sandbox: Sandbox, region: str, image_id: str, account: str = ACCOUNT_ID) -> str:
    """Make an Auto Scaling group that launches an image by a template, and return its name.

    Args:
        sandbox: running.
        region: where.
        image_id: the image.
        account: whose group it is.
    """
    ec2 = sandbox.client("ec2", region, account)
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    zone = next(_zones(ec2))
    data = {"ImageId": image_id, "InstanceType": _TYPES[image["Architecture"]]}
    with _at_once(sandbox):
        template = ec2.create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
        sandbox.client("autoscaling", region, account).create_auto_scaling_group(
            AutoScalingGroupName=GROUP,
            AvailabilityZones=[zone],
            MinSize=2,
            MaxSize=2,
            LaunchTemplate={
                "LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"],
                "Version": "1",
            },
        )
    return GROUP


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
    """Make everything ready without waiting.

    Raises:
        GoldenamiError: the sandbox refuses something of it.
    """
    before, sandbox.pending_s = sandbox.pending_s, 0
    try:
        yield
    except ClientError as error:
        raise GoldenamiError(
            f"the embedded AWS could not be made as the file says: {error}",
            fix="see whether AWS would take what the file names; if so, report it",
        ) from error
    finally:
        sandbox.pending_s = before


def _place(sandbox: Sandbox, world: RehearsalSeed) -> None:
    """Make what belongs to a place: networks, keys, parameters, and the source."""
    ec2 = _client(sandbox, world, "ec2")
    fixed_ids = _given_ids(world.account, world.regions[0])
    for account, region in world.opted_in:
        sandbox.opt_in(account, region)
    for subnet_id in world.subnets:
        fixed_ids.subnet(subnet_id)
    for group_id in world.security_groups:
        fixed_ids.security_group(group_id)
    for name in world.key_names:
        ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    _keys(sandbox, world)
    _image_parameters(world)
    if world.vulnerabilities:
        by_region.update(dict.fromkeys(world.regions, world.vulnerabilities))
    if world.inspected:
        _client(sandbox, world, "inspector2").enable(resourceTypes=["EC2"])
    for snapshot_id, size_gib in world.snapshots.items():
        fixed_ids.snapshot(snapshot_id, size_gib)
    for source in (world, *world.further_sources):
        _source(ec2, source, fixed_ids)


def _keys(sandbox: Sandbox, world: RehearsalSeed) -> None:
    """Make the KMS keys, and the bucket that one of them is for."""
    for key in dict.fromkeys(world.kms_keys):
        _given_ids(key.account or world.account, key.region).kms_key(key.key)
    if world.bucket:
        _bucket(sandbox, world, world.bucket)


def _bucket(sandbox: Sandbox, world: RehearsalSeed, bucket: BucketSeed) -> None:
    """Make a bucket, and let Inspector write into it and use the key.

    https://docs.aws.amazon.com/inspector/latest/user/sbom-export.html
    """

    def policy(*actions: str) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "inspector2.amazonaws.com"},
            "Action": actions,
            "Resource": "*",
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    s3, kms = _client(sandbox, world, "s3"), _client(sandbox, world, "kms")
    region = world.regions[0]
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=bucket.name, **({"CreateBucketConfiguration": place} if place else {}))
    s3.put_bucket_policy(
        Bucket=bucket.name, Policy=policy("s3:PutObject", "s3:AbortMultipartUpload")
    )
    kms.put_key_policy(
        KeyId=bucket.kms_key, PolicyName="default",
        Policy=policy("kms:Decrypt", "kms:GenerateDataKey*"),
    )  # fmt: skip


def _image_parameters(world: RehearsalSeed) -> None:
    for region in world.regions if world.image_parameters else ():
        regional = _given_ids(world.account, region)
        image_id = regional.image(None, "listed image", "self", world.architecture)
        for name in world.image_parameters:
            regional.image_parameter(name, image_id)


def _source(ec2: Any, world: SourceSeed, fixed_ids: "FixedIds") -> None:
    def image(image_id: str | None, name: str | None, owner: str) -> str:
        return fixed_ids.image(
            image_id, name, owner, world.architecture, world.root_device_name, world.root_size_gib
        )

    if world.source_ami:
        image(world.source_ami, None, "amazon")
    if world.source_ssm and not _is_public(world.source_ssm):
        owner = "amazon" if world.source_ssm.startswith("/aws/") else "self"
        fixed_ids.image_parameter(world.source_ssm, image(None, "parameter source", owner))
    if world.source_name:
        wish = [{"Name": "name", "Values": [world.source_name]}]
        images = ec2.describe_images(Filters=wish, Owners=list(world.source_owners))["Images"]
        if not any(image["Architecture"] == world.architecture for image in images):
            name = world.source_name.replace("*", "20261105").replace("?", "1")
            image(None, name, (world.source_owners or ("amazon",))[0])
    if world.source_golden:
        image_id = image(None, world.source_golden_name, "self")
        tags = [{"Key": key, "Value": value} for key, value in world.source_golden.items()]
        ec2.create_tags(Resources=[image_id], Tags=tags)


def _is_public(parameter: str) -> bool:
    return any(parameter in image.ssm_parameters for image in catalogue.IMAGES)


def instance_profile(sandbox: Sandbox, name: str) -> str:
    """Make an instance profile, with a role of that name by which SSM manages instances.

    Returns:
        Its name.
    """
    People(sandbox, "us-east-1", ACCOUNT_ID).instance_profile(name)
    return name


def _fleet(sandbox: Sandbox, region: str, world: RehearsalSeed) -> list[str]:
    """Launch what an audit should find; a region beyond the first gets one of each kind."""
    ec2 = sandbox.client("ec2", region, world.account)
    count = None if region == world.regions[0] else 1
    public = next(image for image in catalogue.IMAGES if image.architecture == world.architecture)
    zones = _zones(ec2)
    ids = [_launch(ec2, public.id_in(region), name, next(zones)) for name in PUBLIC_NAMES[:count]]
    unapproved = ec2.create_image(InstanceId=ids[0], Name=UNAPPROVED_IMAGE)["ImageId"]
    gone = ec2.create_image(InstanceId=ids[0], Name="report-server-1")["ImageId"]
    ids += [_launch(ec2, unapproved, name, next(zones)) for name in UNAPPROVED_NAMES[:count]]
    ids += [_launch(ec2, gone, name, next(zones)) for name in GONE_NAMES[:count]]
    ec2.deregister_image(ImageId=gone, DeleteAssociatedSnapshots=True)
    return ids


def _zones(ec2: Any) -> Iterator[str]:
    """Yield the zones of a region, over and over."""
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    return cycle([zone["ZoneName"] for zone in zones])


def _launch(ec2: Any, image_id: str, name: str, zone: str) -> str:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    answer = ec2.run_instances(
        ImageId=image_id,
        InstanceType=_TYPES[image["Architecture"]],
        MinCount=1,
        MaxCount=1,
        MetadataOptions={"HttpTokens": "required"},
        Placement={"AvailabilityZone": zone},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )
    return str(answer["Instances"][0]["InstanceId"])


def _client(sandbox: Sandbox, world: RehearsalSeed, service: str) -> Any:
    return sandbox.client(service, world.regions[0], world.account)


def _given_ids(account: str, region: str) -> "FixedIds":
    from goldenami_sandbox.fixed_ids import FixedIds

    return FixedIds(account, region)
