"""The ways by which one principal becomes another: each a call, or two, that they may make.

What runs as a role already (an instance, a function) is not looked at, nor who can get into it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterable, Iterator

from goldenami.iam.account import Identity, User
from goldenami.iam.reach.clauses import ReachCall
from goldenami.iam.reach.judge import (
    ANY,
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


def becoming(judge: ReachJudge, target: Actor, actor: Actor) -> tuple[ReachCall, ...]:
    """Return the calls by which somebody becomes another."""
    if target.raised:
        return raising(judge, actor) if actor.holder == target.holder else ()
    holder, context = target.holder, target.context
    if target.trust is None:
        calls = _TAKING_OVER[target.kind]
        possible = target.kind == "user" or actor.kind != "role"
        if not possible or not judge.has_chance(actor, calls):
            return ()
        return tuple(_by(judge, actor, calls, holder.arn, context))
    assuming = judge.assumes(actor, target.trust, ReachRequest(ASSUME, holder.arn, context))
    changing_trust = () if _OF_AWS in holder.arn else ("iam:UpdateAssumeRolePolicy",)
    return (
        *([assuming] if assuming else ()),
        *_by(judge, actor, changing_trust, holder.arn, target.bounded),
        *_by_services(judge, actor, target.trust, holder.arn, context),
    )


def creating(judge: ReachJudge, arn: str, actor: Actor) -> tuple[ReachCall, ...]:
    """Return the call by which somebody becomes a role that does not exist."""
    return tuple(_by(judge, actor, ("iam:CreateRole",), arn, _somewhere(judge)))


def raising(judge: ReachJudge, actor: Actor) -> tuple[ReachCall, ...]:
    """Return the calls by which somebody gives themselves any policy."""
    holders: list[Identity] = [actor.holder]
    if isinstance(actor.holder, User):
        holders += [judge.account.groups[name] for name in actor.holder.groups]
    return tuple(dict.fromkeys(way for holder in holders for way in _giving(judge, actor, holder)))


def changing(judge: ReachJudge, target: Actor, actor: Actor) -> tuple[ReachCall, ...]:
    """Return the calls by which somebody changes what a role may do, or passes it on."""
    arn = target.holder.arn
    calls = ["iam:DeleteRolePermissionsBoundary"] if target.boundary else []
    return (
        *_giving(judge, actor, target.holder),
        *_by(judge, actor, calls, arn, target.bounded),
        *_by(judge, actor, ["iam:PassRole"], arn, target.context),
    )


def _giving(judge: ReachJudge, actor: Actor, holder: Identity) -> Iterator[ReachCall]:
    """Yield the calls by which somebody gives another any policy."""
    kind, account = type(holder).__name__, judge.account
    calls = (f"iam:Put{kind}Policy", f"iam:Attach{kind}Policy")
    yield from _by(judge, actor, calls, holder.arn, bounded_context_of(account, holder))
    for arn in holder.managed:
        if arn.split(":")[4] == account.id:
            yield from _by(judge, actor, ["iam:CreatePolicyVersion"], arn, _somewhere(judge))


def _somewhere(judge: ReachJudge) -> ReachContext:
    return {"aws:ResourceAccount": judge.account.id}


def _by_services(
    judge: ReachJudge, actor: Actor, trust: RoleTrust, arn: str, context: ReachContext
) -> Iterator[ReachCall]:
    """Yield how somebody lets a service that a role trusts run something as that role."""
    for service in trust.services:
        passed = {**context, "iam:PassedToService": service}
        passing = judge.may(actor, ReachRequest("iam:PassRole", arn, passed))
        if passing is None:
            continue
        call = f"iam:PassRole to {service}"
        known = _RUN_AS.get(service.partition(".")[0])
        if known is None:
            yield ReachCall(call, passing.depends)
        elif way := next(_by(judge, actor, known, ANY, {}), None):
            depends = tuple(dict.fromkeys((*passing.depends, *way.depends)))
            yield ReachCall(f"{call} and {way.call}", depends)


def _by(
    judge: ReachJudge, actor: Actor, calls: Iterable[str], resource: str, context: ReachContext
) -> Iterator[ReachCall]:
    for call in calls:
        if way := judge.may(actor, ReachRequest(call, resource, context)):
            yield way
