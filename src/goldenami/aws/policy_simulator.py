"""Asks IAM's own policy simulator how it would decide a request.

What the simulator cannot see, such as a session policy, is not known.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from goldenami.aws.answers.interface import Listing
from goldenami.aws.errors import unreadable
from goldenami.aws.session import Aws
from goldenami.errors import AwsError

if TYPE_CHECKING:
    from goldenami.aws.answers.iam import EvaluationResult
    from goldenami.iam.evaluator.request import Request, Value

PERMISSIONS = ("iam:GetRole", "iam:SimulatePrincipalPolicy")
"""What `refused` needs."""
ALLOWED = "allowed"
_NOT_ALLOWED = "implicitDeny"
_PURPOSE = "asking IAM's policy simulator"


def refused(
    aws: Aws,
    actions: Sequence[str],
    arns: Sequence[str],
    purpose: str,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, ...] | None:
    """Return which of these actions on these resources the caller may not do, in words.

    Args:
        aws: the caller.
        actions: the actions.
        arns: the resources.
        purpose: why it is asked.
        keys: what is known of the request: the values of condition keys that policies may ask for.

    Returns:
        Nothing if they may do all; None for the account's root user, who is not simulated.

    Raises:
        AwsError: the simulator could not be asked, or would have to know more than it was told.
    """
    from goldenami.aws.answers.iam import SimulatePrincipalPolicy

    source = _identity(aws, purpose)
    if source is None:
        return None
    context = {"ContextEntries": [_entry(*each) for each in keys.items()]} if keys else {}
    results = [*aws.rows(
        SimulatePrincipalPolicy, purpose,
        PolicySourceArn=source, ActionNames=list(actions), ResourceArns=list(arns), **context,
    )]  # fmt: skip
    lacking = {
        key
        for result in results
        if result.eval_decision == _NOT_ALLOWED
        for key in result.missing_context_values
    }
    if lacking:
        raise AwsError(
            f"{purpose}: a policy asks for {', '.join(sorted(lacking))}, which nobody knows before"
        )
    return tuple(sorted(refusal for result in results for refusal in _refusals(result)))


def _refusals(result: "EvaluationResult") -> Iterator[str]:
    """Yield what a result refuses: on each resource, or on all if it tells them not apart."""
    for resource in result.resource_specific_results:
        if resource.eval_resource_decision != ALLOWED:
            yield f"{result.eval_action_name} on {resource.eval_resource_name}"
    if not result.resource_specific_results and result.eval_decision != ALLOWED:
        yield result.eval_action_name


def decision(aws: Aws, request: "Request", *, arn: str, documents: Sequence[str]) -> str:
    """Return the simulator's decision, such as ``explicitDeny``: the resource's own if it has one.

    Args:
        aws: who asks.
        request: what is asked.
        arn: a user, a group or a role as it is; empty for documents.
        documents: the policies of somebody else.

    Raises:
        AwsError: the simulator refused.
    """
    from goldenami.aws.answers.iam import SimulateCustomPolicy, SimulatePrincipalPolicy
    from goldenami.iam.evaluator.context import visible  # it takes a while, and few ask

    context = sorted(visible(request).items())
    parameters: dict[str, Any] = {
        "ActionNames": [request.action],
        "ResourceArns": [request.resource],
        "ContextEntries": [_entry(key, value) for key, value in context],
    }
    kind: type[Listing[EvaluationResult]] = SimulateCustomPolicy
    if arn:
        kind, parameters["PolicySourceArn"] = SimulatePrincipalPolicy, arn
    else:
        parameters["PolicyInputList"] = list(documents)
    results = aws.ask(kind, _PURPOSE, **parameters).rows
    if len(results) != 1:
        raise unreadable(_PURPOSE, kind.call, "it decides another number of requests than one")
    specific = results[0].resource_specific_results
    return specific[0].eval_resource_decision if specific else results[0].eval_decision


def _identity(aws: Aws, purpose: str) -> str | None:
    """Return the caller's user or role, which the simulator asks for; None for the root user."""
    from goldenami.aws.answers.iam import GetRole

    kind, _, rest = aws.caller.split(":")[5].partition("/")
    if kind == "assumed-role":
        # a session's ARN has no path, and the simulator wants the role's own
        return aws.ask(GetRole, purpose, RoleName=rest.split("/")[0]).part.arn
    return aws.caller if kind == "user" else None


def _entry(key: str, value: "Value") -> dict[str, Any]:
    values = list(value) if isinstance(value, tuple) else [value]
    kind = "stringList" if isinstance(value, tuple) else "string"
    if value in ("true", "false"):
        kind = "boolean"
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": values}
