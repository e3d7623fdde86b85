"""The ways by which one principal becomes another: each a call, or two, that he may make.

What runs as a role already (an instance, a function) is not looked at, nor who can get into it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from goldenami.iam.account import Account, Group, Role, User
from goldenami.iam.reach.judge import (
    ANY,
    Able,
    Actor,
    ReachContext,
    ReachJudge,
    ReachRequest,
    bounded_context_of,
)
from goldenami.iam.reach.trust import ASSUME, RoleTrust

_RUN_AS = {
    "batch": ("batch:RegisterJobDefinition",),
    "cloudformation": ("cloudformation:CreateStack", "cloudformation:UpdateStack"),
    "codebuild": ("codebuild:CreateProject", "codebuild:UpdateProject"),
    "codepipeline": ("codepipeline:CreatePipeline", "codepipeline:UpdatePipeline"),
    "ec2": ("ec2:RunInstances", "ec2:AssociateIamInstanceProfile"),
    "ecs-tasks": ("ecs:RegisterTaskDefinition",),
    "events": ("events:PutTargets",),
    "glue": ("glue:CreateJob", "glue:UpdateJob"),
    "lambda": ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"),
    "sagemaker": ("sagemaker:CreateNotebookInstance", "sagemaker:CreateProcessingJob"),
    "scheduler": ("scheduler:CreateSchedule",),
    "ssm": ("ssm:StartAutomationExecution",),
    "states": ("states:CreateStateMachine", "states:UpdateStateMachine"),
}
"""By which calls a service begins to run something as a role that is passed to it."""

_TAKING_OVER = {
    "user": ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"),
    "group": ("iam:AddUserToGroup",),
}

_OF_AWS = ":role/aws-reserved/"
"""Roles that AWS keeps itself: nobody in the account changes them."""


class ReachCall(Struct, frozen=True):
    """A call by which somebody becomes another, and on what it depends, if it is not certain."""

    call: str
    depends: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.call} {', '.join(self.depends)}".rstrip()


def becoming(
    judge: ReachJudge, account: Account, target: Actor, actor: Actor
) -> tuple[ReachCall, ...]:
    """Return the calls by which somebody becomes another."""
    if target.raised:
        return raising(judge, account, actor) if actor.one == target.one else ()
    one, context = target.one, target.context
    if target.trust is None:
        calls = _TAKING_OVER[target.kind]
        possible = target.kind == "user" or actor.kind != "role"
        if not possible or not judge.has_chance(actor, calls):
            return ()
        return tuple(_by(judge, actor, calls, one.arn, context))
    return (
        *_way(ASSUME, judge.assumes(actor, target.trust, ReachRequest(ASSUME, one.arn, context))),
        *_changing_trust(judge, actor, target),
        *_by_services(judge, actor, target.trust, one.arn, context),
    )


def creating(judge: ReachJudge, account: Account, arn: str, actor: Actor) -> tuple[ReachCall, ...]:
    """Return the call by which somebody becomes a role that does not exist."""
    context: ReachContext = {"aws:ResourceAccount": account.id}
    return tuple(_by(judge, actor, ("iam:CreateRole",), arn, context))


def raising(judge: ReachJudge, account: Account, actor: Actor) -> tuple[ReachCall, ...]:
    """Return the calls by which somebody gives himself any policy."""
    holders: list[User | Group | Role] = [actor.one]
    if isinstance(actor.one, User):
        holders += [account.groups[name] for name in actor.one.groups]
    return tuple(
        dict.fromkeys(way for one in holders for way in _giving(judge, account, actor, one))
    )


def changing(
    judge: ReachJudge, account: Account, target: Actor, actor: Actor
) -> tuple[ReachCall, ...]:
    """Return the calls by which somebody changes what a role may do, or passes it on."""
    arn = target.one.arn
    calls = ["iam:DeleteRolePermissionsBoundary"] if target.boundary else []
    return (
        *_giving(judge, account, actor, target.one),
        *_by(judge, actor, calls, arn, target.bounded),
        *_by(judge, actor, ["iam:PassRole"], arn, target.context),
    )


def _giving(
    judge: ReachJudge, account: Account, actor: Actor, holder: User | Group | Role
) -> Iterator[ReachCall]:
    """Yield the calls by which somebody gives another any policy."""
    kind = type(holder).__name__
    calls = (f"iam:Put{kind}Policy", f"iam:Attach{kind}Policy")
    yield from _by(judge, actor, calls, holder.arn, bounded_context_of(account, holder))
    for arn in holder.managed:
        if arn.split(":")[4] == account.id:
            context: ReachContext = {"aws:ResourceAccount": account.id}
            yield from _by(judge, actor, ["iam:CreatePolicyVersion"], arn, context)


def _changing_trust(judge: ReachJudge, actor: Actor, role: Actor) -> Iterator[ReachCall]:
    if _OF_AWS not in role.one.arn:
        calls = ["iam:UpdateAssumeRolePolicy"]
        yield from _by(judge, actor, calls, role.one.arn, role.bounded)


def _by_services(
    judge: ReachJudge, actor: Actor, trust: RoleTrust, arn: str, context: ReachContext
) -> Iterator[ReachCall]:
    """Yield how somebody lets a service that a role trusts run something as that role."""
    for service in trust.services:
        passed = {**context, "iam:PassedToService": service}
        able = judge.may(actor, ReachRequest("iam:PassRole", arn, passed))
        if able is None:
            continue
        call = f"iam:PassRole to {service}"
        known = _RUN_AS.get(service.partition(".")[0])
        if known is None:
            yield ReachCall(call, able.depends)
        else:
            for way in _by(judge, actor, known, ANY, {}):
                depends = tuple(dict.fromkeys((*able.depends, *way.depends)))
                yield ReachCall(f"{call} and {way.call}", depends)
                break


def _by(
    judge: ReachJudge, actor: Actor, calls: Iterable[str], resource: str, context: ReachContext
) -> Iterator[ReachCall]:
    for call in calls:
        yield from _way(call, judge.may(actor, ReachRequest(call, resource, context)))


def _way(call: str, able: Able | None) -> Iterator[ReachCall]:
    if able is not None:
        yield ReachCall(call, able.depends)
