"""AWS Config: queries over the instances of an account, or of an aggregator's accounts.

moto answers the former with nothing, and lacks the latter. `config_query.py` has the language.
https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html
https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from moto.config.exceptions import (
    InvalidLimitException,
    InvalidNextTokenException,
    NoSuchConfigurationAggregatorException,
)
from moto.config.responses import ConfigResponse as MotoResponse
from moto.core.exceptions import JsonRESTError
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from goldenami_sandbox.config_query import COUNT, InvalidQueryError, Query, Row
from goldenami_sandbox.ec2.regions import ENABLED_BY_DEFAULT
from goldenami_sandbox.listing import page
from goldenami_sandbox.overriding import overrides

T = TypeVar("T")
PAGE_SIZE = 25
COUNTS_PAGE_SIZE = 500
LARGEST_PAGE = 100
_RECORDED = ("pending", "running", "stopping", "stopped")
outdated: dict[str, str] = {}
"""The accounts whose data is out of date, and why."""


class ConfigResponse(MotoResponse):
    """Answers AWS Config."""

    @overrides
    def select_resource_config(self) -> str:
        """Answer a query over the account in the region of the call."""
        return self._selected(_rows(self.current_account, self.region))

    def select_aggregate_resource_config(self) -> str:
        """Answer a query over all accounts and regions of an aggregator."""
        return self._selected(self._rows())

    def _selected(self, rows: Iterable[Row]) -> str:
        try:
            query = Query.parse(self._get_param("Expression"))
        except InvalidQueryError as error:
            raise JsonRESTError("InvalidExpressionException", str(error)) from error
        lines = [json.dumps(row) for row in query.select(rows)]
        usual = COUNTS_PAGE_SIZE if COUNT in query.fields else PAGE_SIZE
        some, token = self._page(lines, usual)
        return json.dumps({"Results": some, **({"NextToken": token} if token else {})})

    def describe_configuration_aggregator_sources_status(self) -> str:
        """Tell how the last update of each account and region went."""
        statuses = [
            _status(account, region)
            for source in self._sources()
            for account in source.account_ids
            for region in source.aws_regions or sorted(ENABLED_BY_DEFAULT)
        ]
        states = self._get_param("UpdateStatus")
        statuses = [
            status for status in statuses if not states or status["LastUpdateStatus"] in states
        ]
        some, token = self._page(statuses, LARGEST_PAGE)
        more = {"NextToken": token} if token else {}
        return json.dumps({"AggregatedSourceStatusList": some, **more})

    def _page(self, items: Sequence[T], usual: int) -> tuple[list[T], str]:
        try:
            return page(items, self._limit(usual), self._get_param("NextToken"))
        except EC2ClientError:
            raise InvalidNextTokenException from None

    def _limit(self, usual: int) -> int:
        limit = int(self._get_param("Limit") or 0)
        if limit > LARGEST_PAGE:
            raise InvalidLimitException(limit)
        return limit or usual

    def _sources(self) -> list[Any]:
        name = self._get_param("ConfigurationAggregatorName")
        aggregator = self.config_backend.config_aggregators.get(name)
        if aggregator is None:
            raise NoSuchConfigurationAggregatorException
        return list(aggregator.account_aggregation_sources or ())

    def _accounts(self) -> list[str]:
        return [account for source in self._sources() for account in source.account_ids]

    def _rows(self) -> Iterator[Row]:
        for account in self._accounts():
            if account in outdated:
                continue
            for region in ec2_backends[account]:
                yield from _rows(account, region)


def _rows(account: str, region: str) -> Iterator[Row]:
    store = ec2_backends[account][region]
    for instance in store.all_instances():
        if instance.state not in _RECORDED:
            continue
        own = store.tags.get(instance.id, {})
        yield {
            "resourceType": "AWS::EC2::Instance",
            "resourceId": instance.id,
            "accountId": account,
            "awsRegion": region,
            "tags": [{"key": key, "value": value} for key, value in own.items()],
            "configuration": {"imageId": instance.image_id, "state": {"name": instance.state}},
        }


def _status(account: str, region: str) -> Row:
    why = outdated.get(account)
    status = {
        "SourceId": account,
        "SourceType": "ACCOUNT",
        "AwsRegion": region,
        "LastUpdateStatus": "OUTDATED" if why else "SUCCEEDED",
    }
    return {**status, "LastErrorMessage": why} if why else status
