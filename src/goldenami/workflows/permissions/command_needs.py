"""What commands call but bake and approve: at home, in the accounts that get copies, rarely."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from goldenami.aws import (
    deprecations,
    image_scans,
    lease,
    leftovers,
    manifests,
    parameters,
    pointers,
    records,
    sbom_exports,
)
from goldenami.domain.choices import PermissionCommand
from goldenami.spec import ReleaseFile
from goldenami.workflows import remediate
from goldenami.workflows.enforce import managed_policies, organization_policies
from goldenami.workflows.enforce.operations import PolicyOperations
from goldenami.workflows.lifecycle import (
    descendants,
    guard,
    launch_proof,
    launchable,
    promotion,
    releases,
    uses,
)
from goldenami.workflows.release import guardrail
from goldenami.workflows.remediate import instances, quarantine, refresh

_LEASE = lease.PERMISSIONS
_STATUS = ("ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeImages", "ec2:DescribeSnapshots")
_WRITTEN_DOWN = (*records.WRITE_PERMISSIONS, *manifests.PERMISSIONS)
_FROM_RELEASES = ("ec2:DescribeImages",)
"""What is read of another account's images; records and manifests are the home account's."""
LABELS = ("ssm:LabelParameterVersion",)
"""What publishing a version needs beside what it says itself."""


def has_scp(file: ReleaseFile) -> bool:
    """Tell whether an enforcement has policies of the organization."""
    return file.enforcement.enforce.mechanisms.scp is not None


def _moving(file: ReleaseFile) -> Iterable[str]:
    return (*promotion.PERMISSIONS, *pointers.PERMISSIONS, *LABELS)


def _rollback(file: ReleaseFile) -> Iterable[str]:
    return (*_moving(file), *launchable.PERMISSIONS, *_RELAUNCHED, *_listing(file))


_RELAUNCHED = (
    "ec2:DisableImageDeprecation", "ec2:EnableImage", "ec2:ModifyImageAttribute", *_STATUS,
)  # fmt: skip
"""What makes an image launchable again."""


def _listing(file: ReleaseFile) -> tuple[str, ...]:
    return guardrail.permissions(organization=has_scp(file))


def _deprecate(_: ReleaseFile) -> Iterable[str]:
    return (
        *releases.PERMISSIONS, *_LEASE, *_STATUS, *_WRITTEN_DOWN, *pointers.READING,
        *deprecations.PERMISSIONS,
    )  # fmt: skip


def _revoke(_: ReleaseFile) -> Iterable[str]:
    """Let the dry run of a launch be refused: that is what it is for."""
    return (
        *releases.PERMISSIONS, *_LEASE, *_STATUS, *_WRITTEN_DOWN, *descendants.PERMISSIONS,
        *pointers.READING, *pointers.PERMISSIONS, *LABELS, *uses.PERMISSIONS,
        *(each for each in launch_proof.PERMISSIONS if each != launch_proof.LAUNCH),
        "ec2:DisableImage", *deprecations.PERMISSIONS,
    )  # fmt: skip


def _restore(file: ReleaseFile) -> Iterable[str]:
    return (
        *releases.PERMISSIONS, *_LEASE, *_WRITTEN_DOWN, *launchable.PERMISSIONS, *_RELAUNCHED,
        *_listing(file), "ec2:ListImagesInRecycleBin", "ec2:ListSnapshotsInRecycleBin",
        "ec2:RestoreImageFromRecycleBin", "ec2:RestoreSnapshotFromRecycleBin", "rbin:GetRule",
        "rbin:ListRules",
    )  # fmt: skip


def _retire(_: ReleaseFile) -> Iterable[str]:
    return (
        *releases.PERMISSIONS, *_LEASE, *_STATUS, *_WRITTEN_DOWN, *pointers.READING,
        *pointers.PERMISSIONS, *guard.PERMISSIONS, *deprecations.PERMISSIONS,
        "ec2:DeleteSnapshot", "ec2:DescribeSnapshotAttribute", "ec2:DisableImage",
        "ec2:DisableImageDeregistrationProtection", "ec2:ListImagesInRecycleBin",
        "ec2:ListSnapshotsInRecycleBin", "rbin:GetRule", "rbin:ListRules",
    )  # fmt: skip


def _outdated(_: ReleaseFile) -> Iterable[str]:
    return ("ec2:DescribeImages", "ssm:GetParameter", "ssm:GetParameters", "ec2:GetImageFindings")


def _rescan(_: ReleaseFile) -> Iterable[str]:
    return (*releases.PERMISSIONS, *image_scans.PERMISSIONS)


def _sbom(_: ReleaseFile) -> Iterable[str]:
    return (*releases.PERMISSIONS, *_LEASE, *sbom_exports.PERMISSIONS, *manifests.PERMISSIONS)


def _sweep(_: ReleaseFile) -> Iterable[str]:
    return (
        *leftovers.PERMISSIONS, "ec2:TerminateInstances", "ec2:DeregisterImage",
        "ec2:DeleteSnapshot", "ec2:DeleteVolume", "ec2:DeleteKeyPair", "ec2:DeleteSecurityGroup",
        "ssm:DeleteParameter",
    )  # fmt: skip


def _of_table(operations: PolicyOperations) -> Iterator[str]:
    for operation in operations.calls.values():
        yield from operation.permissions or (operation.call,)


_ACCOUNT_READS = (
    "iam:GetAccountAuthorizationDetails", "organizations:DescribeOrganization",
    "organizations:DescribePolicy", "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
)  # fmt: skip


def _enforce(file: ReleaseFile) -> Iterator[str]:
    """Yield what every mechanism of the file needs, to attach and to take away."""
    mechanisms = file.enforcement.enforce.mechanisms
    yield from ("ec2:DescribeRegions", "ec2:DescribeImages", "organizations:ListPolicies")
    yield from _ACCOUNT_READS
    yield from ("iam:GetPolicy", "iam:GetRole", "ec2:GetAllowedImagesSettings", "ssm:GetParameters")
    if mechanisms.group_policy or mechanisms.permissions_boundary:
        yield from ("iam:ListPolicyVersions", "iam:GetPolicyVersion", "iam:ListEntitiesForPolicy")
    if mechanisms.group_policy:
        yield from ("iam:ListAttachedGroupPolicies", "iam:GetAccountSummary")
        yield from _of_table(managed_policies.GROUPS)
    if mechanisms.permissions_boundary:
        yield from _of_table(managed_policies.BOUNDARIES)
    if mechanisms.scp or mechanisms.declarative_policy:
        yield from _of_table(organization_policies.operations("SERVICE_CONTROL_POLICY"))
        yield from (
            "organizations:ListRoots", "organizations:ListAccountsForParent",
            "organizations:ListOrganizationalUnitsForParent",
        )  # fmt: skip
    if mechanisms.allowed_amis:
        yield from (
            "ec2:GetAllowedImagesSettings", "ec2:EnableAllowedImagesSettings",
            "ec2:DisableAllowedImagesSettings", "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
            "ec2:DescribeInstanceImageMetadata", "ssm:GetParameters", "ssm:PutParameter",
            "ssm:DeleteParameter",
        )  # fmt: skip


def _audit(file: ReleaseFile) -> Iterator[str]:
    """Yield what all parts of an audit read."""
    settings = file.release.audit
    yield from _AUDITED
    if settings.notify.sns:
        yield "sns:Publish"
    if settings.roots:
        yield "ec2:DescribeVolumes"
    if settings.accounts:
        yield "sts:AssumeRole"
    if settings.accounts == "organization":
        yield "organizations:ListAccounts"
    if file.enforcement.declared:  # what is attached is read as an enforcement does
        reading = ("Describe", "Get", "List")
        for action in _enforce(file):
            if action.partition(":")[2].startswith(reading):
                yield action


_AUDITED = (
    "ec2:DescribeRegions", "ec2:DescribeImages", "ec2:DescribeInstanceImageMetadata",
    "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeSnapshots",
    "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeFleets", "ec2:DescribeSpotFleetRequests",
    "ec2:GetAllowedImagesSettings", "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations", "eks:ListClusters", "eks:ListNodegroups",
    "eks:DescribeNodegroup", "ssm:GetParameters", "ssm:GetParametersByPath",
    "ssm:GetParameterHistory",
)  # fmt: skip


def _remediate(file: ReleaseFile) -> Iterator[str]:
    """Yield what every action of a remediation needs; which one is an option of the command."""
    yield from (*remediate.PERMISSIONS, *instances.PERMISSIONS)
    yield from (*quarantine.PERMISSIONS, *refresh.PERMISSIONS, "cloudwatch:DescribeAlarms")
    yield from (
        "ec2:CreateTags", "ec2:DeleteTags", "ec2:StopInstances", "ec2:TerminateInstances",
        "ec2:ModifyNetworkInterfaceAttribute", "ec2:CreateLaunchTemplateVersion",
        "ec2:ModifyLaunchTemplate", "autoscaling:StartInstanceRefresh",
    )  # fmt: skip
    if file.release.audit.accounts:
        yield "sts:AssumeRole"


AT_HOME: Mapping[PermissionCommand, Callable[[ReleaseFile], Iterable[str]]] = {
    PermissionCommand.PROMOTE: _moving,
    PermissionCommand.ROLLBACK: _rollback,
    PermissionCommand.DEPRECATE: _deprecate,
    PermissionCommand.REVOKE: _revoke,
    PermissionCommand.RESTORE: _restore,
    PermissionCommand.RETIRE: _retire,
    PermissionCommand.PRUNE: _retire,
    PermissionCommand.OUTDATED: _outdated,
    PermissionCommand.RESCAN: _rescan,
    PermissionCommand.SBOM: _sbom,
    PermissionCommand.SWEEP: _sweep,
    PermissionCommand.ENFORCE: _enforce,
    PermissionCommand.AUDIT: _audit,
    PermissionCommand.REMEDIATE: _remediate,
}
_GOING = frozenset({
    "autoscaling:DescribeAutoScalingGroups", "ec2:CreateTags", "ec2:DeleteTags",
    "ec2:DeregisterImage", "ec2:DescribeFleets", "ec2:DescribeImageAttribute",
    "ec2:DescribeImageReferences", "ec2:DescribeInstances", "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLockedSnapshots", "ec2:DescribeSnapshotAttribute",
    "ec2:DescribeSpotFleetRequests", "ec2:DisableImage",
    "ec2:DisableImageDeregistrationProtection", "ec2:EnableImageDeprecation", "eks:ListClusters",
    "ec2:DescribeRegions", "rbin:ListRules", "ssm:DeleteParameter", "ssm:GetParameter",
    "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:LabelParameterVersion", "ssm:PutParameter",
})  # fmt: skip
"""What is done to a version that goes; which step is due depends on what there is."""
RARELY: Mapping[PermissionCommand, frozenset[str]] = {
    PermissionCommand.ROLLBACK: frozenset({
        *_RELAUNCHED, "ec2:DescribeImageAttribute", "iam:CreatePolicyVersion",
    }),
    PermissionCommand.DEPRECATE: frozenset({"ec2:DeleteTags"}),
    PermissionCommand.REVOKE: frozenset({
        "ec2:DeleteTags", "ec2:DisableImage", "ec2:EnableImageDeprecation",
    }),
    PermissionCommand.RESTORE: frozenset({
        *_RELAUNCHED, "ec2:DescribeImageAttribute", "iam:CreatePolicyVersion", "rbin:ListRules",
    }),
    PermissionCommand.RETIRE: _GOING,
    PermissionCommand.PRUNE: _GOING,
    PermissionCommand.OUTDATED: frozenset({"ec2:GetImageFindings"}),
    PermissionCommand.RESCAN: frozenset({"inspector2:StartOnDemandScan"}),
    PermissionCommand.SWEEP: frozenset({
        "ec2:DeregisterImage", "ec2:TerminateInstances", "ssm:DeleteParameter",
        "ssm:GetParameter",
    }),
    PermissionCommand.AUDIT: frozenset({
        "autoscaling:DescribeAutoScalingGroups", "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances", "ec2:GetAllowedImagesSettings", "iam:GetRole", "sns:Publish",
        "ssm:GetParameterHistory", "sts:AssumeRole",
    }),
    PermissionCommand.ENFORCE: frozenset({
        "ec2:DescribeInstanceImageMetadata", "ec2:GetAllowedImagesSettings",
        "iam:CreatePolicyVersion", "iam:GetRole",
        "ssm:GetParameters",
    }),
    PermissionCommand.REMEDIATE: frozenset({
        "autoscaling:DescribeAutoScalingGroups", "ec2:CreateTags", "ec2:DeleteTags",
        "ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:DescribeRegions",
        "ec2:DescribeLaunchTemplateVersions", "ec2:StopInstances", "ec2:TerminateInstances",
        "ssm:GetParametersByPath", "ssm:GetParameters", "sts:AssumeRole",
    }),
}  # fmt: skip
"""What a command calls only if there is something to do, or to look at."""
_POINTED = (*pointers.READING, *pointers.PERMISSIONS, *parameters.CHECK_PERMISSIONS, *LABELS)
ELSEWHERE: Mapping[PermissionCommand, tuple[str, ...]] = {
    PermissionCommand.PROMOTE: (*_FROM_RELEASES, *_POINTED),
    PermissionCommand.ROLLBACK: (
        *_FROM_RELEASES, *_POINTED, "ec2:DescribeImageAttribute", *_RELAUNCHED,
    ),
    PermissionCommand.DEPRECATE: (
        *_FROM_RELEASES, *_STATUS, *pointers.READING, *deprecations.PERMISSIONS,
    ),
    PermissionCommand.REVOKE: (
        *_FROM_RELEASES, *_STATUS, *pointers.READING, *pointers.PERMISSIONS, *LABELS,
        *uses.PERMISSIONS, "ec2:DisableImage", *deprecations.PERMISSIONS,
    ),
    PermissionCommand.RESTORE: (
        *_FROM_RELEASES, "ec2:DescribeImageAttribute", *_RELAUNCHED,
        "ec2:ListImagesInRecycleBin", "ec2:ListSnapshotsInRecycleBin",
        "ec2:RestoreImageFromRecycleBin", "ec2:RestoreSnapshotFromRecycleBin",
    ),
    **dict.fromkeys(
        (PermissionCommand.RETIRE, PermissionCommand.PRUNE),
        (
            *_FROM_RELEASES, *_STATUS, *pointers.READING, *pointers.PERMISSIONS,
            *guard.PERMISSIONS, *deprecations.PERMISSIONS, "ec2:DeleteSnapshot",
            "ec2:DescribeSnapshotAttribute", "ec2:DisableImage",
            "ec2:DisableImageDeregistrationProtection", "ec2:ListImagesInRecycleBin",
            "ec2:ListSnapshotsInRecycleBin", "rbin:GetRule", "rbin:ListRules",
        ),
    ),
    PermissionCommand.RESCAN: _FROM_RELEASES,
    PermissionCommand.SBOM: _FROM_RELEASES,
}  # fmt: skip
"""What the commands do in the accounts that get copies."""
