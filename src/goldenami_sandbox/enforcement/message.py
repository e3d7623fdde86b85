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
    "iam": "AccessDenied",
    "s3": "AccessDenied",
    "sts": "AccessDenied",
}
"""The error's code by service; of the others it is AccessDeniedException."""


def refusal(call: Call, arn: str, decision: Decision, policy_arn: str = "") -> Refusal:
    """Return the answer of the call's service to a caller who is not authorized.

    Args:
        call: what was asked.
        arn: the caller's ARN.
        decision: why not.
        policy_arn: the ARN of the policy that denied, if one did and has an ARN.
    """
    code = _CODES.get(call.service, "AccessDeniedException")
    told = sentence(arn, decision, policy_arn)
    if call.service == "autoscaling" and not decision.request.action.startswith("autoscaling:"):
        told = f"You are not authorized to use launch template: {_template(decision.request)}"
    if call.service == "ec2":
        told = (
            f"You are not authorized to perform this operation. {told}. "
            f"Encoded authorization failure message: {encoded(arn, decision)}"
        )
    return Refusal(code, told, 400 if call.protocol == "json" else 403)


def _template(request: Request) -> str:
    """Return the launch template that a request is about, as Auto Scaling names it."""
    named = request.context.get("ec2:LaunchTemplate", request.resource)
    return str(named).rpartition("/")[2]


def untrusted(call: Call, arn: str, role_arn: str) -> Refusal:
    """Return STS's answer to a caller whom a role does not trust: it tells no policy."""
    return Refusal(_CODES["sts"], _who(arn, call.name, role_arn), 403)


def sentence(arn: str, decision: Decision, policy_arn: str = "") -> str:
    """Say who may not do what, and which policy, or which kind of policy, is why."""
    asked, layer = decision.request, decision.layer
    who = _who(arn, asked.action, asked.resource)
    if decision.outcome is Outcome.EXPLICIT_DENY:
        policy = f": {policy_arn}" if policy_arn else ""
        return f"{who} with an explicit deny in {_ARTICLES[layer]} {layer}{policy}"
    return f"{who} because no {layer} allows the {asked.action} action"


def _who(arn: str, action: str, resource: str) -> str:
    return f"User: {arn} is not authorized to perform: {action} on resource: {resource}"


def encoded(arn: str, decision: Decision) -> str:
    """Return the details that only sts:DecodeAuthorizationMessage shows."""
    asked = decision.request
    told = {
        "allowed": False,
        "explicitDeny": decision.outcome is Outcome.EXPLICIT_DENY,
        "matchedStatements": {
            "items": [
                {"statementId": one.statement, "effect": "DENY", "policyName": one.policy}
                for one in decision.matched
            ]
        },
        "failures": {"items": []},
        "context": {
            "principal": {"id": asked.principal.keys.get("aws:userid", ""), "arn": arn},
            "action": asked.action,
            "resource": asked.resource,
            "conditions": {
                "items": [
                    {"key": key, "values": {"items": [{"value": one} for one in _values(value)]}}
                    for key, value in sorted(asked.context.items())
                ]
            },
        },
    }
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(told).encode())).decode()


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
