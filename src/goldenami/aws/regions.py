"""The regions of the account."""

from collections.abc import Iterable

from goldenami.aws.answers.ec2 import DescribeRegions
from goldenami.aws.session import Aws
from goldenami.domain.regions import not_enabled


def enabled(aws: Aws) -> tuple[str, ...]:
    """Return the regions that are enabled for the account, sorted.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    answer = aws.in_region(aws.region).ask(
        DescribeRegions, "listing the account's regions",
        Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}],
    )  # fmt: skip
    return tuple(sorted(region.value for region in answer.rows))


def problems(regions: Iterable[str], aws: Aws) -> list[str]:
    """Say which of the regions an account cannot use, and why.

    Raises:
        AwsError: its regions could not be listed.
    """
    usable = enabled(aws)
    return [
        not_enabled(region, aws.partition, aws.partitions)
        for region in regions
        if region not in usable
    ]
