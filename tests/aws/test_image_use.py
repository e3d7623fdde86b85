"""What names an image, here and in other accounts, on the sandbox."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from goldenami.aws import image_ancestry, image_references, usage_reports
from goldenami.aws.answers.image_use import UsageReportAnswer
from goldenami.aws.image_ancestry import Ancestor
from goldenami.aws.image_references import ImageUser
from goldenami.aws.session import Aws, RegionalAws
from goldenami.aws.usage_reports import ForeignUse
from goldenami.errors import AwsError
from goldenami_sandbox import catalogue
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

HOME, CONSUMER = "us-east-1", "444455556666"
PUBLIC = catalogue.IMAGES[0].id_in(HOME)


@pytest.fixture
def ec2(sandbox: Sandbox) -> Any:
    sandbox.pending_s = 0
    return sandbox.client("ec2")


@pytest.fixture
def regional(ec2: Any) -> RegionalAws:
    return Aws(region=HOME).in_region(HOME)


def launch(client: Any, image: str) -> str:
    answer = client.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    return str(answer["Instances"][0]["InstanceId"])


def test_every_version_of_a_template_names_an_image_and_no_instance_that_is_gone(
    ec2: Any, regional: RegionalAws
) -> None:
    gone, running = launch(ec2, PUBLIC), launch(ec2, PUBLIC)
    ec2.terminate_instances(InstanceIds=[gone])
    made = ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": PUBLIC}
    )
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    for _ in range(30):
        ec2.create_launch_template_version(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-01234567"}
        )
    others = [f"ami-000000{number:02}" for number in range(24)]
    home = f"arn:aws:ec2:{HOME}:{ACCOUNT_ID}"
    assert image_references.users(regional, [*others, PUBLIC]) == [
        ImageUser(image=PUBLIC, kind="ec2:Instance", arn=f"{home}:instance/{running}"),
        ImageUser(
            image=PUBLIC, kind="ec2:LaunchTemplate", arn=f"{home}:launch-template/{template}"
        ),
    ]
    assert image_references.users(regional, []) == []


def test_ancestors_are_told_over_regions_and_though_they_are_gone(
    sandbox: Sandbox, ec2: Any, regional: RegionalAws
) -> None:
    image = ec2.create_image(InstanceId=launch(ec2, PUBLIC), Name="web")["ImageId"]
    away = sandbox.client("ec2", "eu-west-1")
    copy = away.copy_image(Name="copy", SourceImageId=image, SourceRegion=HOME)["ImageId"]
    ec2.deregister_image(ImageId=image)
    assert image_ancestry.ancestors(regional.aws.in_region("eu-west-1"), copy) == [
        Ancestor(image=image, region=HOME),
        Ancestor(image=PUBLIC, region=HOME),
    ]
    assert image_ancestry.ancestors(regional, PUBLIC) == []


def test_a_report_tells_of_other_accounts_once_it_is_available(
    sandbox: Sandbox, ec2: Any, regional: RegionalAws
) -> None:
    image = ec2.create_image(InstanceId=launch(ec2, PUBLIC), Name="web")["ImageId"]
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": CONSUMER}]})
    launch(sandbox.client("ec2", account=CONSUMER), image)
    sandbox.pending_s = 60
    pending = usage_reports.requested(regional, image, token="a")
    assert usage_reports.requested(regional, image, token="a") == pending
    assert usage_reports.foreign_use(regional, pending) is None
    sandbox.pending_s = 0
    for accounts, expected in (
        ((), [ForeignUse(account=CONSUMER, kind="ec2:Instance", count=1)]),
        (("777788889999",), []),
    ):
        report = usage_reports.requested(regional, image, accounts, token=str(accounts))
        assert usage_reports.foreign_use(regional, report) == expected


class Listing:
    """Answers every listing with the same rows."""

    region = HOME

    def __init__(self, *rows: Any) -> None:
        self._rows = rows

    def rows(self, *_: Any, **__: Any) -> Any:
        return iter(self._rows)


@pytest.mark.parametrize(
    ("reason", "says"),
    [(None, "does not list it"), ("Too many.", "it is error: Too many."), ("", "no reason")],
)
def test_a_report_that_could_not_be_made_is_an_error(reason: str | None, says: str) -> None:
    failed = UsageReportAnswer(
        report_id="amiur-1", image_id="ami-1", state="error", state_reason=reason or "",
        creation_time=datetime.now(UTC),
    )  # fmt: skip
    regional = cast(RegionalAws, Listing(*([] if reason is None else [failed])))
    with pytest.raises(AwsError, match=says):
        usage_reports.foreign_use(regional, "amiur-1")
