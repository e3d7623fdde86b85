"""What is in the Recycle Bin, and by which rules, on the sandbox."""

from datetime import timedelta
from typing import Any

import pytest

from goldenami.aws import recycle_bin
from goldenami.aws.answers.recycle_bin import GetRule, RetentionPeriod, RuleTag
from goldenami.aws.session import Aws, RegionalAws
from goldenami.errors import AwsError
from goldenami_sandbox import catalogue
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

HOME = "us-east-1"


@pytest.fixture
def regional(sandbox: Sandbox) -> RegionalAws:
    sandbox.pending_s = 0
    return Aws(region=HOME).in_region(HOME)


def keep(sandbox: Sandbox, kind: str, days: int, **more: Any) -> None:
    period = {"RetentionPeriodValue": days, "RetentionPeriodUnit": "DAYS"}
    sandbox.client("rbin").create_rule(ResourceType=kind, RetentionPeriod=period, **more)


def rule(days: int, status: str = "available", **tags: Any) -> GetRule:
    return GetRule(
        identifier="r", resource_type="EC2_IMAGE", status=status,
        retention_period=RetentionPeriod(days=days), **tags,
    )  # fmt: skip


WEB, ANY = RuleTag(key="Team", value="web"), RuleTag(key="Team")


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ([], 0),
        ([rule(7), rule(30), rule(14)], 30),
        ([rule(7), rule(30, "pending")], 7),
        ([rule(7, resource_tags=(WEB,))], 7),
        ([rule(7, resource_tags=(ANY,))], 7),
        ([rule(7, resource_tags=(RuleTag(key="Team", value="db"), RuleTag(key="a")))], 0),
        ([rule(30, exclude_resource_tags=(WEB,)), rule(3)], 3),
        ([rule(30, exclude_resource_tags=(RuleTag(key="Team", value="db"),))], 30),
    ],
)
def test_the_longest_rule_that_matches_counts(rules: list[GetRule], days: int) -> None:
    assert recycle_bin.days(rules, {"Team": "web"}) == days


def test_rules_are_read_whole_and_only_those_for_a_kind(
    sandbox: Sandbox, regional: RegionalAws
) -> None:
    keep(sandbox, "EBS_SNAPSHOT", 9)
    keep(
        sandbox, "EC2_IMAGE", 30,
        ResourceTags=[{"ResourceTagKey": "Team", "ResourceTagValue": "web"}],
    )  # fmt: skip
    (read,) = recycle_bin.rules(regional, recycle_bin.IMAGES)
    assert (read.retention_period.days, read.resource_tags) == (30, (WEB,))
    assert recycle_bin.days(recycle_bin.rules(regional, recycle_bin.SNAPSHOTS), {}) == 9


def test_what_is_in_the_bin_is_known_by_id_with_its_end(
    sandbox: Sandbox, regional: RegionalAws
) -> None:
    assert (recycle_bin.images(regional), recycle_bin.snapshots(regional)) == ({}, {})
    keep(sandbox, "EC2_IMAGE", 7)
    keep(sandbox, "EBS_SNAPSHOT", 9)
    ec2 = sandbox.client("ec2")
    launched = ec2.run_instances(
        ImageId=catalogue.IMAGES[0].id_in(HOME), InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    instance_id = launched["Instances"][0]["InstanceId"]
    image_id = ec2.create_image(InstanceId=instance_id, Name="web")["ImageId"]
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    image = recycle_bin.images(regional)[image_id]
    assert image.name == "web"
    assert image.recycle_bin_exit_time - image.recycle_bin_enter_time == timedelta(days=7)
    (snapshot,) = recycle_bin.snapshots(regional).values()
    assert snapshot.recycle_bin_exit_time - snapshot.recycle_bin_enter_time == timedelta(days=9)


def test_a_rule_that_cannot_be_read_is_an_error(sandbox: Sandbox, regional: RegionalAws) -> None:
    keep(sandbox, "EC2_IMAGE", 7)
    fault = Fault(service="rbin", operation="GetRule", code="AccessDeniedException", status=403)
    with sandbox.fail(fault), pytest.raises(AwsError, match="AccessDenied"):
        recycle_bin.rules(regional, recycle_bin.IMAGES)
