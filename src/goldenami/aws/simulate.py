"""Asks IAM's own policy simulator how it would decide a request.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.iam.evaluator.decide import visible
from goldenami.iam.evaluator.request import Request, Value

ALLOWED = "allowed"


def custom(aws: Aws, region: str, documents: Sequence[str], request: Request) -> str:
    """Return the decision of the simulator under these documents, such as ``explicitDeny``.

    Raises:
        AwsError: the simulator refused.
    """
    parameters = _asked(request) | {"PolicyInputList": list(documents)}
    with explained("asking IAM's policy simulator"):
        answer = aws.client("iam", region).simulate_custom_policy(**parameters)
    return _decision(answer)


def principal(aws: Aws, region: str, arn: str, request: Request) -> str:
    """Return the simulator's decision for a user, a group or a role as it is.

    Raises:
        AwsError: the simulator refused.
    """
    parameters = _asked(request) | {"PolicySourceArn": arn}
    with explained("asking IAM's policy simulator"):
        answer = aws.client("iam", region).simulate_principal_policy(**parameters)
    return _decision(answer)


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


def _decision(answer: Mapping[str, Any]) -> str:
    """Take the resource's own decision where there is one."""
    (result,) = answer["EvaluationResults"]
    specific = result.get("ResourceSpecificResults") or [{}]
    return str(specific[0].get("EvalResourceDecision", result["EvalDecision"]))
