from typing import Any

import pytest

from goldenami_sandbox import catalogue, seed
from goldenami_sandbox.seed import RehearsalSeed
from goldenami_sandbox.server import Sandbox

HOME, AWAY = "us-east-1", "eu-west-1"
WORLD = RehearsalSeed(
    regions=(HOME, AWAY),
    groups=("ec2-admins", "operators"),
    key_names=("ssh-key",),
    subnets=("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
    security_groups=("sg-0cccccccccccccccc",),
    instance_profiles=("ssm-managed",),
    roles=("golden-ami-pipeline",),
    kms_keys={AWAY: ("alias/golden", "1234abcd-12ab-34cd-56ef-1234567890ab")},
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
    for key_id in WORLD.kms_keys[AWAY]:
        assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Enabled"]


def test_the_admin_is_in_the_first_group_with_full_ec2_access(sandbox: Sandbox) -> None:
    seeded = seed.seed(sandbox, WORLD)
    iam = sandbox.client("iam")
    for group in WORLD.groups:
        attached = iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]
        assert [policy["PolicyName"] for policy in attached] == ["AmazonEC2FullAccess"]
    (group,) = iam.list_groups_for_user(UserName=seed.ADMIN_USER)["Groups"]
    assert group["GroupName"] == "ec2-admins"
    sts = sandbox.client("sts", access_key_id=seeded.admin_access_key_id)
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{seed.ADMIN_USER}")
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
