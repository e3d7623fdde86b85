"""The guard in front of moto: lets a call through if IAM allows all that it does."""

import logging
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from moto.utilities.utils import get_partition
from msgspec import Struct
from msgspec.structs import replace

from goldenami.errors import GoldenamiError, UnknownResourceError
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.authorization.resources import ResourceLookup
from goldenami.iam.evaluator.decide import (
    Decision,
    Layer,
    Outcome,
    Policies,
    Verdict,
    decide,
    decide_all,
)
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Request
from goldenami.iam.reference import table
from goldenami_sandbox.accounts import account_of, is_root
from goldenami_sandbox.calls import Call, Refusal
from goldenami_sandbox.enforcement import message
from goldenami_sandbox.enforcement.caller import Caller, caller_of, deciding_in, store
from goldenami_sandbox.enforcement.lookup import LenientLookup, SandboxLookup
from goldenami_sandbox.enforcement.policies import policies_of, policy_arn
from goldenami_sandbox.enforcement.trust import Trust, trust, trusts_provider

_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""The names that services sign with, where IAM has another prefix."""
_FREE = ("sts:GetCallerIdentity", "sts:GetSessionToken")
"""What everybody may do, whatever the policies say."""
_FEDERATED = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
"""Operations of STS that need no signature, since an identity provider's token comes with them."""
_FLEET = "ec2:CreateFleet"
"""What tells in its answer, and not by an error, which launches are not allowed."""

_ANYTHING = compile_policy(
    "trusted by name",
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    },
)
_EVERYTHING = SandboxLookup()
_log = logging.getLogger(__name__)


class DecidedCall(Struct, frozen=True):
    """A call of somebody who is restricted, and how each of its requests was decided."""

    call: Call
    verdict: Verdict


decided: deque[DecidedCall] = deque(maxlen=10_000)
"""The newest decisions, oldest first, until they are cleared."""


def authorized(call: Call) -> Refusal | None:
    """Refuse a call that the caller's policies do not allow.

    Every service is decided of which AWS's reference, as goldenami has it, tells the actions. An
    account's root is not restricted. What cannot be decided, such as a policy that the
    evaluator does not know, is refused too, with an error of the sandbox's own.
    """
    call = replace(call, service=_PREFIXES.get(call.service, call.service))
    federated = call.operation in _FEDERATED  # an unsigned request does not tell its service
    unrestricted = is_root(call.access_key_id) or call.name in _FREE
    if unrestricted or (call.service not in table.services() and not federated):
        return None
    try:
        if federated:
            return _refusal_of_token(call)
        with deciding_in(account_of(call.access_key_id), get_partition(call.region)):
            return _refusal(call, caller_of(call.access_key_id))
    except Exception as error:
        _log.debug("the sandbox failed to decide %s", call.name, exc_info=True)
        reason = str(error) if isinstance(error, GoldenamiError) else repr(error)
        return Refusal("SandboxError", f"The sandbox cannot decide {call.name}: {reason}", 501)


def _refusal(call: Call, caller: Caller) -> Refusal | None:
    policies = policies_of(caller)
    try:
        verdict = decide_all(policies, _requests(call, caller, _EVERYTHING))
    except UnknownResourceError:
        return _refusal_of_rest(call, caller, policies)
    decided.append(DecidedCall(call, verdict))
    decision = verdict.deciding
    if call.name == "sts:AssumeRole":
        return _assuming(call, caller, policies, decision)
    return _answer(call, caller, decision)


def _answer(call: Call, caller: Caller, decision: Decision) -> Refusal | None:
    if decision.certain().allowed:
        return None
    arn = policy_arn(caller, decision.matched[0]) if decision.matched else ""
    return message.refusal(call, caller.arn, decision, arn)


def _requests(call: Call, caller: Caller, lookup: ResourceLookup) -> tuple[Request, ...]:
    api_call = ApiCall(call.name, call.region, call.parameters)
    needed = requests(api_call, caller.principal, lookup, _circumstances(caller))
    if call.name != _FLEET:
        return needed
    return tuple(request for request in needed if request.action != "ec2:RunInstances")


def _circumstances(caller: Caller) -> Mapping[str, str]:
    now = datetime.now(UTC)
    keys = {
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SecureTransport": "false",
        "aws:SourceIp": "127.0.0.1",
        "aws:ViaAWSService": "false",
    }
    # Temporary credentials have the key, and access keys of users do not.
    return keys | {"aws:MultiFactorAuthPresent": "false"} if caller.session else keys


def _refusal_of_rest(call: Call, caller: Caller, policies: Policies) -> Refusal | None:
    """Decide a call that names what does not exist, by what does exist.

    If that is allowed, the service tells what is missing, but only to somebody whom a policy
    allows the action on anything at all.
    """
    lookup = LenientLookup(_EVERYTHING)
    needed = _requests(call, caller, lookup)
    rest = [
        decide(policies, request) for request in needed if request.resource not in lookup.missing
    ]
    if not any(
        statement.allows
        for policy in policies.identity
        for statement in policy.about(call.name.lower())
    ):
        rest.append(_nothing_allows(call, caller))
    if not rest:
        return None
    decided.append(DecidedCall(call, verdict := Verdict(tuple(rest))))
    return _answer(call, caller, verdict.deciding)


def _nothing_allows(call: Call, caller: Caller) -> Decision:
    request = Request(principal=caller.principal, action=call.name, resource="*")
    missing = f"no {Layer.IDENTITY}"
    return Decision(request, Outcome.IMPLICIT_DENY, Layer.IDENTITY, missing=missing)


def _assuming(call: Call, caller: Caller, policies: Policies, decision: Decision) -> Refusal | None:
    """Combine the caller's own permission with the trust of the role.

    A trust policy that names the caller stands in for their identity policies, and for a user also
    for what the boundary does not allow. A role of another account needs both.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    request = decision.certain().request
    document = _trust_policy(request.resource)
    trusted = trust(document, request, caller.arn) if document else Trust.NOBODY
    abroad = request.resource.split(":")[4] != caller.principal.account
    both = trusted is Trust.ACCOUNT or (trusted is Trust.CALLER and abroad)
    if decision.outcome is Outcome.EXPLICIT_DENY or both:
        return _answer(call, caller, decision)
    if trusted is Trust.NOBODY:
        return message.untrusted(call, caller.arn, request.resource)
    boundary = policies.boundary if caller.session else None
    instead = replace(policies, identity=(_ANYTHING,), boundary=boundary)
    return _answer(call, caller, decide(instead, request))


def _refusal_of_token(call: Call) -> Refusal | None:
    action = f"sts:{call.operation}"
    document = _trust_policy(call.parameters["RoleArn"])
    if document and trusts_provider(document, action):
        return None
    return Refusal("AccessDenied", f"Not authorized to perform {action}", 403)


def _trust_policy(role_arn: str) -> str | None:
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    with deciding_in(account, partition):
        roles = store().get_roles()
    return next((role.assume_role_policy_document for role in roles if role.arn == role_arn), None)
