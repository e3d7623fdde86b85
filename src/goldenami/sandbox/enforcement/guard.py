"""The guard in front of moto: lets a call through if IAM allows all that it does."""

from datetime import UTC, datetime

from goldenami.errors import GoldenamiError, UnknownResourceError
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.evaluator.decide import (
    Decision,
    Layer,
    Outcome,
    Policies,
    decide_all,
)
from goldenami.iam.evaluator.request import Request
from goldenami.sandbox.calls import Call, Refusal
from goldenami.sandbox.enforcement import trust
from goldenami.sandbox.enforcement.caller import Caller, caller_of, store
from goldenami.sandbox.enforcement.message import refusal
from goldenami.sandbox.enforcement.policies import policies_of
from goldenami.sandbox.enforcement.world import SandboxWorld

SERVICES = ("ec2", "iam", "organizations", "ssm", "sts")
_FREE = ("sts:GetCallerIdentity", "sts:GetSessionToken")
"""What everybody may do, whatever the policies say."""

_WORLD = SandboxWorld()


def authorised(call: Call) -> Refusal | None:
    """Refuse a call that the caller's policies do not allow.

    The account's root is not restricted. A policy that the evaluator does not know is an answer
    too: nothing is let through that could not be decided.
    """
    if call.service not in SERVICES or call.name in _FREE or not call.access_key_id:
        return None
    caller = caller_of(call.access_key_id)
    if caller is None:
        return None
    try:
        decision = _decision(call, caller)
    except GoldenamiError as error:
        return Refusal("SandboxError", f"The sandbox cannot decide {call.name}: {error}", 501)
    return None if decision is None or decision.allowed else refusal(call, caller.arn, decision)


def _decision(call: Call, caller: Caller) -> Decision | None:
    policies = policies_of(caller)
    try:
        asked = requests(
            ApiCall(call.name, call.region, call.parameters),
            caller.principal,
            _WORLD,
            _circumstances(),
        )
    except UnknownResourceError:
        return _of_nothing(call, caller, policies)
    decision = decide_all(policies, asked).deciding
    return _trusted(decision) if call.name == "sts:AssumeRole" else decision


def _circumstances() -> dict[str, str]:
    return {
        "aws:CurrentTime": datetime.now(UTC).isoformat(timespec="seconds"),
        "aws:SecureTransport": "false",
        "aws:SourceIp": "127.0.0.1",
    }


def _of_nothing(call: Call, caller: Caller, policies: Policies) -> Decision | None:
    """Refuse a call about what does not exist only to whom nothing allows it on anything.

    Everybody else gets the service's own answer.
    """
    about = [one for policy in policies.identity for one in policy.about(call.name.lower())]
    if any(one.allows for one in about):
        return None
    request = Request(principal=caller.principal, action=call.name, resource="*")
    missing = "no identity-based policy"
    return Decision(request, Outcome.IMPLICIT_DENY, Layer.IDENTITY, missing=missing)


def _trusted(decision: Decision) -> Decision:
    """Combine the caller's own permission with the role's trust.

    Within one account a role that trusts the caller by name needs no policy of his.
    """
    request = decision.request
    role = next((one for one in store().roles.values() if one.arn == request.resource), None)
    named = trust.by_name(role.assume_role_policy_document, request) if role else False
    if decision.outcome is Outcome.EXPLICIT_DENY or named is None:
        return decision
    if named:
        return Decision(request, Outcome.ALLOWED, Layer.IDENTITY)
    return Decision(
        request, Outcome.IMPLICIT_DENY, Layer.IDENTITY, missing="no resource-based policy"
    )
