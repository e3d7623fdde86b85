"""Whom a role trusts: its trust policy is a policy with principals.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.evaluator.decide import Outcome, Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Request


def by_name(document: str, request: Request) -> bool | None:
    """Tell what a role's trust policy says of a request to assume it.

    Returns:
        True if it names the caller, which suffices in one account; None if it trusts the
        account, so that the caller's own policies decide; False if it trusts neither.
    """
    trust = json.loads(document)
    if _outcome(trust, request, _names_caller) is Outcome.ALLOWED:
        return True
    with_account = _outcome(trust, request, _names_account)
    return None if with_account is Outcome.ALLOWED else False


def _outcome(trust: Mapping[str, Any], request: Request, fits: Any) -> Outcome:
    listed = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    statements = [
        {key: one[key] for key in one if key != "Principal"} | {"Resource": "*"}
        for one in listed
        if any(fits(name, request) for name in _principals(one))
    ]
    if not statements:
        return Outcome.IMPLICIT_DENY
    policy = compile_policy("trust policy", {**trust, "Statement": statements})
    return decide(Policies(identity=(policy,)), request).outcome


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    principal = statement.get("Principal", {})
    named = principal if isinstance(principal, str) else principal.get("AWS", [])
    yield from [named] if isinstance(named, str) else named


def _names_caller(name: str, request: Request) -> bool:
    return name in ("*", request.principal.arn)


def _names_account(name: str, request: Request) -> bool:
    account = request.principal.account
    return name in ("*", account, f"arn:{request.principal.partition}:iam::{account}:root")
