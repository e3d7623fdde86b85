"""What Amazon Inspector covers in an account, and what it finds on instances.

Otherwise than in moto: an account that never enabled Inspector is told of too; running instances
are covered, and scanned a while after their launch unless a tag excludes them.
https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
https://docs.aws.amazon.com/inspector/latest/user/scanning-ec2.html
"""

from collections.abc import Iterator
from typing import Any, cast

from moto.core.utils import unix_time
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.inspector2.models import AccountStatus, Inspector2Backend

from goldenami_sandbox.ec2.image_scans import SUCCESSFUL
from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.inspector.software import Described
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.vulnerabilities import Vulnerability, of_image

EXCLUDING_TAG = "InspectorEc2Exclusion"


class InspectorStore(Inspector2Backend):
    """moto's Inspector store, as AWS has it."""

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.scan_tokens: dict[str, str] = {}
        """The scans by the client tokens that they were started with."""
        self.sbom_exports: dict[str, Any] = {}

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
    def ec2(self) -> Ec2Store:
        """The account's EC2 in the region."""
        return cast(Ec2Store, ec2_backends[self.account_id][self.region_name])

    @property
    def instances(self) -> list[Instance]:
        """The instances that Inspector covers."""
        status = self.account_status.get(self.account_id)
        if status is None or status.ec2 != "ENABLED":
            return []
        every = self.ec2.all_instances()
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
                for vulnerability in self.vulnerabilities(instance.image_id):
                    yield self._finding(instance, vulnerability)

    def vulnerabilities(self, image_id: str) -> tuple[Vulnerability, ...]:
        """Return what is wrong with an image, and so with its instances."""
        image = self.ec2.launched_from(image_id)
        return of_image(self.region_name, image_id, image.name if image else "")

    def inventory(self) -> Iterator[Described]:
        """Yield what has software that Inspector knows: scanned instances, and scanned images."""
        for instance in self.instances:
            if self._scan_status(instance)[0] == "ACTIVE":
                yield Described(
                    id=instance.id,
                    resource_type="AWS_EC2_INSTANCE",
                    account_id=self.account_id,
                    architecture=instance.architecture or "x86_64",
                    image_id=instance.image_id,
                    tags=self.ec2.tags.get(instance.id, {}),
                    vulnerabilities=self.vulnerabilities(instance.image_id),
                )
        for image in self.ec2.images.values():
            scans = [scan for scan in image.scans if scan.status == SUCCESSFUL]
            if image.owned and scans:
                yield Described(
                    id=image.id,
                    resource_type="MACHINE_IMAGE",
                    account_id=self.account_id,
                    architecture=image.architecture,
                    image_id=image.id,
                    tags={},
                    vulnerabilities=scans[-1].vulnerabilities,
                )

    def _scan_status(self, instance: Instance) -> tuple[str, str]:
        tags = self.ec2.tags.get(instance.id, {})
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
