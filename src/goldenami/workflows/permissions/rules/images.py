"""Images and their snapshots: only those of this golden image, and only for what a command does.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from collections.abc import Iterator

from goldenami.domain import tags
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.status import Status
from goldenami.iam.permissions.grant import GrantUse, PolicyCondition, condition, equals
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRules,
    conditions,
    of_each,
    used,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope

_OF_STATUS = f"aws:ResourceTag/{tags.STATUS}"
_BAKING = (PermissionCommand.BAKE, PermissionCommand.APPROVE)
_WRITTEN: dict[PermissionCommand, tuple[Status, ...]] = {
    PermissionCommand.BAKE: (Status.CANDIDATE, Status.APPROVED),
    PermissionCommand.APPROVE: (Status.APPROVED,),
    PermissionCommand.ROLLBACK: (Status.APPROVED,),
    PermissionCommand.DEPRECATE: (Status.DEPRECATED,),
    PermissionCommand.REVOKE: (Status.REVOKED,),
    PermissionCommand.RESTORE: (
        Status.CANDIDATE, Status.APPROVED, Status.DISABLED, Status.REVOKED,
    ),
    PermissionCommand.RETIRE: (Status.DEPRECATED, Status.DISABLED, Status.RETIRED),
    PermissionCommand.PRUNE: (Status.DEPRECATED, Status.DISABLED, Status.RETIRED),
}  # fmt: skip
"""The statuses that a command may write."""


def _arn(scope: PermissionScope, kind: str) -> str:
    return scope.arn("ec2", kind, ANY)


def own_image(scope: PermissionScope) -> Iterator[GrantBounds]:
    """An image of this golden image, whatever its status."""
    yield GrantBounds("ChangeImages", (_arn(scope, "image"),), conditions(scope.golden, scope.here))


def _look_at_image(scope: PermissionScope) -> Iterator[GrantBounds]:
    where = conditions(scope.golden, scope.looking())
    yield GrantBounds("LookAtImages", (_arn(scope, "image"),), where)


def _look_at_snapshot(scope: PermissionScope) -> Iterator[GrantBounds]:
    where = conditions(scope.golden, scope.looking())
    yield GrantBounds("LookAtImages", (_arn(scope, "snapshot"),), where)


def _removable(scope: PermissionScope) -> Iterator[PolicyCondition]:
    """Yield what an image has to be so that the command may remove it.

    A bake takes back what it has begun, and nothing that anybody has approved.
    """
    yield scope.here
    if scope.command is PermissionCommand.SWEEP:
        yield condition("Null", f"aws:ResourceTag/{tags.BUILD}", ["false"])
        yield equals(_OF_STATUS, Status.BUILDING)
    else:
        yield scope.golden
        if scope.command in _BAKING:
            yield equals(_OF_STATUS, Status.BUILDING)


def deregister(scope: PermissionScope) -> Iterator[GrantBounds]:
    """What the command may remove, and nothing else."""
    yield GrantBounds("RemoveImages", (_arn(scope, "image"),), conditions(_removable(scope)))


def _delete_snapshot(scope: PermissionScope) -> Iterator[GrantBounds]:
    where = conditions(_removable(scope))
    yield GrantBounds("RemoveImages", (_arn(scope, "snapshot"),), where, GrantUse.SERVICE)


def share_snapshots(scope: PermissionScope) -> Iterator[GrantBounds]:
    """With the accounts of the release file alone, never with everybody.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    accounts = scope.release.copying_accounts or (scope.home,)
    yield GrantBounds(
        "ShareSnapshots",
        (_arn(scope, "snapshot"),),
        conditions(
            scope.golden,
            scope.here,
            condition("ForAllValues:StringEquals", "ec2:Add/userId", accounts),
            condition("Null", "ec2:Add/group", ["true"]),
        ),
    )


def tag(scope: PermissionScope) -> Iterator[GrantBounds]:
    """Tags of what is there: goldenami's own, and no status that is another command's to write."""
    if scope.command is PermissionCommand.REMEDIATE:
        yield _finding(scope)
        return
    yield from _tag_created(scope)
    if scope.command not in _WRITTEN:
        return
    approval = scope.release.approval_tag
    written = _WRITTEN[scope.command]
    allowed = [condition("StringEqualsIfExists", f"aws:RequestTag/{tags.STATUS}", written)]
    if approval.key != tags.STATUS:
        value = [approval.value]
        allowed.append(condition("StringEqualsIfExists", f"aws:RequestTag/{approval.key}", value))
    yield GrantBounds(
        "WriteStatus",
        (_arn(scope, "image"), _arn(scope, "snapshot")),
        conditions(
            scope.golden,
            scope.here,
            allowed,
            equals(_OF_STATUS, *_before(written, scope.command)),
            condition("ForAllValues:StringEquals", "aws:TagKeys", _status_keys(scope)),
        ),
    )


def _before(written: tuple[Status, ...], command: PermissionCommand) -> Iterator[str]:
    """Yield the statuses from which the command may go on to those that it writes."""
    from goldenami.domain.status import may_become, may_return

    may = may_return if command is PermissionCommand.RESTORE else may_become
    for status in Status:
        if any(may(status.value, later) for later in written):
            yield status.value


def _status_keys(scope: PermissionScope) -> tuple[str, ...]:
    own = (
        tags.STATUS, tags.STATUS_BY, tags.STATUS_AT, tags.STATUS_WHY, tags.SUCCESSOR,
        tags.APPROVED_BY, tags.APPROVED_AT, tags.UNPUBLISHED,
    )  # fmt: skip
    return (*own, scope.release.approval_tag.key)


def _untag(scope: PermissionScope) -> Iterator[GrantBounds]:
    """Take away what a command may: a bake the mark of what is not published, and no approval."""
    if scope.command is PermissionCommand.REMEDIATE:
        yield _finding(scope)
        return
    approval = scope.release.approval_tag.key
    keys = {tags.STATUS_WHY, tags.SUCCESSOR}
    if scope.command in (*_BAKING, PermissionCommand.ROLLBACK):
        keys = {tags.UNPUBLISHED, *(keys if scope.command is PermissionCommand.ROLLBACK else ())}
    elif approval != tags.STATUS:
        keys.add(approval)
    yield GrantBounds(
        "TakeTagsAway",
        (_arn(scope, "image"), _arn(scope, "snapshot")),
        conditions(
            scope.golden,
            scope.here,
            condition("ForAllValues:StringEquals", "aws:TagKeys", keys),
            condition("Null", "aws:TagKeys", ["false"]),
        ),
    )


def _finding(scope: PermissionScope) -> GrantBounds:
    return GrantBounds(
        "NoteOnInstances",
        (_arn(scope, "instance"),),
        conditions(
            scope.looking(),
            condition(
                "ForAllValues:StringEquals", "aws:TagKeys", [tags.FINDING, tags.QUARANTINED_FROM]
            ),
            condition("Null", "aws:TagKeys", ["false"]),
        ),
    )


def _tag_created(scope: PermissionScope) -> Iterator[GrantBounds]:
    """Tags of what a call creates, in that call."""
    if scope.command is not PermissionCommand.BAKE and not (
        scope.command is PermissionCommand.APPROVE and not scope.is_home
    ):
        return
    calls = ["CopyImage"]
    kinds = ["image", "snapshot"]
    if scope.is_home and scope.command is PermissionCommand.BAKE:
        calls += ["CreateImage", "RunInstances"]
        kinds += ["instance", "network-interface", "volume"]
    yield GrantBounds(
        "TagWhatIsCreated",
        tuple(_arn(scope, kind) for kind in kinds),
        conditions(scope.named_golden, scope.here, equals("ec2:CreateAction", *calls)),
    )


def _create_image(scope: PermissionScope) -> Iterator[GrantBounds]:
    created = conditions(scope.named_golden, scope.here)
    yield GrantBounds("MakeImages", (_arn(scope, "image"), _arn(scope, "snapshot")), created)
    instance = conditions(scope.golden, scope.here)
    yield GrantBounds("UseInstances", (_arn(scope, "instance"),), instance)


def _copy_image(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The source is of the account that bakes; AWS knows no tag of it when it is copied."""
    created = conditions(scope.named_golden, scope.here)
    yield GrantBounds("MakeImages", (_arn(scope, "image"), _arn(scope, "snapshot")), created)
    source = conditions(scope.owned(scope.home), scope.here)
    there = scope.arn("ec2", "image", "ami-*")  # an image that is made has no id yet
    yield GrantBounds("CopyFrom", (there,), source)


def _restore_snapshot(scope: PermissionScope) -> Iterator[GrantBounds]:
    where = conditions(scope.golden, scope.here)
    yield GrantBounds("ChangeImages", (_arn(scope, "snapshot"),), where)


def _usage_report(scope: PermissionScope) -> Iterator[GrantBounds]:
    yield from _look_at_image(scope)
    report = (_arn(scope, "image-usage-report"),)
    yield GrantBounds("ReportUsage", report, conditions(scope.looking()))


RULES: GrantRules = {
    **of_each(
        own_image,
        "ec2:AttachImageWatermark",
        "ec2:DisableImage",
        "ec2:DisableImageDeprecation",
        "ec2:DisableImageDeregistrationProtection",
        "ec2:EnableImage",
        "ec2:EnableImageDeprecation",
        "ec2:EnableImageDeregistrationProtection",
        "ec2:ModifyImageAttribute",
    ),
    "ec2:CopyImage": _copy_image,
    "ec2:CreateImage": _create_image,
    "ec2:CreateImageUsageReport": used(_usage_report, GrantUse.SOMETIMES),
    "ec2:CreateTags": tag,
    "ec2:DeleteSnapshot": _delete_snapshot,
    "ec2:DeleteTags": _untag,
    "ec2:DeregisterImage": deregister,
    "ec2:DescribeImageAttribute": _look_at_image,
    "ec2:DescribeSnapshotAttribute": _look_at_snapshot,
    "ec2:GetImageAncestry": _look_at_image,
    "ec2:ModifySnapshotAttribute": share_snapshots,
    "ec2:RestoreImageFromRecycleBin": used(own_image, GrantUse.SOMETIMES),
    "ec2:RestoreSnapshotFromRecycleBin": used(_restore_snapshot, GrantUse.SOMETIMES),
}
