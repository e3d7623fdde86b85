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

from moto.config.exceptions import NoSuchConfigurationAggregatorException
from moto.config.responses import ConfigResponse as MotoResponse
from moto.ec2.models import ec2_backends

from goldenami.sandbox.mends.listing import page

PAGE_SIZE = 25
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
        rows = list(_selected(self._get_param("Expression"), self._rows()))
        size = self._get_param("Limit") or PAGE_SIZE
        some, token = page([json.dumps(one) for one in rows], size, self._get_param("NextToken"))
        return json.dumps({"Results": some, **({"NextToken": token} if token else {})})

    def describe_configuration_aggregator_sources_status(self) -> str:
        """Tell how the last update of each account went."""
        wanted = self._get_param("UpdateStatus") or []
        told = []
        for account in self._accounts():
            why = outdated.get(account)
            status = "OUTDATED" if why else "SUCCEEDED"
            one = {"SourceId": account, "SourceType": "ACCOUNT", "LastUpdateStatus": status}
            if not wanted or status in wanted:
                told.append({**one, "LastErrorMessage": why} if why else one)
        return json.dumps({"AggregatedSourceStatusList": told})

    def _accounts(self) -> list[str]:
        name = self._get_param("ConfigurationAggregatorName")
        aggregator = self.config_backend.config_aggregators.get(name)
        if aggregator is None:
            raise NoSuchConfigurationAggregatorException
        return [
            account
            for source in aggregator.account_aggregation_sources or ()
            for account in source.account_ids
        ]

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
            yield dict(zip(keys, values, strict=True)) | {_COUNT: count}
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
    """Return the fields of a row, nested as they are in it."""
    found: Row = {}
    for name in fields:
        *above, last = name.split(".")
        part = found
        for one in above:
            part = part.setdefault(one, {})
        part[last] = _at(row, name)
    return found
