"""Which actions a command calls, of whom: from its plan, and from what it says that it looks at."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from goldenami.aws import pointers
from goldenami.aws.session import Aws
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.plan import Plan
from goldenami.iam.permissions.grant import GrantUse
from goldenami.spec import ReleaseFile
from goldenami.workflows.lifecycle import releases
from goldenami.workflows.permissions import command_needs
from goldenami.workflows.permissions.offline import plan_of_bake
from goldenami.workflows.permissions.rules.keys import BY_EC2
from goldenami.workflows.release import guardrail

HOME = ""
"""The role of the account that bakes, in the place of another account's."""
_LOOKED_AT_EVERYWHERE = (
    "ec2:DescribeImages", "ec2:DescribeRegions", "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext", "servicequotas:GetServiceQuota", "ssm:GetParameter",
)  # fmt: skip
"""What a bake looks at in other accounts, too, before it begins."""


class CommandNeed(Struct, frozen=True):
    """An action that a command calls, or has AWS call.

    Args:
        action: ``service:Action``.
        use: when.
        role: the ARN of the other account's role that calls it; empty for the home account's.
        everywhere: whether it is read in every region, whatever the command otherwise does.
    """

    action: str
    use: GrantUse = GrantUse.RUN
    role: str = HOME
    everywhere: bool = False


def needs_of(aws: Aws, file: ReleaseFile, command: PermissionCommand) -> Iterator[CommandNeed]:
    """Yield every action that a command may call.

    Args:
        aws: the caller, of whom nothing is asked.
        file: the release file.
        command: the command.
    """
    if command in (PermissionCommand.BAKE, PermissionCommand.APPROVE):
        yield from _bake(aws, file, approving=command is PermissionCommand.APPROVE)
        return
    if command is PermissionCommand.AUDIT and file.enforcement.declared:
        yield CommandNeed("ec2:DescribeImages", everywhere=True)  # golden for the guardrails
    rare = command_needs.RARELY.get(command, frozenset())
    places: list[tuple[str, Iterable[str]]] = [(HOME, command_needs.AT_HOME[command](file))]
    places += [(role, command_needs.ELSEWHERE.get(command, ())) for role in roles(aws, file)]
    for role, actions in places:
        for action in actions:
            yield CommandNeed(action, GrantUse.SOMETIMES if action in rare else GrantUse.RUN, role)
    if roles(aws, file) and command in command_needs.ELSEWHERE:
        yield CommandNeed("sts:AssumeRole")


def roles(aws: Aws, file: ReleaseFile) -> tuple[str, ...]:
    """Return the roles of other accounts that get copies."""
    places = file.release.places(aws.account, aws.partition)
    return tuple(dict.fromkeys(place.role for place in places if place.role))


def _bake(aws: Aws, file: ReleaseFile, *, approving: bool) -> Iterator[CommandNeed]:
    plan = plan_of_bake(aws, file, approving=approving)
    yield from of_plan(plan)
    yield from _kms(aws, file, plan)
    for role in roles(aws, file):
        yield CommandNeed("sts:AssumeRole")
        looked_at = {*plan.checks}.intersection(_LOOKED_AT_EVERYWHERE)
        yield from (CommandNeed(action, GrantUse.LOOK, role) for action in sorted(looked_at))
        yield CommandNeed("ec2:DescribeSnapshots", role=role)
    listing = guardrail.permissions(organization=command_needs.has_scp(file))
    yield from (CommandNeed(action, GrantUse.SOMETIMES) for action in listing)
    lifecycle = file.release.lifecycle
    candidate = file.release.approval == "manual" and not approving
    if candidate:
        return
    if file.release.sbom:
        yield from needs_of(aws, file, PermissionCommand.SBOM)
    if lifecycle.removes:
        yield from (CommandNeed(action, everywhere=True) for action in releases.PERMISSIONS)
        yield from (CommandNeed(action) for action in pointers.READING)
        for role in roles(aws, file):
            yield from (CommandNeed(action, role=role) for action in pointers.READING)


def of_plan(plan: Plan) -> Iterator[CommandNeed]:
    """Yield what a plan's actions need, what takes them back does, and what was looked at first."""
    for action in plan.actions:
        yield from (CommandNeed(needed, role=action.role) for needed in action.permissions)
        undo = action.undo
        if undo:
            yield from (CommandNeed(each, GrantUse.UNDO, undo.role) for each in undo.permissions)
    yield from (CommandNeed(check, GrantUse.LOOK) for check in plan.checks)


def _kms(aws: Aws, file: ReleaseFile, plan: Plan) -> Iterator[CommandNeed]:
    """Yield what EC2 asks KMS in the caller's name, wherever the file names a key."""
    encrypting = ("ec2:CopyImage", "ec2:RunInstances", "packer:build")
    if any(action.call.startswith(encrypting) for action in plan.actions):
        for role in (HOME, *roles(aws, file)):
            yield from (CommandNeed(action, GrantUse.SERVICE, role) for action in BY_EC2)
