"""Reports of how other accounts use an image.

They may lack what instances did in the last day, and launch templates in the last few.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html
"""

from collections.abc import Sequence
from threading import Event

from msgspec import Struct

from goldenami.aws import waits
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.image_use import (
    CreateImageUsageReport,
    DescribeImageUsageReportEntries,
    DescribeImageUsageReports,
)
from goldenami.aws.session import RegionalAws
from goldenami.errors import AwsError, SlowError

_DEPTH = {"OptionName": "version-depth", "OptionValues": ["10000"]}
_KINDS = (
    {"ResourceType": "ec2:Instance"},
    {"ResourceType": "ec2:LaunchTemplate", "ResourceTypeOptions": [_DEPTH]},
)
TIMEOUT_S = 120.0
PERMISSIONS = (
    "ec2:CreateImageUsageReport",
    "ec2:DescribeImageUsageReportEntries",
    "ec2:DescribeImageUsageReports",
)
_PENDING, _AVAILABLE = "pending", "available"


class ForeignUse(Struct, frozen=True, kw_only=True):
    """How many resources of one kind another account has that name an image."""

    account: str
    kind: str
    count: int


def requested(
    regional: RegionalAws, image: str, accounts: Sequence[str] = (), *, token: str
) -> str:
    """Ask for a report of an image's use by some accounts, or by all; return the report's id.

    Args:
        regional: the image's owner, and where it is.
        image: its id.
        accounts: at most 200; none for all of them.
        token: makes a call that is repeated ask for the same report.

    Raises:
        AwsError: EC2 makes none.
    """
    answer = regional.ask(
        CreateImageUsageReport, f"asking who uses {image}",
        ImageId=image, ResourceTypes=list(_KINDS), ClientToken=token,
        **({"AccountIds": list(accounts)} if accounts else {}),
    )  # fmt: skip
    return answer.part


def foreign_use(regional: RegionalAws, report: str) -> list[ForeignUse] | None:
    """Return what a report tells; None as long as it is being made.

    Raises:
        AwsError: it could not be made, or not be read.
    """
    purpose = f"reading the usage report {report}"
    for described in regional.rows(DescribeImageUsageReports, purpose, ReportIds=[report]):
        if described.state == _PENDING:
            return None
        if described.state != _AVAILABLE:
            why = described.state_reason or "AWS gives no reason"
            raise AwsError(f"{purpose} in {regional.region}: it is {described.state}: {why}")
        return [
            ForeignUse(account=each.account_id, kind=each.resource_type, count=each.usage_count)
            for each in regional.rows(DescribeImageUsageReportEntries, purpose, ReportIds=[report])
        ]
    raise AwsError(f"{purpose} in {regional.region}: EC2 does not list it")


def awaited(regional: RegionalAws, image: str, *, token: str) -> list[ForeignUse]:
    """Ask for a report of an image's use by all other accounts, and wait for what it tells.

    Args:
        regional: the image's owner, and where it is.
        image: its id.
        token: makes a call that is repeated ask for the same report.

    Raises:
        AwsError: there is none, or it takes longer than that.
    """
    report = requested(regional, image, token=token)
    context = ActionContext(
        regional=regional, summary=f"asking who uses {image}", parameters={}, cancelled=Event(),
        progress=lambda _: None,
    )  # fmt: skip
    try:
        uses = waits.until(
            context, lambda: foreign_use(regional, report),
            timeout_s=TIMEOUT_S,
            thing=f"the usage report {report}",
            fix="run the same command again in a while: it takes up the same report",
            keeps=True,
        )  # fmt: skip
    except SlowError as error:
        raise AwsError(error.message, fix=error.fix) from error
    return [use for use in uses if use.count]
