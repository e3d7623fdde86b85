"""An AWS Config aggregator: the inventory of an organization, asked by query.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from goldenami.aws.answers.interface import read_json
from goldenami.aws.answers.others import (
    CountRow,
    DescribeConfigurationAggregatorSourcesStatus,
    InstanceRow,
    SelectAggregateResourceConfig,
)
from goldenami.aws.errors import explained
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import UNSEEN, ImageSeen, Kind, Subject
from goldenami.domain.instance import ALIVE

IMAGES_A_QUERY = 100
"""A query has at most 4,096 characters."""

ROWS_A_PAGE = 100
"""The most of a listing; counts come 500 a page, as long as no limit is given."""

R = TypeVar("R", CountRow, InstanceRow)

_STATES = ", ".join(f"'{state}'" for state in ALIVE)
_ALIVE = f"resourceType = 'AWS::EC2::Instance' AND configuration.state.name IN ({_STATES})"


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

    def counts(self) -> dict[AccountRegion, dict[str, int]]:
        """Return how many instances each image has, by its id in each place."""
        fields = "accountId, awsRegion, configuration.imageId"
        query = f"SELECT {fields}, COUNT(*) WHERE {_ALIVE} GROUP BY {fields}"
        counts: dict[AccountRegion, dict[str, int]] = {}
        for row in self._rows(CountRow, query):
            images = counts.setdefault(AccountRegion(row.account_id, row.aws_region), {})
            images[row.configuration.image_id] = row.count
        return counts

    def instances(
        self, place: AccountRegion, ids: Sequence[str], images: Mapping[str, ImageSeen]
    ) -> Iterator[Subject]:
        """Yield the instances of some images in a region of an account.

        Args:
            place: where.
            ids: the images.
            images: what is known of them; one that is not among them is unseen.
        """
        for start in range(0, len(ids), IMAGES_A_QUERY):
            quoted = ", ".join(f"'{image_id}'" for image_id in ids[start : start + IMAGES_A_QUERY])
            query = (
                "SELECT resourceId, tags, configuration.imageId, configuration.state.name "
                f"WHERE {_ALIVE} AND accountId = '{place.account}' "
                f"AND awsRegion = '{place.region}' AND configuration.imageId IN ({quoted})"
            )
            for row in self._rows(InstanceRow, query, Limit=ROWS_A_PAGE):
                image_id = row.configuration.image_id
                own = {tag.key: tag.value for tag in row.tags or ()}
                yield Subject(
                    kind=Kind.INSTANCE,
                    account=place.account,
                    region=place.region,
                    id=row.resource_id,
                    name=own.get("Name", ""),
                    state=row.configuration.state.name,
                    image=images.get(image_id) or ImageSeen(id=image_id, state=UNSEEN),
                    tags=own,
                )

    def sources(self) -> dict[AccountRegion, str]:
        """Return the places that it has data of, and why that is missing or old; empty if not.

        Region ``*`` is all of them.
        https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html
        """
        sources = self._regional.rows(
            DescribeConfigurationAggregatorSourcesStatus,
            f"reading the sources of aggregator {self.name}",
            ConfigurationAggregatorName=self.name,
        )
        return {AccountRegion(source.account, source.region): source.why for source in sources}

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
