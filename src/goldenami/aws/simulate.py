"""Asks IAM's own policy simulator how it would decide a request.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Sequence
from typing import Any

from goldenami.aws.answers.iam import SimulateCustomPolicy, SimulatePrincipalPolicy
from goldenami.aws.errors import unreadable
from goldenami.aws.session import Aws
from goldenami.iam.evaluator.decide import visible
from goldenami.iam.evaluator.request import Request, Value

ALLOWED = "allowed"
_DOING = "asking IAM's policy simulator"


def custom(aws: Aws, documents: Sequence[str], request: Request) -> str:
    """Return the decision of the simulator under these documents, such as ``explicitDeny``.

    Raises:
        AwsError: the simulator refused.
    """
    parameters = _asked(request) | {"PolicyInputList": list(documents)}
    return _decision(aws.ask(SimulateCustomPolicy, _DOING, **parameters))


def principal(aws: Aws, arn: str, request: Request) -> str:
    """Return the simulator's decision for a user, a group or a role as it is.

    Raises:
        AwsError: the simulator refused.
    """
    parameters = _asked(request) | {"PolicySourceArn": arn}
    return _decision(aws.ask(SimulatePrincipalPolicy, _DOING, **parameters))


def _asked(request: Request) -> dict[str, Any]:
    return {
        "ActionNames": [request.action],
        "ResourceArns": [request.resource],
        "ContextEntries": [_entry(key, value) for key, value in sorted(visible(request).items())],
    }


def _entry(key: str, value: Value) -> dict[str, Any]:
    several = isinstance(value, tuple)
    kind = "stringList" if several else "string"
    if value in ("true", "false"):
        kind = "boolean"
    return {
        "ContextKeyName": key,
        "ContextKeyType": kind,
        "ContextKeyValues": list(value) if isinstance(value, tuple) else [value],
    }


def _decision(answer: SimulateCustomPolicy) -> str:
    """Take the resource's own decision where there is one."""
    if len(answer.evaluation_results) != 1:
        raise unreadable(_DOING, answer.call, "it decides another number of requests than one")
    result = answer.evaluation_results[0]
    specific = result.resource_specific_results
    return specific[0].eval_resource_decision if specific else result.eval_decision
