"""Amazon Inspector's exports of what software there is: reports that it writes into a bucket.

moto lacks them. Inspector writes them as a service of AWS's: bucket and key have to let it.
https://docs.aws.amazon.com/inspector/latest/user/sbom-export.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_CreateSbomExport.html
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random

from goldenami_sandbox import clock
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.enforcement.trust import trusts_service
from goldenami_sandbox.inspector.base import InspectorBase
from goldenami_sandbox.inspector.listings import matches
from goldenami_sandbox.inspector.software import FORMATS, Described
from goldenami_sandbox.inspector.store import InspectorStore
from goldenami_sandbox.modelled import ModelledError

if TYPE_CHECKING:
    from moto.s3.models import S3Backend

_FIELDS: Mapping[str, Callable[[Described], str]] = {
    "accountId": lambda thing: thing.account_id,
    "resourceId": lambda thing: thing.id,
    "resourceType": lambda thing: thing.resource_type,
}
_TAGS = "ec2InstanceTags"
_MESSAGES = {
    "NO_FINDINGS_FOUND": "No resources match the filter criteria.",
    "BUCKET_NOT_FOUND": "The specified bucket does not exist.",
    "INCOMPATIBLE_BUCKET_REGION": "The bucket is in another Region.",
    "INVALID_PERMISSIONS": "Amazon Inspector is not allowed to use the bucket or the KMS key.",
    "MALFORMED_KMS_KEY": "The KMS key is not valid.",
}


@dataclass
class SbomExport:
    """An export; ``error`` is the code of why it ends without success."""

    id: str
    format: str
    destination: Mapping[str, str]
    criteria: Mapping[str, Any]
    documents: Mapping[str, bytes]
    error: str
    cancelled: bool = False
    written: bool = False
    readiness: Countdown = field(default_factory=Countdown, repr=False)

    @property
    def status(self) -> str:
        """How it goes."""
        if self.cancelled:
            return "CANCELLED"
        if not self.readiness.ended:
            return "IN_PROGRESS"
        return "FAILED" if self.error else "SUCCEEDED"

    def described(self) -> dict[str, Any]:
        """Return it as GetSbomExport does; what AWS leaves out is None."""
        failed = self.status == "FAILED"
        return {
            "reportId": self.id,
            "format": self.format,
            "status": self.status,
            "errorCode": self.error if failed else None,
            "errorMessage": _MESSAGES[self.error] if failed else None,
            "s3Destination": self.destination,
            "filterCriteria": self.criteria,
        }

    def write(self) -> None:
        """Put its documents into the bucket, once they are ready."""
        if self.written or self.status != "SUCCEEDED":
            return
        s3, bucket = _s3(self.destination["bucketName"]), self.destination["bucketName"]
        if s3 is None:
            self.error = "BUCKET_NOT_FOUND"
            return
        for key, document in self.documents.items():
            s3.put_object(
                bucket, key, document,
                encryption="aws:kms", kms_key_id=self.destination["kmsKeyArn"],
            )  # fmt: skip
        self.written = True


class SbomExportsResponse(InspectorBase):
    """Create, get and cancel."""

    def create_sbom_export(self) -> ActionResult:
        """Begin an export of what matches the criteria."""
        criteria = self._get_param("resourceFilterCriteria") or {}
        unknown = sorted(criteria.keys() - _FIELDS.keys() - {_TAGS})
        if unknown:
            raise NotImplementedError(", ".join(unknown))
        destination, kind = self._get_param("s3Destination"), self._get_param("reportFormat")
        report_id = str(UUID(mock_random.get_random_hex(32)))
        things = [each for each in self.store.inventory() if _satisfies(each, criteria)]
        folder = f"{_prefix(destination)}{kind}_outputs_{report_id}"
        now = clock.now()
        documents = {
            f"{folder}/account={each.account_id}/resource={each.resource_type}/"
            f"{each.id}_{kind}.json": json.dumps(FORMATS[kind](each, now)).encode()
            for each in things
        }
        error = "" if documents else "NO_FINDINGS_FOUND"
        error = _obstacle(self.store, destination) or error
        export = SbomExport(report_id, kind, destination, criteria, documents, error)
        export.write()
        self.store.sbom_exports[report_id] = export
        return ActionResult({"reportId": report_id})

    def get_sbom_export(self) -> ActionResult:
        """Tell how an export goes."""
        export = self._export()
        export.write()
        return ActionResult(export.described())

    def cancel_sbom_export(self) -> ActionResult:
        """Cancel an export that has not ended."""
        export = self._export()
        if export.status != "IN_PROGRESS":
            raise ModelledError(
                "ValidationException",
                f"The report {export.id} is {export.status}, and can't be cancelled.",
                reason="OTHER",
            )
        export.cancelled = True
        return ActionResult({"reportId": export.id})

    def _export(self) -> SbomExport:
        report_id = self._get_param("reportId")
        export: SbomExport | None = self.store.sbom_exports.get(report_id)
        if export is None:
            raise ModelledError("ResourceNotFoundException", f"There is no report {report_id}.")
        return export


def _satisfies(thing: Described, criteria: Mapping[str, Sequence[Mapping[str, str]]]) -> bool:
    tags = criteria.get(_TAGS)
    if tags and not any(
        thing.tags.get(wish["key"]) == wish.get("value", thing.tags.get(wish["key"]))
        for wish in tags
        if wish["key"] in thing.tags
    ):
        return False
    return all(
        matches(_FIELDS[name](thing), wishes) for name, wishes in criteria.items() if name != _TAGS
    )


def _prefix(destination: Mapping[str, str]) -> str:
    prefix = destination.get("keyPrefix", "").rstrip("/")
    return f"{prefix}/" if prefix else ""


def _obstacle(store: InspectorStore, destination: Mapping[str, str]) -> str:
    """Return the code of what keeps Inspector from writing into a bucket; empty if nothing does."""
    s3 = _s3(destination["bucketName"])
    if s3 is None:
        return "BUCKET_NOT_FOUND"
    bucket = s3.get_bucket(destination["bucketName"])
    if bucket.region_name != store.region_name:
        return "INCOMPATIBLE_BUCKET_REGION"
    arn = destination["kmsKeyArn"]
    key = store.ec2.key(arn) if arn.startswith("arn:") and ":key/" in arn else None
    if key is None:
        return "MALFORMED_KMS_KEY"
    policy = (bucket.policy or b'{"Statement": []}').decode()
    trusted = trusts_service(policy, "inspector2", "s3:PutObject") and trusts_service(
        key.policy, "inspector2", "kms:GenerateDataKey"
    )
    owned = destination.get("expectedBucketOwner", bucket.account_id) == bucket.account_id
    return "" if trusted and owned else "INVALID_PERMISSIONS"


def _s3(bucket: str) -> "S3Backend | None":
    """Return the S3 of a bucket's account, None if there is no such bucket."""
    from moto.s3.models import s3_backends

    if bucket not in s3_backends.bucket_accounts:
        return None
    partition, account_id = s3_backends.bucket_accounts[bucket]
    return s3_backends[account_id][partition]
