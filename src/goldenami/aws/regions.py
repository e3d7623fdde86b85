"""The regions of the account."""

from collections.abc import Iterable
from difflib import get_close_matches

from goldenami.aws.answers.ec2 import DescribeRegions
from goldenami.aws.session import Aws


def enabled(aws: Aws) -> tuple[str, ...]:
    """Return the regions that are enabled for the account, sorted.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    answer = aws.in_region(aws.region).ask(
        DescribeRegions, "listing the account's regions",
        Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}],
    )  # fmt: skip
    return tuple(sorted(region.value for region in answer.rows))


def problems(regions: Iterable[str], enabled: tuple[str, ...]) -> list[str]:
    """Say which of the regions the account cannot use."""
    problems = []
    for region in regions:
        if region not in enabled:
            close = get_close_matches(region, enabled, n=1)
            hint = f"; did you mean `{close[0]}`?" if close else ""
            problems.append(f"region `{region}` is not enabled for this account{hint}")
    return problems
