"""Launches and instances: those of a bake, of its types, from its source and its own image.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html
"""

from collections.abc import Iterator

from goldenami.bake.launch import subnets, types
from goldenami.domain import arns, tags
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.status import Status
from goldenami.iam.permissions.grant import GrantUse, PolicyCondition, condition, equals
from goldenami.spec.model import BaseSource
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRules,
    conditions,
    of_each,
    used,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope


def _arn(scope: PermissionScope, kind: str, name: str = ANY) -> str:
    return scope.arn("ec2", kind, name)


def launch(scope: PermissionScope) -> Iterator[GrantBounds]:
    """A launch of the base instance, or of the new image for its test."""
    if scope.command is not PermissionCommand.BAKE:
        return
    for base in scope.bases:
        yield from _source(scope, base.source)
    if scope.release.boots:
        built = equals(f"aws:ResourceTag/{tags.STATUS}", Status.BUILDING)
        own = conditions(scope.golden, built, scope.here)
        yield GrantBounds("LaunchOwnImage", (_arn(scope, "image"),), own)
    sizes = {kind for base in scope.bases for kind in types(base)}
    if scope.release.test and scope.release.test.instance_type:
        sizes.add(scope.release.test.instance_type)
    yield GrantBounds(
        "LaunchInstance",
        (_arn(scope, "instance"),),
        conditions(scope.named_golden, equals("ec2:InstanceType", *sizes), scope.here),
    )
    kinds = (_arn(scope, "network-interface"), _arn(scope, "volume"))
    yield GrantBounds("LaunchWith", kinds, conditions(scope.named_golden, scope.here))
    yield GrantBounds("LaunchInto", tuple(_surroundings(scope)), conditions(scope.here))


def _source(scope: PermissionScope, source: BaseSource) -> Iterator[GrantBounds]:
    """The source image, as far as the file names it: its id, or whose it is."""
    if source.ami:
        ami = _arn(scope, "image", source.ami)
        yield GrantBounds("LaunchSource", (ami,), conditions(scope.here))
        return
    image = (_arn(scope, "image"),)
    owned = list(_owners(scope, source))
    if source.golden:
        owned.append(equals(f"aws:ResourceTag/{tags.IMAGE}", source.golden))
    yield GrantBounds("LaunchSource", image, conditions(owned, scope.here))


def _owners(scope: PermissionScope, source: BaseSource) -> Iterator[PolicyCondition]:
    """Yield whose the source is, in the words that EC2 has for it."""
    if source.ssm and source.ssm.startswith("/aws/service/"):
        yield equals("ec2:Owner", "amazon")
    elif source.filter:
        named = (scope.home if owner == "self" else owner for owner in source.filter.owners)
        owners = [owner for owner in named if owner != ANY]
        if len(owners) == len(source.filter.owners):
            yield equals("ec2:Owner", *owners)


def _surroundings(scope: PermissionScope) -> Iterator[str]:
    for base in scope.bases:
        for subnet in subnets(base):
            yield _arn(scope, "subnet", subnet or ANY)
        for group in base.security_groups or (ANY,):
            yield _arn(scope, "security-group", group)
        if base.key_name:
            yield _arn(scope, "key-pair", base.key_name)
        for volume in base.volumes:
            if volume.snapshot:
                yield _arn(scope, "snapshot", volume.snapshot)


def _end(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The end of an instance: of a bake's own, or of one that a remediation has judged."""
    instance = (_arn(scope, "instance"),)
    if scope.command is PermissionCommand.REMEDIATE:
        yield GrantBounds("EndInstances", instance, conditions(scope.looking()))
    elif scope.command is PermissionCommand.SWEEP:
        of_build = condition("Null", f"aws:ResourceTag/{tags.BUILD}", ["false"])
        yield GrantBounds("EndInstances", instance, conditions(of_build, scope.looking()))
    else:
        yield GrantBounds("UseInstances", instance, conditions(scope.golden, scope.here))


def _look_at_instance(scope: PermissionScope) -> Iterator[GrantBounds]:
    yield GrantBounds("LookAtInstances", (_arn(scope, "instance"),), conditions(scope.looking()))


def _command(scope: PermissionScope) -> Iterator[GrantBounds]:
    """A shell command on an instance of this golden image alone."""
    script = scope.arn("ssm", "document", "AWS-RunShellScript")
    yield GrantBounds("RunCommands", (script,), conditions(scope.here))
    instance = conditions(scope.golden, scope.here)
    yield GrantBounds("UseInstances", (_arn(scope, "instance"),), instance)


def _pass_role(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The role of the instance profile, to EC2 alone.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permission-to-pass-iam-roles.html
    """
    profiles = {base.instance_profile for base in scope.bases}
    roles = [scope.instance_role or profile for profile in profiles if profile]
    if not roles:
        return
    passed = tuple(sorted({scope.arn("iam", "role", role) for role in roles}))
    to = equals("iam:PassedToService", f"ec2.{scope.dns_suffix}")
    yield GrantBounds("PassInstanceRole", passed, (to,))


def _quarantine(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The groups of an interface; which group is the quarantine's is an option of the command."""
    kinds = tuple(_arn(scope, kind) for kind in ("instance", "network-interface", "security-group"))
    yield GrantBounds("Quarantine", kinds, conditions(scope.looking()))


def _template(scope: PermissionScope) -> Iterator[GrantBounds]:
    template = (_arn(scope, "launch-template"),)
    yield GrantBounds("MoveTemplates", template, conditions(scope.looking()))


def _refresh(scope: PermissionScope) -> Iterator[GrantBounds]:
    groups = "autoScalingGroup:*:autoScalingGroupName/*"
    group = arns.pattern(scope.partition, "autoscaling", ANY, scope.account, groups)
    yield GrantBounds("RefreshGroups", (group,), conditions(scope.looking()))


RULES: GrantRules = {
    "autoscaling:StartInstanceRefresh": used(_refresh, GrantUse.SOMETIMES),
    **of_each(
        used(_template, GrantUse.SOMETIMES),
        "ec2:CreateLaunchTemplateVersion",
        "ec2:ModifyLaunchTemplate",
    ),
    "ec2:DescribeInstanceAttribute": _look_at_instance,
    "ec2:ModifyNetworkInterfaceAttribute": used(_quarantine, GrantUse.SOMETIMES),
    "ec2:RunInstances": launch,
    **of_each(_end, "ec2:StopInstances", "ec2:TerminateInstances"),
    "iam:PassRole": _pass_role,
    "ssm:SendCommand": _command,
}
