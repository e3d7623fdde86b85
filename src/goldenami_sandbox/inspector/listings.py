"""Amazon Inspector: what is scanned, and what is found, with filters and pages.

moto lacks the former, and has no filters.
https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListCoverage.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListFindings.html
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from goldenami_sandbox.inspector.base import InspectorBase
from goldenami_sandbox.listing import page
from goldenami_sandbox.overriding import overrides

PAGE_SIZE = 100

Told = Mapping[str, Any]
Field = Callable[[Told], Any]
_COVERAGE: Mapping[str, Field] = {
    "accountId": lambda described: described["accountId"],
    "resourceId": lambda described: described["resourceId"],
    "resourceType": lambda described: described["resourceType"],
    "scanStatusCode": lambda described: described["scanStatus"]["statusCode"],
    "scanStatusReason": lambda described: described["scanStatus"]["reason"],
    "scanType": lambda described: described["scanType"],
}
_FINDINGS: Mapping[str, Field] = {
    "awsAccountId": lambda described: described["awsAccountId"],
    "ec2InstanceImageId": lambda described: described["resources"][0]["details"]["awsEc2Instance"][
        "imageId"
    ],
    "findingStatus": lambda described: described["status"],
    "findingType": lambda described: described["type"],
    "resourceId": lambda described: described["resources"][0]["id"],
    "resourceType": lambda described: described["resources"][0]["type"],
    "severity": lambda described: described["severity"],
    "vulnerabilityId": lambda described: described["packageVulnerabilityDetails"][
        "vulnerabilityId"
    ],
}
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUALS": str.__eq__,
    "NOT_EQUALS": str.__ne__,
    "PREFIX": str.startswith,
}


class InspectorListingsResponse(InspectorBase):
    """ListCoverage and ListFindings."""

    def list_coverage(self) -> str:
        """List what is scanned, and how that goes."""
        return self._paged("coveredResources", self.store.coverage(), _COVERAGE)

    @overrides
    def list_findings(self) -> str:
        """List what was found."""
        return self._paged("findings", self.store.active_findings(), _FINDINGS)

    def _paged(self, key: str, described: Iterator[Told], fields: Mapping[str, Field]) -> str:
        criteria = self._get_param("filterCriteria") or {}
        lacking = sorted(criteria.keys() - fields.keys())
        if lacking or self._get_param("sortCriteria"):
            raise NotImplementedError(", ".join(lacking) or "sortCriteria")
        matching = [
            item
            for item in described
            if all(matches(fields[name](item), wish) for name, wish in criteria.items())
        ]
        size = self._get_int_param("maxResults", PAGE_SIZE)
        items, token = page(matching, size, self._get_param("nextToken"))
        return json.dumps({key: items} | ({"nextToken": token} if token else {}))


def matches(value: str, wishes: Sequence[Mapping[str, str]]) -> bool:
    """Say whether a value matches any of the wishes, as the filters of Inspector do."""
    return any(_COMPARISONS[wish["comparison"]](value, wish["value"]) for wish in wishes)
