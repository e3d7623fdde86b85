from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.retention_rules import retention
from goldenami_sandbox.server import Sandbox

TEAM = {"ResourceTagKey": "Team", "ResourceTagValue": "web"}
KEEP = {"ResourceTagKey": "Keep", "ResourceTagValue": "no"}
Create = Callable[..., Any]


def days(count: int) -> dict[str, Any]:
    return {"RetentionPeriodValue": count, "RetentionPeriodUnit": "DAYS"}


def delay(count: int) -> dict[str, Any]:
    return {"UnlockDelay": {"UnlockDelayValue": count, "UnlockDelayUnit": "DAYS"}}


@pytest.fixture
def rbin(sandbox: Sandbox) -> Any:
    sandbox.pending_s = 0
    return sandbox.client("rbin")


@pytest.fixture
def create(rbin: Any) -> Create:
    def create(count: int = 7, kind: str = "EC2_IMAGE", **more: Any) -> Any:
        return rbin.create_rule(RetentionPeriod=days(count), ResourceType=kind, **more)

    return create


def reason(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response: Any = caught.value.response
    return response["Error"]["Code"], response.get("Reason", "")


INVALID = ("ValidationException", "INVALID_PARAMETER_VALUE")
CONFLICT = ("ConflictException", "INVALID_RULE_STATE")
FULL = ("ServiceQuotaExceededException", "SERVICE_QUOTA_EXCEEDED")
UNKNOWN = ("ResourceNotFoundException", "RULE_NOT_FOUND")


def test_a_rule_is_told_as_it_was_made(rbin: Any, create: Create) -> None:
    made = create(30, ResourceTags=[TEAM], Description="web", Tags=[{"Key": "a", "Value": "b"}])
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["RuleArn"] == f"arn:aws:rbin:us-east-1:123456789012:rule/{made['Identifier']}"
    assert made["Tags"] == [{"Key": "a", "Value": "b"}]
    rule = rbin.get_rule(Identifier=made["Identifier"])
    assert rule["RetentionPeriod"] == days(30)
    assert (rule["ResourceType"], rule["Status"]) == ("EC2_IMAGE", "available")
    assert (rule["ResourceTags"], rule["Description"]) == ([TEAM], "web")
    assert rule.keys().isdisjoint({"LockState", "LockConfiguration", "LockEndTime", "Tags"})
    rbin.delete_rule(Identifier=made["Identifier"])
    assert reason(lambda: rbin.get_rule(Identifier=made["Identifier"])) == UNKNOWN


def test_the_first_rule_of_a_kind_is_pending_and_further_ones_are_not(
    sandbox: Sandbox, create: Create
) -> None:
    sandbox.pending_s = 3600
    assert [create(1)["Status"], create(2)["Status"]] == ["pending", "available"]
    assert create(1, "EBS_SNAPSHOT")["Status"] == "pending"


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 366},
        {"count": 366, "kind": "EBS_SNAPSHOT"},
        {"count": 8, "kind": "EBS_VOLUME"},
        {"ResourceTags": [TEAM], "ExcludeResourceTags": [KEEP]},
        {"ResourceTags": [TEAM], "LockConfiguration": delay(7)},
        {"ExcludeResourceTags": [KEEP], "LockConfiguration": delay(7)},
        {"ExcludeResourceTags": [KEEP] * 6},
        {"Tags": [{"Key": "aws:a", "Value": ""}]},
    ],
)
def test_a_rule_that_cannot_be_is_refused(rbin: Any, create: Create, wrong: Any) -> None:
    assert reason(lambda: create(**wrong)) == INVALID
    assert rbin.list_rules(ResourceType="EC2_IMAGE")["Rules"] == []


def test_quotas_have_an_end(create: Create) -> None:
    for count in range(1, 6):
        create(count, ResourceTags=[TEAM])
    assert reason(lambda: create(ResourceTags=[KEEP, TEAM])) == FULL
    for _ in range(245):
        create()
    assert reason(create) == FULL


def test_rules_are_changed_and_what_would_break_one_changes_nothing(
    rbin: Any, create: Create
) -> None:
    rule = {"Identifier": create(ExcludeResourceTags=[KEEP], Description="old")["Identifier"]}
    for wrong in (
        {"RetentionPeriod": days(400)},
        {"ResourceTags": [TEAM], "Description": "new"},
        {"ResourceType": "EBS_SNAPSHOT"},
    ):
        assert reason(partial(rbin.update_rule, **rule, **wrong)) == INVALID
    assert rbin.get_rule(**rule)["Description"] == "old"
    changed = rbin.update_rule(**rule, RetentionPeriod=days(9), ExcludeResourceTags=[])
    assert (changed["RetentionPeriod"], changed["Description"]) == (days(9), "old")
    assert rbin.get_rule(**rule)["ExcludeResourceTags"] == []
    rbin.update_rule(**rule, ResourceTags=[TEAM])
    assert rbin.get_rule(**rule)["ResourceTags"] == [TEAM]


def test_a_locked_rule_stays_until_its_unlock_delay_is_over(
    sandbox: Sandbox, rbin: Any, create: Create
) -> None:
    rule = {"Identifier": create()["Identifier"]}
    assert reason(lambda: rbin.unlock_rule(**rule)) == CONFLICT
    assert rbin.lock_rule(**rule, LockConfiguration=delay(7))["LockState"] == "locked"
    changes = (
        lambda: rbin.delete_rule(**rule),
        lambda: rbin.update_rule(**rule, Description="x"),
        lambda: rbin.lock_rule(**rule, LockConfiguration=delay(8)),
    )
    assert {reason(change) for change in changes} == {CONFLICT}
    ends = rbin.unlock_rule(**rule)["LockEndTime"]
    assert timedelta(days=6.9) < ends - datetime.now(UTC) <= timedelta(days=7)
    assert rbin.get_rule(**rule)["LockState"] == "pending_unlock"
    assert {reason(change) for change in changes} == {CONFLICT}
    assert reason(lambda: rbin.unlock_rule(**rule)) == CONFLICT
    sandbox.advance(timedelta(days=7))
    told = rbin.get_rule(**rule)
    assert (told["LockState"], told["LockConfiguration"]) == ("unlocked", delay(7))
    assert "LockEndTime" not in told
    assert rbin.lock_rule(**rule, LockConfiguration=delay(9))["LockState"] == "locked"
    assert create(LockConfiguration=delay(30))["LockState"] == "locked"


def test_rules_are_listed_by_kind_tags_and_lock_in_pages(rbin: Any, create: Create) -> None:
    tagged = create(ResourceTags=[TEAM])["Identifier"]
    excluding = create(ExcludeResourceTags=[KEEP])["Identifier"]
    locked = create(LockConfiguration=delay(7))["Identifier"]
    create(kind="EBS_SNAPSHOT")

    def listed(**wish: Any) -> list[str]:
        rules = rbin.list_rules(ResourceType="EC2_IMAGE", **wish)["Rules"]
        return [rule["Identifier"] for rule in rules]

    assert listed() == [tagged, excluding, locked]
    assert listed(ResourceTags=[TEAM]) == [tagged]
    assert listed(ExcludeResourceTags=[KEEP]) == [excluding]
    assert listed(LockState="locked") == [locked]
    pages = rbin.get_paginator("list_rules").paginate(
        ResourceType="EC2_IMAGE", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Rules"]) for page in pages] == [2, 1]
    bad = {"ResourceType": "EC2_IMAGE", "NextToken": "AAAA"}
    assert reason(lambda: rbin.list_rules(**bad)) == ("ValidationException", "INVALID_PAGE_TOKEN")


def test_where_there_is_no_recycle_bin_nothing_is_kept(create: Create) -> None:
    create()
    assert retention("123456789012", "us-east-1", "EC2_IMAGE", {}) == timedelta(days=7)
    assert retention("123456789012", "nowhere-1", "EC2_IMAGE", {}) is None


def test_rules_have_tags(rbin: Any, create: Create) -> None:
    arn = create()["RuleArn"]
    rbin.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    rbin.untag_resource(ResourceArn=arn, TagKeys=["b", "none"])
    tags = rbin.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]
    other = arn.replace("123456789012", "111122223333")
    assert reason(lambda: rbin.list_tags_for_resource(ResourceArn=other)) == UNKNOWN
