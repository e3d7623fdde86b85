"""Reports of how other accounts use an image."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
CONSUMERS = ("444455556666", "777788889999")
INSTANCE, TEMPLATE = "ec2:Instance", "ec2:LaunchTemplate"
KINDS = [{"ResourceType": INSTANCE}, {"ResourceType": TEMPLATE}]
TAG = {"Key": "team", "Value": "platform"}


@pytest.fixture
def used(sandbox: Sandbox, ec2: Any, launch: Make, bake: Make) -> str:
    """An image with three instances and a template elsewhere, and one of each at home."""
    image_id = bake()
    permissions = {"Add": [{"UserId": account} for account in CONSUMERS]}
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=permissions)
    for account, count in zip(CONSUMERS, (2, 1), strict=True):
        consumer = sandbox.client("ec2", account=account)
        consumer.run_instances(
            ImageId=image_id, InstanceType="t3.micro", MinCount=count, MaxCount=count
        )
    for version in (image_id, image_id, *["ami-01234567"] * 20):
        data = {"LaunchTemplateName": "web", "LaunchTemplateData": {"ImageId": version}}
        first = not consumer.describe_launch_templates()["LaunchTemplates"]
        create = (
            consumer.create_launch_template if first else consumer.create_launch_template_version
        )
        create(**data)
    launch(image_id)
    return image_id


def report(client: Any, image_id: str, *kinds: Any, **parameters: Any) -> str:
    answer = client.create_image_usage_report(
        ImageId=image_id, ResourceTypes=list(kinds or KINDS), **parameters
    )
    return str(answer["ReportId"])


def counts(client: Any, **wish: Any) -> set[tuple[str, str, int]]:
    entries = client.describe_image_usage_report_entries(**wish)["ImageUsageReportEntries"]
    return {(each["AccountId"], each["ResourceType"], each["UsageCount"]) for each in entries}


def test_it_counts_what_other_accounts_have(ec2: Any, used: str) -> None:
    two, one = ((account, INSTANCE, n) for account, n in zip(CONSUMERS, (2, 1), strict=True))
    depth = {"OptionName": "version-depth", "OptionValues": ["21"]}
    deep = {"ResourceType": TEMPLATE, "ResourceTypeOptions": [depth]}
    for kinds, expected in (
        (KINDS, {two, one}),  # the template's newest twenty versions name another image
        ([*KINDS[:1], deep], {two, one, (CONSUMERS[1], TEMPLATE, 1)}),
        ([{"ResourceType": "imagebuilder:ImageRecipe"}], set()),
    ):
        report_id = report(ec2, used, *kinds)
        assert counts(ec2, ReportIds=[report_id]) == expected
    ec2.modify_image_attribute(  # what is no longer shared is used nevertheless
        ImageId=used, OperationType="remove", UserIds=list(CONSUMERS), Attribute="launchPermission"
    )
    report_id = report(ec2, used, AccountIds=[CONSUMERS[0], "000000000000"])
    assert counts(ec2, ReportIds=[report_id]) == {two}


def test_entries_are_filtered_and_come_in_pages(ec2: Any, used: str, bake: Make) -> None:
    unused = bake("unused")
    report_id, other = report(ec2, used), report(ec2, unused)
    (described,) = ec2.describe_image_usage_reports(ReportIds=[report_id])["ImageUsageReports"]
    moment = f"{described['CreationTime']:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    for name, value, expected in (
        ("account-id", CONSUMERS[0], 1),
        ("resource-type", TEMPLATE, 0),
        ("creation-time", moment, 2),
        ("creation-time", "2020-*", 0),
    ):
        wish = [{"Name": name, "Values": [value]}]
        assert len(counts(ec2, Filters=wish)) == expected
    assert counts(ec2, ImageIds=[unused]) == counts(ec2, ReportIds=[other]) == set()
    pages = list(
        ec2.get_paginator("describe_image_usage_report_entries").paginate(
            ReportIds=[report_id], PaginationConfig={"PageSize": 1}
        )
    )
    assert [len(page["ImageUsageReportEntries"]) for page in pages] == [1, 1]


def test_it_is_listed_with_its_request_until_it_is_deleted_or_thirty_days_old(
    sandbox: Sandbox, ec2: Any, bake: Make, refused: Any
) -> None:
    image_id = bake()
    sandbox.pending_s = 60
    specification = [{"ResourceType": "image-usage-report", "Tags": [TAG]}]
    request = {"AccountIds": [CONSUMERS[0]], "TagSpecifications": specification}
    report_id = report(ec2, image_id, **request)
    wish = [{"Name": "state", "Values": ["pending"]}, {"Name": "tag:team", "Values": ["*"]}]
    (described,) = ec2.describe_image_usage_reports(Filters=wish)["ImageUsageReports"]
    assert described["ExpirationTime"] - described["CreationTime"] == timedelta(days=30)
    assert (described["ReportId"], described["ImageId"]) == (report_id, image_id)
    assert (described["ResourceTypes"], described["Tags"]) == (KINDS, [TAG])
    assert described["AccountIds"] == [CONSUMERS[0]]
    ec2.delete_tags(Resources=[report_id], Tags=[TAG])
    ec2.create_tags(Resources=[report_id, image_id], Tags=[{"Key": "a", "Value": "b"}])
    assert {tag["ResourceId"] for tag in ec2.describe_tags()["Tags"]} == {report_id, image_id}

    old = report(ec2, image_id)
    store = cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"])
    store.usage_reports[old].created = utcnow() - timedelta(days=31)
    assert ec2.delete_image_usage_report(ReportId=report_id)["Return"]
    for gone in (old, report_id):
        with refused("InvalidImageUsageReportId.NotFound"):
            ec2.describe_image_usage_reports(ReportIds=[gone])
        with refused("InvalidImageUsageReportId.NotFound"):
            ec2.delete_image_usage_report(ReportId=gone)
    assert ec2.describe_image_usage_reports(ImageIds=[image_id])["ImageUsageReports"] == []


def test_a_client_token_makes_one_report(ec2: Any, bake: Make, refused: Any) -> None:
    image_id = bake()
    ids = {report(ec2, image_id, ClientToken="a") for _ in range(2)}
    assert len(ids) == 1
    with refused("IdempotentParameterMismatch"):
        report(ec2, image_id, AccountIds=[CONSUMERS[0]], ClientToken="a")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"ResourceTypes": [{"ResourceType": "ssm:Parameter"}]}, "InvalidParameterValue"),
        ({"AccountIds": ["123"]}, "InvalidParameterValue"),
        ({"AccountIds": [f"{number:012}" for number in range(201)]}, "InvalidParameterValue"),
        (
            {"TagSpecifications": [{"ResourceType": "image", "Tags": [TAG]}]},
            "InvalidParameterValue",
        ),
        ({"ImageId": "ami-01234567"}, "InvalidAMIID.NotFound"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    ec2: Any, bake: Make, refused: Any, parameters: Any, code: str
) -> None:
    request = {"ImageId": bake(), "ResourceTypes": KINDS} | parameters
    with refused(code):
        ec2.create_image_usage_report(**request)
    assert ec2.describe_image_usage_reports()["ImageUsageReports"] == []


def test_the_owner_alone_makes_them(sandbox: Sandbox, ec2: Any, used: str, refused: Any) -> None:
    consumer = sandbox.client("ec2", account=CONSUMERS[0])
    with refused("AuthFailure"):
        report(consumer, used)
    report(ec2, used)
    assert consumer.describe_image_usage_reports()["ImageUsageReports"] == []
