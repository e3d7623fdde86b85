"""An AWS Config aggregator: the inventory of an organization, asked by query.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from goldenami.aws.answers.interface import read_json
from goldenami.aws.answers.others import (
    AggregatedSource,
    CountRow,
    DescribeConfigurationAggregatorSourcesStatus,
    InstanceRow,
    SelectAggregateResourceConfig,
)
from goldenami.aws.errors import explained
from goldenami.aws.regional import RegionalAws
from goldenami.domain.instance import ALIVE

IMAGES_A_QUERY = 100
"""A query has at most 4,096 characters."""

ROWS_A_PAGE = 100
"""The most of a listing; counts come 500 a page, as long as no limit is given."""

_STATES = ", ".join(f"'{state}'" for state in ALIVE)
_ALIVE = f"resourceType = 'AWS::EC2::Instance' AND configuration.state.name IN ({_STATES})"


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


def counts(regional: RegionalAws, aggregator: str) -> list[Count]:
    """Return how many instances each image has, by account and region.

    Raises:
        AwsError: there is no such aggregator, or it may not be asked.
    """
    fields = "accountId, awsRegion, configuration.imageId"
    rows = _select(
        regional, aggregator, CountRow,
        f"SELECT {fields}, COUNT(*) WHERE {_ALIVE} GROUP BY {fields}",
    )  # fmt: skip
    return [
        Count(row.account_id, row.aws_region, row.configuration.image_id, row.count) for row in rows
    ]


def instances(
    regional: RegionalAws, aggregator: str, count: Count, images: Sequence[str]
) -> Iterator[InstanceRow]:
    """Yield the instances of some images in the account and region of a count.

    Raises:
        AwsError: the aggregator could not be asked.
    """
    for start in range(0, len(images), IMAGES_A_QUERY):
        listed = ", ".join(f"'{one}'" for one in images[start : start + IMAGES_A_QUERY])
        yield from _select(
            regional, aggregator, InstanceRow,
            "SELECT resourceId, tags, configuration.imageId, configuration.state.name "
            f"WHERE {_ALIVE} AND accountId = '{count.account}' AND awsRegion = '{count.region}' "
            f"AND configuration.imageId IN ({listed})",
            Limit=ROWS_A_PAGE,
        )  # fmt: skip


def sources(regional: RegionalAws, aggregator: str) -> list[SourceStatus]:
    """Return the accounts and regions that the aggregator has data of, and how old that is.

    https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html

    Raises:
        AwsError: there is no such aggregator, or it may not be asked.
    """
    pages = regional.listed(
        DescribeConfigurationAggregatorSourcesStatus,
        f"reading the sources of aggregator {aggregator}", ConfigurationAggregatorName=aggregator,
    )  # fmt: skip
    return [
        SourceStatus(source.source_id, source.aws_region, _why(source))
        for page in pages
        for source in page.aggregated_source_status_list
    ]


def _why(source: AggregatedSource) -> str:
    if source.last_update_status == "SUCCEEDED":
        return ""
    reason = source.last_error_message or source.last_error_code or "no reason"
    return f"AWS Config says {source.last_update_status}: {reason}"


R = TypeVar("R", CountRow, InstanceRow)


def _select(
    regional: RegionalAws, aggregator: str, kind: type[R], query: str, **more: int
) -> Iterator[R]:
    purpose = f"asking the aggregator {aggregator}"
    pages = regional.listed(
        SelectAggregateResourceConfig, purpose,
        Expression=query, ConfigurationAggregatorName=aggregator, **more,
    )  # fmt: skip
    for page in pages:
        for row in page.results:
            with explained(purpose, regional.region, SelectAggregateResourceConfig.call):
                decoded = read_json(kind, row)
            yield decoded
