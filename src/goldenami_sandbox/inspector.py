"""Amazon Inspector: the state of an account, what is scanned, and what is found.

Otherwise than in moto: an account that never enabled Inspector is told of too; running instances
are covered, and scanned a while after their launch unless a tag excludes them; findings, with
filters and pages.
https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListCoverage.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListFindings.html
https://docs.aws.amazon.com/inspector/latest/user/scanning-ec2.html
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from moto.core.utils import unix_time
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.inspector2.models import AccountStatus, Inspector2Backend, inspector2_backends
from moto.inspector2.responses import Inspector2Response

from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.listing import page
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.vulnerabilities import Vulnerability

COVERAGE_PATH = "{0}/coverage/list$"
"""The path of ListCoverage, which moto lacks."""
EXCLUDING_TAG = "InspectorEc2Exclusion"
PAGE_SIZE = 100
vulnerabilities: dict[str, Sequence[Vulnerability]] = {}
"""What is found on every instance, by region."""

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


class InspectorStore(Inspector2Backend):
    """moto's Inspector store, as AWS has it."""

    @overrides
    def enable(self, account_ids: list[str], resource_types: list[str]) -> list[dict[str, Any]]:
        """Enable scans, in the own account if none is named."""
        return super().enable(account_ids or [self.account_id], resource_types)

    @overrides
    def batch_get_account_status(self, account_ids: list[str]) -> list[dict[str, Any]]:
        """Return the state of accounts, without any of the own one."""
        accounts = account_ids or [self.account_id]
        own = self.account_status.setdefault(self.account_id, AccountStatus(self.account_id))
        known = {**self.account_status, self.account_id: own}
        return [known[account].to_batch_json() for account in accounts if account in known]

    @property
    def instances(self) -> list[Instance]:
        """The instances that Inspector covers."""
        status = self.account_status.get(self.account_id)
        if status is None or status.ec2 != "ENABLED":
            return []
        every = ec2_backends[self.account_id][self.region_name].all_instances()
        return [instance for instance in every if instance.state != "pending"]

    def coverage(self) -> Iterator[dict[str, Any]]:
        """Yield what is covered: the packages of each instance."""
        for instance in self.instances:
            code, reason = self._scan_status(instance)
            covered = {
                "accountId": self.account_id,
                "resourceId": instance.id,
                "resourceType": "AWS_EC2_INSTANCE",
                "scanMode": "EC2_SSM_AGENT_BASED",
                "scanStatus": {"statusCode": code, "reason": reason},
                "scanType": "PACKAGE",
            }
            yield covered | ({"lastScannedAt": unix_time()} if code == "ACTIVE" else {})

    def active_findings(self) -> Iterator[dict[str, Any]]:
        """Yield the findings on the instances that are scanned."""
        for instance in self.instances:
            if self._scan_status(instance)[0] == "ACTIVE":
                for vulnerability in vulnerabilities.get(self.region_name, ()):
                    yield self._finding(instance, vulnerability)

    def _scan_status(self, instance: Instance) -> tuple[str, str]:
        tags = ec2_backends[self.account_id][self.region_name].tags.get(instance.id, {})
        state = cast(SandboxInstanceState, instance.instance_state)
        if EXCLUDING_TAG in tags:
            return "INACTIVE", "EXCLUDED_BY_TAG"
        if state.name != "running":
            ended = state.name in ("shutting-down", "terminated")
            return "INACTIVE", "RESOURCE_TERMINATED" if ended else "EC2_INSTANCE_STOPPED"
        if not state.scanned:
            return "INACTIVE", "PENDING_INITIAL_SCAN"
        return "ACTIVE", "SUCCESSFUL"

    def _finding(self, instance: Instance, vulnerability: Vulnerability) -> dict[str, Any]:
        arn = f"arn:aws:inspector2:{self.region_name}:{self.account_id}:finding"
        version, _, release = vulnerability.version.partition("-")
        package = {
            "name": vulnerability.package,
            "version": version,
            **({"release": release} if release else {}),
            "packageManager": "OS",
            "fixedInVersion": vulnerability.fixed_in or "NotAvailable",
        }
        return {
            "findingArn": f"{arn}/{instance.id}-{vulnerability.id}".lower(),
            "awsAccountId": self.account_id,
            "type": "PACKAGE_VULNERABILITY",
            "severity": vulnerability.severity,
            "status": "SUPPRESSED" if vulnerability.suppressed else "ACTIVE",
            "title": f"{vulnerability.id} - {vulnerability.package}",
            "description": f"{vulnerability.id} is in {vulnerability.package}.",
            "firstObservedAt": unix_time(),
            "lastObservedAt": unix_time(),
            "fixAvailable": "YES" if vulnerability.fixed_in else "NO",
            "remediation": {"recommendation": {"text": "None Provided"}},
            "packageVulnerabilityDetails": {
                "vulnerabilityId": vulnerability.id,
                "source": "NVD",
                "vulnerablePackages": [package],
            },
            "resources": [
                {
                    "type": "AWS_EC2_INSTANCE",
                    "id": instance.id,
                    "region": self.region_name,
                    "details": {"awsEc2Instance": {"imageId": instance.image_id}},
                }
            ],
        }


class InspectorResponse(Inspector2Response):
    """Answers Inspector's operations."""

    @property
    def store(self) -> InspectorStore:
        """The call's account in the call's region."""
        store = inspector2_backends[self.current_account][self.region]
        assert isinstance(store, InspectorStore)  # noqa: S101  for the type checker
        return store

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
            if all(_matches(fields[name](item), wish) for name, wish in criteria.items())
        ]
        size = self._get_int_param("maxResults", PAGE_SIZE)
        items, token = page(matching, size, self._get_param("nextToken"))
        return json.dumps({key: items} | ({"nextToken": token} if token else {}))


def _matches(value: str, wishes: Sequence[Mapping[str, str]]) -> bool:
    """Say whether a value matches any of the wishes, as the filters of Inspector do."""
    return any(_COMPARISONS[wish["comparison"]](value, wish["value"]) for wish in wishes)
