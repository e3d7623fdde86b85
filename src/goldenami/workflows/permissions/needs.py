"""Which actions a command calls, of whom: from its plan, and from what it says that it looks at."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

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
from goldenami.aws.session import Aws
from goldenami.domain.plan import Plan
from goldenami.iam.permissions.grant import GrantUse
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
from goldenami.workflows.permissions.offline import plan_of_bake
from goldenami.workflows.permissions.scope import PermissionCommand
from goldenami.workflows.release import guardrail
from goldenami.workflows.remediate import instances, quarantine, refresh

HOME = ""
"""The role of the account that bakes, in the place of another account's."""
_LEASE = lease.PERMISSIONS
_STATUS = ("ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeImages", "ec2:DescribeSnapshots")
_WRITTEN_DOWN = (*records.WRITE_PERMISSIONS, *manifests.PERMISSIONS)
_LOOKED_AT_EVERYWHERE = (
    "ec2:DescribeImages", "ec2:DescribeRegions", "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext", "servicequotas:GetServiceQuota", "ssm:GetParameter",
)  # fmt: skip
"""What a bake looks at in other accounts, too, before it begins."""
_FROM_RELEASES = ("ec2:DescribeImages", "ec2:DescribeRegions")
"""What is read of another account's images; records and manifests are the home account's."""
_LABELS = ("ssm:LabelParameterVersion",)


class Need(Struct, frozen=True):
    """An action that a command calls, or has AWS call.

    Args:
        action: ``service:Action``.
        use: when.
        role: the ARN of the other account's role that calls it; empty for the home account's.
    """

    action: str
    use: GrantUse = GrantUse.RUN
    role: str = HOME


def needs_of(aws: Aws, file: ReleaseFile, command: PermissionCommand) -> Iterator[Need]:
    """Yield every action that a command may call.

    Args:
        aws: the caller, of whom nothing is asked.
        file: the release file.
        command: the command.
    """
    if command in (PermissionCommand.BAKE, PermissionCommand.APPROVE):
        yield from _bake(aws, file, approving=command is PermissionCommand.APPROVE)
        return
    yield from (Need(action) for action in _AT_HOME[command](file))
    for role in roles(aws, file):
        yield from (Need(action, role=role) for action in _ELSEWHERE.get(command, ()))
    if roles(aws, file) and command in _ELSEWHERE:
        yield Need("sts:AssumeRole")


def roles(aws: Aws, file: ReleaseFile) -> tuple[str, ...]:
    """Return the roles of other accounts that get copies."""
    places = file.release.places(aws.account, aws.partition)
    return tuple(dict.fromkeys(place.role for place in places if place.role))


def _bake(aws: Aws, file: ReleaseFile, *, approving: bool) -> Iterator[Need]:
    plan = plan_of_bake(aws, file, approving=approving)
    yield from of_plan(plan)
    yield from _kms(aws, file, plan)
    for role in roles(aws, file):
        yield Need("sts:AssumeRole")
        looked_at = {*plan.checks}.intersection(_LOOKED_AT_EVERYWHERE)
        yield from (Need(action, GrantUse.LOOK, role) for action in sorted(looked_at))
        yield Need("ec2:DescribeSnapshots", role=role)
    listing = guardrail.permissions(organization=_has_scp(file))
    yield from (Need(action, GrantUse.SOMETIMES) for action in listing)
    lifecycle = file.release.lifecycle
    candidate = file.release.approval == "manual" and not approving
    if candidate:
        return
    if file.release.sbom:
        yield from needs_of(aws, file, PermissionCommand.SBOM)
    if lifecycle.removes:
        yield from (Need(action) for action in (*releases.PERMISSIONS, *pointers.READING))
        for role in roles(aws, file):
            yield from (Need(action, role=role) for action in pointers.READING)


def of_plan(plan: Plan) -> Iterator[Need]:
    """Yield what a plan's actions need, what takes them back needs, and what was looked at first."""
    for action in plan.actions:
        yield from (Need(needed, role=action.role) for needed in action.permissions)
        if "ssm:PutParameter" in action.permissions:
            yield from (Need(label, role=action.role) for label in _LABELS)
        undo = action.undo
        if undo:
            yield from (Need(each, GrantUse.UNDO, undo.role) for each in undo.permissions)
    yield from (Need(check, GrantUse.LOOK) for check in plan.checks)


def _kms(aws: Aws, file: ReleaseFile, plan: Plan) -> Iterator[Need]:
    """Yield what EC2 asks KMS in the caller's name, wherever the file names a key."""
    from goldenami.workflows.permissions.rules.keys import BY_EC2

    if any(action.call == "ec2:CopyImage" or action.call == "ec2:RunInstances" for action in plan.actions):
        for role in (HOME, *roles(aws, file)):
            yield from (Need(action, GrantUse.SERVICE, role) for action in BY_EC2)


def _has_scp(file: ReleaseFile) -> bool:
    return file.enforcement.enforce.mechanisms.scp is not None


def _moving(file: ReleaseFile) -> Iterable[str]:
    return (*promotion.PERMISSIONS, *pointers.PERMISSIONS, *_LABELS)


def _rollback(file: ReleaseFile) -> Iterable[str]:
    return (*_moving(file), *launchable.PERMISSIONS, *_RELAUNCHED, *_listing(file))


_RELAUNCHED = (
    "ec2:DisableImageDeprecation", "ec2:EnableImage", "ec2:ModifyImageAttribute", *_STATUS,
)  # fmt: skip
"""What makes an image launchable again."""


def _listing(file: ReleaseFile) -> tuple[str, ...]:
    return guardrail.permissions(organization=_has_scp(file))


def _deprecate(_: ReleaseFile) -> Iterable[str]:
    return (
        *releases.PERMISSIONS, *_LEASE, *_STATUS, *_WRITTEN_DOWN, *pointers.READING,
        *deprecations.PERMISSIONS,
    )  # fmt: skip


def _revoke(_: ReleaseFile) -> Iterable[str]:
    """Let the dry run of a launch be refused: that is what it is for."""
    return (
        *releases.PERMISSIONS, *_LEASE, *_STATUS, *_WRITTEN_DOWN, *descendants.PERMISSIONS,
        *pointers.READING, *pointers.PERMISSIONS, *_LABELS, *uses.PERMISSIONS,
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
    yield from ("iam:GetPolicy", "iam:GetRole")
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
    if settings.roots:
        yield "ec2:DescribeVolumes"
    if settings.accounts:
        yield "sts:AssumeRole"
    if settings.accounts == "organization":
        yield "organizations:ListAccounts"
    if file.enforcement.declared:
        yield from (
            "iam:ListAttachedGroupPolicies", "iam:GetPolicy", "iam:GetPolicyVersion",
            "iam:ListPolicyVersions", "iam:ListEntitiesForPolicy", "iam:GetAccountSummary",
            "iam:GetRole", "organizations:ListPolicies",
        )  # fmt: skip
        yield from _ACCOUNT_READS


_AUDITED = (
    "ec2:DescribeRegions", "ec2:DescribeImages", "ec2:DescribeInstanceImageMetadata",
    "ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeFleets", "ec2:DescribeSpotFleetRequests", "ec2:GetAllowedImagesSettings",
    "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeLaunchConfigurations",
    "eks:ListClusters", "eks:ListNodegroups", "eks:DescribeNodegroup", "ssm:GetParameters",
    "ssm:GetParametersByPath", "ssm:GetParameterHistory",
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


_AT_HOME: Mapping[PermissionCommand, Callable[[ReleaseFile], Iterable[str]]] = {
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
_POINTED = (*pointers.READING, *pointers.PERMISSIONS, *parameters.CHECK_PERMISSIONS, *_LABELS)
_ELSEWHERE: Mapping[PermissionCommand, tuple[str, ...]] = {
    PermissionCommand.PROMOTE: (*_FROM_RELEASES, *_POINTED),
    PermissionCommand.ROLLBACK: (
        *_FROM_RELEASES, *_POINTED, "ec2:DescribeImageAttribute", *_RELAUNCHED,
    ),
    PermissionCommand.DEPRECATE: (
        *_FROM_RELEASES, *_STATUS, *pointers.READING, *deprecations.PERMISSIONS,
    ),
    PermissionCommand.REVOKE: (
        *_FROM_RELEASES, *_STATUS, *pointers.READING, *pointers.PERMISSIONS, *_LABELS,
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
