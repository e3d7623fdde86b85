"""How AWS tells that a call is not authorized.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns
https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

import base64
import json
import zlib

from goldenami.iam.evaluator.decide import Decision, Layer, Outcome
from goldenami.iam.evaluator.request import Request
from goldenami_sandbox.calls import Call, Refusal

_ARTICLES = {
    Layer.IDENTITY: "an", Layer.BOUNDARY: "a", Layer.SCP: "a", Layer.SESSION: "a",
}  # fmt: skip
_CODES = {
    "ec2": "UnauthorizedOperation",
    "autoscaling": "AccessDenied",
    "cloudformation": "AccessDenied",
    "cloudwatch": "AccessDenied",
    "iam": "AccessDenied",
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sts": "AccessDenied",
}
"""The error's code by service; of the others it is AccessDeniedException."""


def refusal(call: Call, arn: str, decision: Decision, policy_arn: str = "") -> Refusal:
    """Return the answer of the call's service to a caller who is not authorized.

    Args:
        call: what was request.
        arn: the caller's ARN.
        decision: why not.
        policy_arn: the ARN of the policy that denied, if one did and has an ARN.
    """
    code = _CODES.get(call.service, "AccessDeniedException")
    text = sentence(arn, decision, policy_arn)
    if call.service == "autoscaling" and not decision.request.action.startswith("autoscaling:"):
        text = f"You are not authorized to use launch template: {_template(decision.request)}"
    if call.service == "ec2":
        text = (
            f"You are not authorized to perform this operation. {text}. "
            f"Encoded authorization failure message: {encoded(arn, decision)}"
        )
    return Refusal(code, text, 400 if call.protocol == "json" else 403)


def _template(request: Request) -> str:
    """Return the launch template that a request is about, as Auto Scaling names it."""
    named = request.context.get("ec2:LaunchTemplate", request.resource)
    return str(named).rpartition("/")[2]


def untrusted(call: Call, arn: str, role_arn: str) -> Refusal:
    """Return STS's answer to a caller whom a role does not trust: it tells no policy."""
    return Refusal(_CODES["sts"], _who(arn, call.name, role_arn), 403)


def sentence(arn: str, decision: Decision, policy_arn: str = "") -> str:
    """Say who may not do what, and which policy, or which kind of policy, is why."""
    request, layer = decision.request, decision.layer
    who = _who(arn, request.action, request.resource)
    if decision.outcome is Outcome.EXPLICIT_DENY:
        policy = f": {policy_arn}" if policy_arn else ""
        return f"{who} with an explicit deny in {_ARTICLES[layer]} {layer}{policy}"
    return f"{who} because no {layer} allows the {request.action} action"


def _who(arn: str, action: str, resource: str) -> str:
    return f"User: {arn} is not authorized to perform: {action} on resource: {resource}"


def encoded(arn: str, decision: Decision) -> str:
    """Return the details that only sts:DecodeAuthorizationMessage shows."""
    request = decision.request
    details = {
        "allowed": False,
        "explicitDeny": decision.outcome is Outcome.EXPLICIT_DENY,
        "matchedStatements": {
            "items": [
                {"statementId": denial.statement, "effect": "DENY", "policyName": denial.policy}
                for denial in decision.matched
            ]
        },
        "failures": {"items": []},
        "context": {
            "principal": {"id": request.principal.keys.get("aws:userid", ""), "arn": arn},
            "action": request.action,
            "resource": request.resource,
            "conditions": {
                "items": [
                    {"key": key, "values": {"items": [{"value": text} for text in _values(value)]}}
                    for key, value in sorted(request.context.items())
                ]
            },
        },
    }
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(details).encode())).decode()


def decoded(message: str) -> str:
    """Return what `encoded` hid.

    Raises:
        ValueError: the message is none of AWS's.
    """
    try:
        return zlib.decompress(base64.urlsafe_b64decode(message)).decode()
    except (ValueError, zlib.error) as error:
        raise ValueError("the message is no encoded one") from error


def _values(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
