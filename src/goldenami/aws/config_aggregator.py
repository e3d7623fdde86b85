"""An AWS Config aggregator: the inventory of an organization, asked by query.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from goldenami.aws.answers.interface import read_json
from goldenami.aws.answers.others import (
    CountRow,
    DescribeConfigurationAggregatorSourcesStatus,
    InstanceRow,
    SelectAggregateResourceConfig,
)
from goldenami.aws.answers.others import SourceStatus as SourceStatus
from goldenami.aws.errors import explained
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.instance import ALIVE

IMAGES_A_QUERY = 100
"""A query has at most 4,096 characters."""

ROWS_A_PAGE = 100
"""The most of a listing; counts come 500 a page, as long as no limit is given."""

R = TypeVar("R", CountRow, InstanceRow)

_STATES = ", ".join(f"'{state}'" for state in ALIVE)
_ALIVE = f"resourceType = 'AWS::EC2::Instance' AND configuration.state.name IN ({_STATES})"


class Count(Struct, frozen=True):
    """How many instances of an image there are in a region of an account."""

    account: str
    region: str
    image: str
    instances: int


class AggregatedInstance(Struct, frozen=True):
    """An instance, as far as the aggregator knows it; its state may be left out by a recorder."""

    id: str
    image: str
    state: str
    tags: Mapping[str, str]


class Aggregator:
    """An aggregator of AWS Config.

    Every method raises an AwsError if there is no such aggregator, or it may not be asked.

    Args:
        regional: whose, and where.
        name: its name.
    """

    def __init__(self, regional: RegionalAws, name: str) -> None:
        self._regional = regional
        self.name = name

    def counts(self) -> Iterator[Count]:
        """Yield how many instances each image has, by account and region."""
        fields = "accountId, awsRegion, configuration.imageId"
        query = f"SELECT {fields}, COUNT(*) WHERE {_ALIVE} GROUP BY {fields}"
        for row in self._rows(CountRow, query):
            yield Count(row.account_id, row.aws_region, row.configuration.image_id, row.count)

    def instances(
        self, place: AccountRegion, images: Sequence[str]
    ) -> Iterator[AggregatedInstance]:
        """Yield the instances of some images in a region of an account."""
        for start in range(0, len(images), IMAGES_A_QUERY):
            quoted = ", ".join(f"'{image}'" for image in images[start : start + IMAGES_A_QUERY])
            query = (
                "SELECT resourceId, tags, configuration.imageId, configuration.state.name "
                f"WHERE {_ALIVE} AND accountId = '{place.account}' "
                f"AND awsRegion = '{place.region}' AND configuration.imageId IN ({quoted})"
            )
            for row in self._rows(InstanceRow, query, Limit=ROWS_A_PAGE):
                yield AggregatedInstance(
                    row.resource_id,
                    row.configuration.image_id,
                    row.configuration.state.name,
                    {tag.key: tag.value for tag in row.tags or ()},
                )

    def sources(self) -> list[SourceStatus]:
        """Return the accounts and regions that it has data of, and how old that is.

        https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html
        """
        sources = self._regional.rows(
            DescribeConfigurationAggregatorSourcesStatus,
            f"reading the sources of aggregator {self.name}",
            ConfigurationAggregatorName=self.name,
        )
        return list(sources)

    def _rows(self, kind: type[R], query: str, **more: int) -> Iterator[R]:
        purpose = f"asking the aggregator {self.name}"
        rows = self._regional.rows(
            SelectAggregateResourceConfig,
            purpose,
            Expression=query,
            ConfigurationAggregatorName=self.name,
            **more,
        )
        for row in rows:
            with explained(purpose, self._regional.region, SelectAggregateResourceConfig.call):
                decoded = read_json(kind, row)
            yield decoded
