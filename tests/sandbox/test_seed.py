from collections import Counter
from itertools import product
from typing import Any

import pytest

from goldenami_sandbox import catalogue, people, seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability
from goldenami_sandbox.world import FixedOrganization, KeySeed, RehearsalSeed, RoleSeed

HOME, AWAY = "us-east-1", "eu-west-1"
WORLD = RehearsalSeed(
    regions=(HOME, AWAY),
    groups=("ec2-admins", "operators"),
    key_names=("ssh-key",),
    subnets=("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
    security_groups=("sg-0cccccccccccccccc",),
    instance_profiles=("ssm-managed",),
    roles=(RoleSeed(name="golden-ami-pipeline"), RoleSeed(name="ssm-managed")),
    kms_keys=tuple(
        KeySeed(region=AWAY, key=key)
        for key in ("alias/golden", "alias/aws/ebs", "1234abcd-12ab-34cd-56ef-1234567890ab")
    ),
)
SOURCES = [
    ({"source_ami": "ami-0123456789abcdef0"}, {"ImageIds": ["ami-0123456789abcdef0"]}),
    (
        {"source_name": "company-base-*", "source_owners": ("999988887777",)},
        {"Owners": ["999988887777"]},
    ),
    (
        {"source_name": "ubuntu/*-noble-*-amd64-*", "source_owners": (catalogue.CANONICAL,)},
        {"Owners": [catalogue.CANONICAL], "Filters": [{"Name": "name", "Values": ["*noble*amd*"]}]},
    ),
    (
        {"source_golden": {"goldenami:image": "base-os"}},
        {"Filters": [{"Name": "tag:goldenami:image", "Values": ["base-os"]}]},
    ),
]


@pytest.mark.parametrize(
    ("source", "wish"),
    SOURCES,
    ids=["an image id", "a name nobody has yet", "a public name", "a golden image"],
)
def test_the_source_image_exists_once(
    sandbox: Sandbox, source: dict[str, Any], wish: dict[str, Any]
) -> None:
    seed.seed(sandbox, RehearsalSeed(regions=(HOME,), **source))
    assert len(sandbox.client("ec2").describe_images(**wish)["Images"]) == 1


@pytest.mark.parametrize(
    "name",
    ["/company/base-image", catalogue.IMAGES[0].ssm_parameters[0], "/aws/service/other/image"],
    ids=["one of the account", "one of the catalogue", "another of AWS"],
)
def test_the_source_parameter_names_an_available_image(sandbox: Sandbox, name: str) -> None:
    seed.seed(sandbox, RehearsalSeed(regions=(HOME,), source_ssm=name))
    image_id = sandbox.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    (image,) = sandbox.client("ec2").describe_images(ImageIds=[image_id])["Images"]
    assert image["State"] == "available"


def test_a_launch_with_all_that_the_release_file_names_works(sandbox: Sandbox) -> None:
    seed.seed(sandbox, WORLD)
    answer = sandbox.client("ec2").run_instances(
        ImageId=catalogue.IMAGES[0].id_in(HOME),
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        KeyName="ssh-key",
        SubnetId="subnet-0bbbbbbbbbbbbbbbb",
        SecurityGroupIds=["sg-0cccccccccccccccc"],
        IamInstanceProfile={"Name": "ssm-managed"},
    )
    instance = answer["Instances"][0]
    assert instance["SubnetId"] == "subnet-0bbbbbbbbbbbbbbbb"
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == ["sg-0cccccccccccccccc"]


def test_the_keys_are_in_their_region(sandbox: Sandbox) -> None:
    seed.seed(sandbox, WORLD)
    kms = sandbox.client("kms", AWAY)
    for seeded in (WORLD.kms_keys[0], WORLD.kms_keys[2]):
        assert kms.describe_key(KeyId=seeded.key)["KeyMetadata"]["Enabled"]


def test_the_admin_is_in_the_first_group_with_full_ec2_access(sandbox: Sandbox) -> None:
    seeded = seed.seed(sandbox, WORLD)
    iam = sandbox.client("iam")
    for group in WORLD.groups:
        attached = iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]
        assert [policy["PolicyName"] for policy in attached] == ["AmazonEC2FullAccess"]
    (group,) = iam.list_groups_for_user(UserName=people.ADMIN_USER)["Groups"]
    assert group["GroupName"] == "ec2-admins"
    sts = sandbox.client("sts", access_key_id=seeded.admin.id)
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{people.ADMIN_USER}")
    assert iam.get_role(RoleName="golden-ami-pipeline")["Role"]


def test_the_fleet_runs_public_unapproved_and_gone_images(sandbox: Sandbox) -> None:
    seeded = seed.seed(sandbox, WORLD)
    for region, ids in seeded.instances.items():
        ec2 = sandbox.client("ec2", region)
        found = ec2.describe_instance_image_metadata()["InstanceImageMetadata"]
        assert {one["InstanceId"] for one in found} == set(ids)
        kinds = {
            (image["State"], image["IsPublic"]) for image in (one["ImageMetadata"] for one in found)
        }
        assert kinds == {("available", True), ("available", False), ("deregistered", False)}
        assert all(one["State"]["Name"] == "running" for one in found)
    assert len(seeded.instances[HOME]) > len(seeded.instances[AWAY])


def test_what_inspector_finds_is_said_by_image_and_in_every_region(sandbox: Sandbox) -> None:
    bad = Vulnerability(
        id="CVE-1", severity="CRITICAL", package="xz", version="5", images=(seed.UNAPPROVED_IMAGE,)
    )
    seed.seed(sandbox, RehearsalSeed(regions=(HOME, AWAY), vulnerabilities=(bad,)))
    sandbox.pending_s = 0
    for region in (HOME, AWAY):
        ec2, inspector = sandbox.client("ec2", region), sandbox.client("inspector2", region)
        wish = [{"Name": "name", "Values": [seed.UNAPPROVED_IMAGE]}]
        (image,) = ec2.describe_images(Filters=wish)["Images"]
        public = catalogue.IMAGES[0].id_in(region)
        inspector.start_on_demand_scan(resourceId=image["ImageId"], resourceType="AMI")
        sandbox.scan(region, public)
        (image,) = ec2.describe_images(Filters=wish)["Images"]
        assert image["ScanResults"]["HighestFindingSeverityLabel"] == "critical"
        (image,) = ec2.describe_images(ImageIds=[public])["Images"]
        assert image["ScanResults"].keys() == {"FindingScanDate"}


def test_compliant_instances_run_the_golden_images(sandbox: Sandbox) -> None:
    images = {region: catalogue.IMAGES[1].id_in(region) for region in WORLD.regions}
    ids = seed.seed_compliant(sandbox, images)
    found = [
        one
        for region in WORLD.regions
        for one in sandbox.client("ec2", region).describe_instance_image_metadata()[
            "InstanceImageMetadata"
        ]
    ]
    assert {one["InstanceId"] for one in found} == set(ids)
    assert {one["ImageMetadata"]["ImageId"] for one in found} == set(images.values())


def test_the_same_world_is_seeded_with_the_same_ids(sandbox: Sandbox) -> None:
    first = seed.seed(sandbox, WORLD).instances
    sandbox.reset()
    assert seed.seed(sandbox, WORLD).instances == first


def test_seeding_leaves_the_pending_time_as_it_was(sandbox: Sandbox) -> None:
    before = sandbox.pending_s
    seed.seed(sandbox, RehearsalSeed(regions=(HOME,)))
    assert sandbox.pending_s == before > 0


def test_an_organization_is_made_as_it_is_named(sandbox: Sandbox) -> None:
    manager, member = "999988887777", "111122223333"
    organization = FixedOrganization(
        manager=manager,
        id="o-abcdefghij",
        root_id="r-ab12",
        unit_ids=("ou-ab12-cdef3456",),
        members={ACCOUNT_ID: "", member: "ou-ab12-cdef3456"},
        delegated=ACCOUNT_ID,
    )
    world = RehearsalSeed(regions=(HOME,), organization=organization, tried=(member,))
    seeded = seed.seed(sandbox, world)
    client = sandbox.client("organizations")
    described = client.describe_organization()["Organization"]
    assert (described["Id"], described["MasterAccountId"]) == ("o-abcdefghij", manager)
    (root,) = client.list_roots()["Roots"]
    kinds = {kind["Type"] for kind in root["PolicyTypes"]}
    assert (root["Id"], kinds) == (
        "r-ab12", {"SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"},
    )  # fmt: skip
    below = client.list_accounts_for_parent(ParentId="ou-ab12-cdef3456")["Accounts"]
    assert [account["Id"] for account in below] == [member]
    key = seeded.members[member]
    sts = sandbox.client("sts", access_key_id=key.id, secret_access_key=key.secret)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{member}:user/{people.ADMIN_USER}"


def test_an_image_is_found_in_whom_it_is_shared_with(sandbox: Sandbox) -> None:
    members = {"111122223333": "ou-ab12-cdef3456", "444455556666": ""}
    organization = FixedOrganization(
        manager=ACCOUNT_ID, id="o-abcdefghij", unit_ids=("ou-ab12-cdef3456",), members=members
    )
    seed.seed(sandbox, RehearsalSeed(regions=(HOME,), organization=organization))
    ec2 = sandbox.client("ec2")
    ec2.disable_image_block_public_access()
    images = ec2.describe_images(Owners=["self"])["Images"]
    (image_id,) = [one["ImageId"] for one in images if one["Name"] == seed.UNAPPROVED_IMAGE]
    arn = f"arn:aws:organizations::{ACCOUNT_ID}"

    def who(**permission: str) -> list[str]:
        change = {"Add": [permission]}
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=change)
        accounts = [
            account
            for account in (*members, "777766665555")
            if any(
                one["ImageId"] == image_id
                for one in sandbox.client("ec2", account=account).describe_images()["Images"]
            )
        ]
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Remove": [permission]})
        return accounts

    unit = f"{arn}:ou/o-abcdefghij/ou-ab12-cdef3456"
    assert who(OrganizationalUnitArn=unit) == ["111122223333"]
    assert who(OrganizationArn=f"{arn}:organization/o-abcdefghij") == [*members]
    assert who(UserId="777766665555") == ["777766665555"]
    assert who(Group="all") == [*members, "777766665555"]


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_who_calls_is_decided_in_their_own_partition(sandbox: Sandbox, region: str) -> None:
    world = RehearsalSeed(regions=(region,), groups=("ec2-admins",), instance_profiles=("base",))
    key = seed.seed(sandbox, world).admin
    signed = {"access_key_id": key.id, "secret_access_key": key.secret}
    assert sandbox.client("ec2", region, **signed).describe_images(Owners=["self"])["Images"]
    refused = sandbox.client("iam", region, **signed)
    with pytest.raises(refused.exceptions.ClientError, match="AccessDenied"):
        refused.list_users()
    iam = sandbox.client("iam", region)
    (attached,) = iam.list_attached_role_policies(RoleName="base")["AttachedPolicies"]
    assert attached["PolicyArn"].endswith(":iam::aws:policy/AmazonSSMManagedInstanceCore")
    assert attached["PolicyArn"].split(":")[1] == region.rsplit("-", 2)[0].replace(
        "us-gov", "aws-us-gov"
    ).replace("cn", "aws-cn")


def test_a_region_is_enabled_for_who_opts_in_until_the_sandbox_is_emptied(sandbox: Sandbox) -> None:
    def enabled(account: str) -> bool:
        regions = sandbox.client("ec2", account=account).describe_regions()["Regions"]
        return any(region["RegionName"] == "ap-east-1" for region in regions)

    sandbox.opt_in("444455556666", "ap-east-1")
    assert [enabled("444455556666"), enabled(ACCOUNT_ID)] == [True, False]
    sandbox.reset()
    assert not enabled("444455556666")


def test_a_large_fleet_is_spread_over_images_and_zones(sandbox: Sandbox) -> None:
    sandbox.pending_s = 0
    ec2 = sandbox.client("ec2")
    images = [image.id_in(HOME) for image in catalogue.IMAGES[:2]]
    ids = seed.seed_many(sandbox, HOME, images, 25)
    (page,) = ec2.get_paginator("describe_instances").paginate()
    instances = [each for one in page["Reservations"] for each in one["Instances"]]
    assert sorted(each["InstanceId"] for each in instances) == sorted(ids)
    assert len(set(ids)) == 25
    placed = Counter((each["ImageId"], each["Placement"]["AvailabilityZone"]) for each in instances)
    zones = {zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert set(placed) == set(product(images, zones))
    assert max(placed.values()) - min(placed.values()) <= 1
    launched = ec2.run_instances(
        ImageId=images[0],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        MetadataOptions={"HttpTokens": "required"},
    )["Instances"][0]
    own = {"InstanceId", "State", "StateReason", "Tags"}
    assert {name for each in instances for name in each} - own == set(launched) - own
    assert {each["State"]["Name"] for each in instances} == {"running"}
    assert sandbox.pending_s == 0


def test_fewer_instances_than_places_are_launched(sandbox: Sandbox) -> None:
    assert len(seed.seed_many(sandbox, AWAY, [catalogue.IMAGES[1].id_in(AWAY)], 2)) == 2


def test_a_fleet_is_in_several_zones(sandbox: Sandbox) -> None:
    ids = seed.seed(sandbox, RehearsalSeed(regions=(HOME,))).instances[HOME]
    answer = sandbox.client("ec2").describe_instances(InstanceIds=ids)
    zones = {
        instance["Placement"]["AvailabilityZone"]
        for reservation in answer["Reservations"]
        for instance in reservation["Instances"]
    }
    assert len(zones) > 2
