"""The builds that are under way in a region, by the leases that their bakes hold there."""

from goldenami.aws import lease
from goldenami.aws.answers.ssm import GetParametersByPath
from goldenami.aws.ask import listed
from goldenami.aws.session import Aws


def builds(aws: Aws, region: str) -> frozenset[str]:
    """Return the ids of the builds whose leases are alive.

    Raises:
        AwsError: the leases could not be read.
        GoldenamiError: one of them is not goldenami's.
    """
    pages = listed(aws, region, GetParametersByPath, "looking for leases", Path=lease.PREFIX)
    leases = [
        lease.held(aws, region, parameter, page.response)
        for page in pages
        for parameter in page.parameters
    ]
    return frozenset(one.holder.build for one in leases if not one.lapsed)
