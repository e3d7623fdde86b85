"""Services with few operations here: STS, KMS, quotas, EKS, Config, Inspector, Security Hub."""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct, field

from goldenami.aws.answers.interface import (
    Answer,
    CamelPage,
    CamelRow,
    Row,
    Text,
    listing,
    only,
    single,
)


class GetCallerIdentity(Answer, frozen=True, kw_only=True, rename="pascal"):
    """Who the caller is.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """

    call: ClassVar[str] = "sts:GetCallerIdentity"
    account: Text
    arn: Text


class RoleCredentials(Row, frozen=True, kw_only=True):
    """The credentials of a role's session; never to be shown."""

    access_key_id: Text
    secret_access_key: Text
    session_token: Text
    expiration: datetime

    def __repr__(self) -> str:
        """Show nothing of them."""
        return "RoleCredentials(…)"


AssumeRole = single("sts:AssumeRole", "Credentials", RoleCredentials)
"""A session of a role.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""


DecodeAuthorizationMessage = single("sts:DecodeAuthorizationMessage", "DecodedMessage", str)
"""Why a call is denied.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html"""


class KeyMetadata(Row, frozen=True, kw_only=True):
    """A KMS key."""

    key_state: Text
    key_spec: str = "SYMMETRIC_DEFAULT"  # older answers tell it as CustomerMasterKeySpec
    key_manager: str = "CUSTOMER"  # absent only in answers older than AWS's own keys


DescribeKey = single("kms:DescribeKey", "KeyMetadata", KeyMetadata)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html"""


class GenerateDataKeyWithoutPlaintext(Answer, frozen=True, kw_only=True, rename="pascal"):
    """Nothing: the call is only ever tried, and that is answered by an error."""

    call: ClassVar[str] = "kms:GenerateDataKeyWithoutPlaintext"


GetServiceQuota = single("service-quotas:GetServiceQuota", "Quota", only("Value", float))
"""https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html"""

ListClusters = listing("eks:ListClusters", "clusters", str, CamelPage)
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_ListClusters.html"""

ListNodegroups = listing("eks:ListNodegroups", "nodegroups", str, CamelPage)
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_ListNodegroups.html"""


class NodegroupTemplate(CamelRow, frozen=True, kw_only=True):
    """The launch template of a node group; AWS tells id and name, of which one is enough."""

    id: str = ""
    name: str = ""
    version: str = "$Default"  # absent where none was given

    def __post_init__(self) -> None:
        """Refuse a template without either."""
        if not self.id and not self.name:
            raise ValueError


class Nodegroup(CamelRow, frozen=True, kw_only=True):
    """An EKS node group."""

    nodegroup_arn: str = ""  # may be left out, as documented
    status: str = ""  # the same
    ami_type: str | None = None  # absent where its launch template names the image
    launch_template: NodegroupTemplate | None = None  # absent if it has none of its own
    tags: dict[str, str] = field(default_factory=dict)  # absent if there are none


DescribeNodegroup = single("eks:DescribeNodegroup", "nodegroup", Nodegroup)
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeNodegroup.html"""

SelectAggregateResourceConfig = listing("config:SelectAggregateResourceConfig", "Results", str)
"""https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html"""


class SourceStatus(Row, frozen=True, kw_only=True):
    """An account and region of a Config aggregator, and how its last update went."""

    account: Text = field(name="SourceId")
    region: str = field(default="*", name="AwsRegion")  # absent for an organization: all of them
    last_update_status: Text
    last_error_message: str = ""  # absent if there was none
    last_error_code: str = ""  # the same

    @property
    def why(self) -> str:
        """Why its data is missing or old, empty if it is not."""
        if self.last_update_status == "SUCCEEDED":
            return ""
        reason = self.last_error_message or self.last_error_code or "no reason"
        return f"AWS Config says {self.last_update_status}: {reason}"


DescribeConfigurationAggregatorSourcesStatus = listing(
    "config:DescribeConfigurationAggregatorSourcesStatus",
    "AggregatedSourceStatusList",
    SourceStatus,
)
"""https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html"""


class ScanState(CamelRow, frozen=True, kw_only=True):
    """Whether Inspector scans a kind of resources."""

    status: Text


class ResourceStates(CamelRow, frozen=True, kw_only=True):
    """Whether Inspector scans the kinds of resources."""

    ec2: ScanState


class InspectorAccount(CamelRow, frozen=True, kw_only=True):
    """Inspector in an account."""

    resource_state: ResourceStates


class FailedAccount(CamelRow, frozen=True, kw_only=True):
    """An account that Inspector says nothing of, and why."""

    error_message: Text


class BatchGetAccountStatus(Answer, frozen=True, kw_only=True, rename="camel"):
    """Inspector in the accounts that were asked for.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
    """

    call: ClassVar[str] = "inspector2:BatchGetAccountStatus"
    accounts: tuple[InspectorAccount, ...]
    failed_accounts: tuple[FailedAccount, ...] = ()  # absent if there are none


class ScanStatus(CamelRow, frozen=True, kw_only=True):
    """How the scan of a resource is."""

    status_code: Text
    reason: Text


class CoveredResource(CamelRow, frozen=True, kw_only=True):
    """A resource that Inspector knows."""

    scan_status: ScanStatus
    last_scanned_at: datetime | None = None  # absent before the first scan


ListCoverage = listing("inspector2:ListCoverage", "coveredResources", CoveredResource, CamelPage)
"""https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListCoverage.html"""


class VulnerablePackage(CamelRow, frozen=True, kw_only=True):
    """A package with a vulnerability."""

    name: Text
    version: str = ""  # absent for some package managers, as the release
    release: str = ""
    fixed_in_version: str = "NotAvailable"  # absent if there is no fix

    def __str__(self) -> str:
        version = "-".join(part for part in (self.version, self.release) if part)
        fixed = self.fixed_in_version
        fix = "" if fixed == "NotAvailable" else f" (fixed in {fixed})"
        return f"{self.name} {version}{fix}"


class PackageVulnerability(CamelRow, frozen=True, kw_only=True):
    """A vulnerability, and the packages that have it."""

    vulnerability_id: Text
    vulnerable_packages: tuple[VulnerablePackage, ...] = ()  # absent for code findings


class InspectorFinding(CamelRow, frozen=True, kw_only=True):
    """A finding of a vulnerable package."""

    severity: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNTRIAGED"]
    details: PackageVulnerability = field(name="packageVulnerabilityDetails")
    title: str = ""  # not every finding has one

    @property
    def level(self) -> str:
        """Its severity, as release files write it."""
        return self.severity.lower()

    @property
    def words(self) -> str:
        """What there is to say of it."""
        packages = ", ".join(map(str, self.details.vulnerable_packages)) or "an unnamed package"
        return f"{self.details.vulnerability_id} in {packages}: {self.title}"


ListFindings = listing("inspector2:ListFindings", "findings", InspectorFinding, CamelPage)
"""https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListFindings.html"""


class FailedFinding(Row, frozen=True, kw_only=True):
    """A finding that Security Hub did not take, and why."""

    id: Text
    error_code: Text
    error_message: Text


class BatchImportFindings(Answer, frozen=True, kw_only=True, rename="pascal"):
    """How many findings Security Hub took, and which it did not.

    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
    """

    call: ClassVar[str] = "securityhub:BatchImportFindings"
    failed_count: int
    success_count: int
    failed_findings: tuple[FailedFinding, ...] = ()  # absent if there are none

    def __post_init__(self) -> None:
        """Refuse an answer that counts more failures than it names."""
        if self.failed_count != len(self.failed_findings):
            raise ValueError


class TopicMessage(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A message that a topic took.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """

    call: ClassVar[str] = "sns:Publish"
    message_id: Text


class ConfigImage(Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration of an instance, as far as an image is counted by it."""

    image_id: Text


class CountRow(Struct, frozen=True, kw_only=True, rename={
    "account_id": "accountId", "aws_region": "awsRegion", "count": "COUNT(*)",
}):  # fmt: skip
    """How many instances of an image there are in a region of an account."""

    account_id: Text
    aws_region: Text
    configuration: ConfigImage
    count: int


class ConfigState(Struct, frozen=True, kw_only=True):
    """The state of an instance."""

    name: str = ""  # a recorder may leave it out


class InstanceConfiguration(Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration of an instance."""

    image_id: Text
    state: ConfigState = ConfigState()  # a recorder may leave it out


class ConfigTag(Struct, frozen=True, kw_only=True):
    """A tag of an instance."""

    key: Text
    value: str


class InstanceRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """An instance of an aggregator."""

    resource_id: Text
    configuration: InstanceConfiguration
    tags: tuple[ConfigTag, ...] | None = None  # absent or null if there are none
