"""An AWS Config aggregator: the inventory of an organization, asked by query.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.session import Aws

IMAGES_A_QUERY = 100
"""A query has at most 4,096 characters."""

ROWS_A_PAGE = 100
"""The most of a listing; counts come 500 a page, as long as no limit is given."""

_ALIVE = (
    "resourceType = 'AWS::EC2::Instance' AND "
    "configuration.state.name IN ('pending', 'running', 'stopping', 'stopped')"
)


class Count(Struct, frozen=True):
    """How many instances of an image there are in a region of an account."""

    account: str
    region: str
    image: str
    instances: int


class SourceStatus(Struct, frozen=True):
    """A source of the aggregator; ``why`` says why its data is missing or old, empty if it is not.

    Region ``*`` is all of them.
    """

    account: str
    region: str
    why: str


def counts(aws: Aws, region: str, aggregator: str) -> list[Count]:
    """Return how many instances each image has, by account and region.

    Raises:
        AwsError: there is no such aggregator, or it may not be asked.
    """
    fields = "accountId, awsRegion, configuration.imageId"
    rows = _select(
        aws, region, aggregator,
        f"SELECT {fields}, COUNT(*) WHERE {_ALIVE} GROUP BY {fields}",
    )  # fmt: skip
    return [
        Count(
            str(one["accountId"]),
            str(one["awsRegion"]),
            str(one["configuration"]["imageId"]),
            int(one["COUNT(*)"]),
        )
        for one in rows
    ]


def instances(
    aws: Aws, region: str, aggregator: str, count: Count, images: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield the instances of some images in the account and region of a count.

    Raises:
        AwsError: the aggregator could not be asked.
    """
    for start in range(0, len(images), IMAGES_A_QUERY):
        listed = ", ".join(f"'{one}'" for one in images[start : start + IMAGES_A_QUERY])
        yield from _select(
            aws, region, aggregator,
            "SELECT resourceId, tags, configuration.imageId, configuration.state.name "
            f"WHERE {_ALIVE} AND accountId = '{count.account}' AND awsRegion = '{count.region}' "
            f"AND configuration.imageId IN ({listed})",
            Limit=ROWS_A_PAGE,
        )  # fmt: skip


def sources(aws: Aws, region: str, aggregator: str) -> list[SourceStatus]:
    """Return the accounts and regions that the aggregator has data of, and how old that is.

    https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html

    Raises:
        AwsError: there is no such aggregator, or it may not be asked.
    """
    told = pages(
        aws, "config", "describe_configuration_aggregator_sources_status",
        "AggregatedSourceStatusList", region, f"reading the sources of aggregator {aggregator}",
        ConfigurationAggregatorName=aggregator,
    )  # fmt: skip
    return [SourceStatus(one["SourceId"], one.get("AwsRegion", "*"), _why(one)) for one in told]


def _why(status: Mapping[str, Any]) -> str:
    if status["LastUpdateStatus"] == "SUCCEEDED":
        return ""
    reason = status.get("LastErrorMessage") or status.get("LastErrorCode", "no reason")
    return f"AWS Config says {status['LastUpdateStatus']}: {reason}"


def _select(
    aws: Aws, region: str, aggregator: str, query: str, **more: int
) -> Iterator[Mapping[str, Any]]:
    rows = pages(
        aws, "config", "select_aggregate_resource_config", "Results", region,
        f"asking the aggregator {aggregator}", Expression=query,
        ConfigurationAggregatorName=aggregator, **more,
    )  # fmt: skip
    for row in rows:
        yield msgspec.json.decode(row)
