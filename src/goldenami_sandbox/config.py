"""AWS Config: queries of an aggregator over the instances of its accounts, which moto lacks.

Of the query language it knows what an inventory needs: fields, COUNT(*), `=` and IN joined by AND,
and GROUP BY.
https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from moto.config.exceptions import (
    InvalidLimitException,
    NoSuchConfigurationAggregatorException,
)
from moto.config.responses import ConfigResponse as MotoResponse
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2.regions import ENABLED_BY_DEFAULT
from goldenami_sandbox.listing import page

PAGE_SIZE = 25
COUNTS_PAGE_SIZE = 500
LARGEST_PAGE = 100
_QUERY = re.compile(r"SELECT (?P<fields>.+?) WHERE (?P<tests>.+?)(?: GROUP BY (?P<by>.+))?")
_TEST = re.compile(r"(?P<name>[\w.]+) (?:= (?P<is>'[^']*')|IN \((?P<in>[^)]*)\))")
_COUNT = "COUNT(*)"
_RECORDED = ("pending", "running", "stopping", "stopped")
outdated: dict[str, str] = {}
"""The accounts whose data is out of date, and why."""

Row = dict[str, Any]


class ConfigResponse(MotoResponse):
    """Answers AWS Config."""

    def select_aggregate_resource_config(self) -> str:
        """Answer a query over all accounts and regions of an aggregator."""
        query = self._get_param("Expression")
        rows = [json.dumps(one) for one in _selected(query, self._rows())]
        usual = COUNTS_PAGE_SIZE if _COUNT in query else PAGE_SIZE
        some, token = page(rows, self._limit(usual), self._get_param("NextToken"))
        return json.dumps({"Results": some, **({"NextToken": token} if token else {})})

    def describe_configuration_aggregator_sources_status(self) -> str:
        """Tell how the last update of each account and region went."""
        told = [
            _status(account, region)
            for source in self._sources()
            for account in source.account_ids
            for region in source.aws_regions or sorted(ENABLED_BY_DEFAULT)
        ]
        wanted = self._get_param("UpdateStatus")
        told = [one for one in told if not wanted or one["LastUpdateStatus"] in wanted]
        some, token = page(told, self._limit(LARGEST_PAGE), self._get_param("NextToken"))
        more = {"NextToken": token} if token else {}
        return json.dumps({"AggregatedSourceStatusList": some, **more})

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
            for region, store in ec2_backends[account].items():
                for instance in store.all_instances():
                    if instance.state not in _RECORDED:
                        continue
                    own = store.tags.get(instance.id, {})
                    yield {
                        "resourceType": "AWS::EC2::Instance",
                        "resourceId": instance.id,
                        "accountId": account,
                        "awsRegion": region,
                        "tags": [{"key": key, "value": one} for key, one in own.items()],
                        "configuration": {
                            "imageId": instance.image_id,
                            "state": {"name": instance.state},
                        },
                    }


def _status(account: str, region: str) -> Row:
    why = outdated.get(account)
    told = {
        "SourceId": account,
        "SourceType": "ACCOUNT",
        "AwsRegion": region,
        "LastUpdateStatus": "OUTDATED" if why else "SUCCEEDED",
    }
    return {**told, "LastErrorMessage": why} if why else told


def _selected(query: str, rows: Iterator[Row]) -> Iterator[Row]:
    parsed = _QUERY.fullmatch(query)
    if parsed is None:
        raise NotImplementedError(query)
    matching = [one for one in rows if _matches(one, parsed["tests"])]
    fields = parsed["fields"].split(", ")
    if parsed["by"]:
        keys = parsed["by"].split(", ")
        groups = Counter(tuple(_at(one, key) for key in keys) for one in matching)
        for values, count in groups.items():
            yield _nested(dict(zip(keys, values, strict=True))) | {_COUNT: count}
        return
    for one in matching:
        yield _picked(one, fields)


def _matches(row: Row, tests: str) -> bool:
    for test in _TEST.finditer(tests):
        wanted = re.findall(r"'([^']*)'", test["is"] or test["in"])
        if _at(row, test["name"]) not in wanted:
            return False
    return True


def _at(row: Row, name: str) -> Any:
    found: Any = row
    for part in name.split("."):
        found = found[part]
    return found


def _picked(row: Row, fields: Sequence[str]) -> Row:
    """Return the fields of a row."""
    return _nested({name: _at(row, name) for name in fields})


def _nested(fields: Row) -> Row:
    """Return fields of dotted names, each in those above it."""
    found: Row = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        part = found
        for one in above:
            part = part.setdefault(one, {})
        part[last] = value
    return found
