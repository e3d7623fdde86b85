"""Whom a role trusts: its trust policy is a policy with principals.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

import json
from collections.abc import Collection, Iterator, Mapping
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Any

from goldenami.errors import PolicyError
from goldenami.iam.authorization.resources import Scope
from goldenami.iam.evaluator.decide import Outcome, Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Request


class Trust(Enum):
    """What a trust policy says of a caller."""

    CALLER = auto()
    """It names them: within one account they need no permission of their own."""
    ACCOUNT = auto()
    """It names their account, whose administrators decide by their own policies."""
    NOBODY = auto()
    """It names neither, or denies."""


def trust(document: str, request: Request, caller: str) -> Trust:
    """Tell what a role's trust policy says of a request to assume it.

    Args:
        document: the trust policy.
        request: to assume the role.
        caller: the caller's ARN; that of a session is another one than its role's.

    Raises:
        PolicyError: the document has what is not known here, such as a NotPrincipal.
        UndecidableError: whether it allows or denies is unknown.
    """
    principal = request.principal
    root = Scope(principal.partition, "", principal.account).arn("iam", "root")
    by_caller = _outcome(document, request, {"*", caller, principal.arn})
    by_account = _outcome(document, request, {principal.account, root})
    if Outcome.EXPLICIT_DENY in (by_caller, by_account):
        return Trust.NOBODY
    if by_caller is Outcome.ALLOWED:
        return Trust.CALLER
    return Trust.ACCOUNT if by_account is Outcome.ALLOWED else Trust.NOBODY


def trusts_provider(document: str, action: str) -> bool:
    """Tell whether a trust policy lets anybody of an identity provider assume the role.

    Which provider, and whom of it, is in a token that the sandbox cannot read.
    """
    return any(True for _ in _principals_of(document, "Federated", action))


def trusts_service(document: str, service: str, action: str = "sts:AssumeRole") -> bool:
    """Tell whether a policy with principals lets a service of AWS's do something.

    Args:
        document: the policy, of a role, a bucket, a key. Its conditions do not count.
        service: its name: ``ec2``.
        action: what it does.
    """
    names = (f"{service}.amazonaws.com", f"{service}.amazonaws.com.cn")
    return any(name in names for name in _principals_of(document, "Service", action))


def _principals_of(document: str, kind: str, action: str) -> Iterator[str]:
    """Yield the principals of a kind that a policy allows an action."""
    for statement in _as_list(json.loads(document)["Statement"]):
        principal = statement.get("Principal", {})
        patterns = _as_list(statement.get("Action", []))
        allowed = (fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
        if statement["Effect"] == "Allow" and isinstance(principal, Mapping) and any(allowed):
            yield from _as_list(principal.get(kind, []))


def _outcome(document: str, request: Request, names: Collection[str]) -> Outcome:
    """Decide by the statements whose principal is one of ``names``."""
    whole = json.loads(document)
    statements = [
        {key: value for key, value in statement.items() if key != "Principal"} | {"Resource": "*"}
        for statement in _as_list(whole["Statement"])
        if any(name in names for name in _principals(statement))
    ]
    if not statements:
        return Outcome.IMPLICIT_DENY
    policy = compile_policy("trust policy", {**whole, "Statement": statements})
    return decide(Policies(identity=(policy,)), request).certain().outcome


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    if "Principal" not in statement:
        raise PolicyError("trust policy: a statement without a Principal cannot be decided")
    principal = statement["Principal"]
    named = principal if isinstance(principal, str) else principal.get("AWS", [])
    yield from _as_list(named)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
