"""The regions of the account."""

from collections.abc import Iterable

from goldenami.aws.answers.ec2 import DescribeRegions
from goldenami.aws.session import Aws, identity
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.regions import not_enabled


def enabled(aws: Aws) -> tuple[str, ...]:
    """Return the regions that are enabled for the account, sorted. They are asked for once.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html

    Raises:
        AwsError: they could not be listed.
    """
    return aws.once(_enabled)


def begin(aws: Aws) -> None:
    """Have asked at once who the caller is, and which regions there are: all else hangs on it."""
    aws.begin(identity)
    aws.begin(_enabled)


def _enabled(aws: Aws) -> tuple[str, ...]:
    answer = aws.in_region(aws.region).ask(
        DescribeRegions, "listing the account's regions",
        Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}],
    )  # fmt: skip
    return tuple(sorted(region.value for region in answer.rows))


def places(aws: Aws) -> list[AccountRegion]:
    """Return the enabled regions as places of the caller's own account.

    Raises:
        AwsError: they could not be listed.
    """
    begin(aws)
    return [AccountRegion(aws.account, region) for region in enabled(aws)]


def problems(regions: Iterable[str], aws: Aws) -> list[str]:
    """Say which of the regions an account cannot use, and why.

    Raises:
        AwsError: its regions could not be listed.
    """
    begin(aws)
    usable = enabled(aws)
    return [
        not_enabled(region, aws.partition, aws.partitions)
        for region in regions
        if region not in usable
    ]
