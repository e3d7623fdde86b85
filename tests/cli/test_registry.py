"""`goldenami images`, `goldenami tag` and `goldenami base` against the embedded AWS."""

import json
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox


def test_the_registry_is_read_from_the_tags_of_all_regions(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    cli("bake", write(), "--yes")
    cli("bake", write("os.yaml", image="base-os", version="7", regions=["eu-west-1"]), "--yes")
    document = json.loads(cli("images", "--format", "json").out)
    assert document["schema"] == "goldenami.images/v1"
    assert [(one["image"], one["version"], one["region"]) for one in document["items"]] == [
        ("base-os", "7", "eu-west-1"),
        ("web-base", "1.0", "eu-west-1"),
        ("web-base", "1.0", "us-east-1"),
    ]
    table = cli("images", "--image", "base-os", "--region", "eu-west-1").out
    assert "base-os" in table
    assert "web-base" not in table


def test_the_registry_filters_by_status(cli: Any, write: Any, sandbox: Sandbox) -> None:
    cli("bake", write(regions=["us-east-1"]), "--yes")
    assert "web-base" in cli("images", "--status", "approved").out
    ran = cli("images", "--status", "building")
    assert ran.code == 0
    assert "none found" in ran.err
    assert cli("images", "--status", "golden").code == 2


def test_an_image_of_another_account_is_no_golden_image_whatever_its_tags(
    cli: Any, sandbox: Sandbox
) -> None:
    ec2 = sandbox.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_tags(Resources=[image], Tags=tags.to_aws({tags.IMAGE: "web-base"}))
    assert "none found" in cli("images", "--region", "us-east-1").err


def test_a_registry_region_that_cannot_be_read_is_named(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    cli("bake", write(), "--yes")
    fault = Fault(
        service="ec2", operation="DescribeImages", region="eu-west-1", code="AuthFailure",
        status=401,
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli("images", "--region", "us-east-1", "--region", "eu-west-1")
    assert ran.code == 3
    assert "us-east-1" in ran.out
    assert "eu-west-1: " in ran.err


def test_tagging_reaches_the_copies_and_all_snapshots(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    cli("bake", write(), "--yes")
    image_id = own_images("eu-west-1")[0]["ImageId"]
    ran = cli("tag", image_id, "--tag", "Ticket=OPS-17", "--tag", "Empty=", "--yes")
    assert ran.code == 0, ran.err
    for region in ("us-east-1", "eu-west-1"):
        image = own_images(region)[0]
        snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        ec2 = sandbox.client("ec2", region)
        (snapshot,) = ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
        for written in (tags.from_aws(image["Tags"]), tags.from_aws(snapshot["Tags"])):
            assert written["Ticket"] == "OPS-17"
            assert written["Empty"] == ""


def test_an_image_that_goldenami_did_not_make_is_tagged_where_it_is(
    cli: Any, sandbox: Sandbox, own_images: Any
) -> None:
    ec2 = sandbox.client("ec2", "eu-west-1")
    public = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    image = ec2.copy_image(Name="mine", SourceImageId=public, SourceRegion="eu-west-1")["ImageId"]
    assert cli("tag", image, "--tag", "Team=ops", "--yes").code == 0
    assert tags.from_aws(own_images("eu-west-1")[0]["Tags"])["Team"] == "ops"


def test_a_tagging_plan_changes_nothing(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    cli("bake", write(), "--yes")
    before = mutating()
    ran = cli("tag", own_images("us-east-1")[0]["ImageId"], "--tag", "A=b", "--plan")
    assert ran.code == 0
    assert ran.out.count("ec2:CreateTags") == 3  # two regions, and the permissions
    assert mutating() == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ami-1", "--tag", "A=b"], 2, "`ami-1` is no image id"),
        (["ami-0123456789abcdef0", "--tag", "A"], 2, "no `=` in it"),
        (["ami-0123456789abcdef0", "--tag", "aws:x=y"], 2, "belong to AWS"),
        (["ami-0123456789abcdef0", "--tag", "goldenami:status=approved"], 2, "goldenami alone"),
        (["ami-0123456789abcdef0", "--tag", f"A={'x' * 257}"], 2, "at most 256"),
        (["ami-0123456789abcdef0", "--tag", "A=b"], 2, "no image of this account"),
        (["ami-0123456789abcdef0"], 2, "--tag"),
    ],
    ids=["id", "pair", "aws", "ours", "long", "missing", "nothing"],
)
def test_tagging_refuses_what_cannot_be(
    cli: Any, sandbox: Sandbox, mutating: Any, arguments: list[str], code: int, says: str
) -> None:
    ran = cli("tag", *arguments, "--yes")
    assert ran.code == code
    assert says in ran.err
    assert mutating() == []


def test_a_fifty_first_tag_is_refused_before_any_change(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    own = {f"Key{number}": "x" for number in range(40)}
    cli("bake", write(regions=["us-east-1"], tags=own), "--yes")
    before = mutating()
    image_id = own_images("us-east-1")[0]["ImageId"]
    ran = cli("tag", image_id, "--tag", "A=b", "--tag", "B=c", "--tag", "C=d", "--yes")
    assert ran.code == 1
    assert "more than 50 tags" in ran.err
    assert mutating() == before


def test_a_base_instance_is_launched_listed_and_terminated(
    cli: Any, write: Any, sandbox: Sandbox, living: Any
) -> None:
    ran = cli("base", "launch", write(), "--yes")
    assert ran.code == 0, ran.err
    instance_id = ran.out.strip()
    (instance,) = living()
    assert instance["InstanceId"] == instance_id
    assert instance["State"]["Name"] == "running"
    (item,) = json.loads(cli("base", "list", "--format", "json").out)["items"]
    assert item["id"] == instance_id
    assert item["image"] == "web-base"
    assert cli("base", "terminate", instance_id, "--region", "us-east-1", "--yes").code == 0
    assert living() == []


def test_a_base_launch_can_be_planned_only(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    ran = cli("base", "launch", write(version="auto"), "--plan")
    assert ran.code == 0
    assert "ec2:RunInstances" in ran.out
    assert mutating() == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"regions": ["ap-east-1"]}, "region `ap-east-1` is not enabled"),
        ({"base__key_name": "missing"}, "missing"),
    ],
    ids=["a region", "a key pair"],
)
def test_a_base_launch_tells_its_problems_first(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, changes: dict[str, Any], says: str
) -> None:
    ran = cli("base", "launch", write(**changes), "--yes")
    assert ran.code == 1
    assert says in ran.err
    assert mutating() == []


def test_a_base_instance_that_does_not_come_up_is_terminated(
    cli: Any, write: Any, sandbox: Sandbox, living: Any
) -> None:
    fault = Fault(service="ec2", operation="DescribeInstanceStatus", code="InternalError")
    with sandbox.fail(fault):
        ran = cli("base", "launch", write(), "--yes")
    assert ran.code == 1
    assert "undone: launch the base instance" in ran.err
    assert living() == []


def test_only_base_instances_are_terminated(cli: Any, sandbox: Sandbox, living: Any) -> None:
    ec2 = sandbox.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]
    ran = cli("base", "terminate", launched["InstanceId"], "--yes")
    assert ran.code == 4
    assert "no base instance that goldenami launched" in ran.err
    assert len(living()) == 1
    assert cli("base", "terminate", "i-1", "--yes").code == 2


def test_base_instances_of_an_unread_region_are_not_forgotten(cli: Any, sandbox: Sandbox) -> None:
    fault = Fault(service="ec2", operation="DescribeInstances", region="eu-west-1", code="Blocked")
    with sandbox.fail(fault):
        ran = cli("base", "list")
    assert ran.code == 3
    assert "eu-west-1" in ran.err
