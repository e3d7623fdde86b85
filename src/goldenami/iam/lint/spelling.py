"""Names that AWS's reference does not have: actions, condition keys and operators.

AWS may have some since, so the reference is named with its day. These rules come first: a document
with a misspelt operator cannot be judged any further.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from goldenami.iam.evaluator.operators import OPERATORS
from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.reference import table


def readable(document: Any) -> bool:
    """Tell whether a document has statements to look at; if not, the compiler says why."""
    listed = document.get("Statement") if isinstance(document, Mapping) else None
    statements = [listed] if isinstance(listed, Mapping) else listed
    return isinstance(statements, list) and all(
        isinstance(statement, Mapping)
        and "Effect" in statement
        and isinstance(statement.get("Condition", {}), Mapping)
        and all(isinstance(keys, Mapping) for keys in statement.get("Condition", {}).values())
        for statement in statements
    )


def _operators(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.tests:
        if test.name not in (*OPERATORS, "Null"):
            yield f"there is no operator `{test.operator}`" + _close(test.name, OPERATORS)


def _actions(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for action in statement.actions:
        if not _is_action(action):
            service, name = action.partition(":")[::2]
            close = _close(name, table.actions(service.lower()))
            yield f"`{action}` is not known to the reference of {table.date()}{close}"


def _services(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    """Tell prefixes that are nearly one of a service here; others AWS may have, or have had."""
    for action in statement.actions:
        service = action.partition(":")[0].lower()
        close = get_close_matches(service, table.services(), n=1, cutoff=0.75)
        if close and not table.is_service(service):
            yield (
                f"the service of `{action}` is not known to the reference of "
                f"{table.date()}; did you mean `{close[0]}`?"
            )


def _keys(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.tests:
        key = test.key.lower()
        service = key.partition(":")[0]
        if service in ("aws", *table.services()) and not table.exists(key):
            close = _close(key, table.known_keys(service))
            yield (
                f"the condition key `{test.key}` is not known to the reference of "
                f"{table.date()}{close}"
            )


def _is_action(pattern: str) -> bool:
    """Tell whether a pattern fits any action; those of other services are not known."""
    service, _, name = pattern.lower().partition(":")
    if service not in table.services():
        return True
    return any(fnmatchcase(action.lower(), name) for action in table.actions(service))


def _close(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


RULES = (
    LintRule(
        id="unknown-operator",
        severity="high",
        title="a condition operator that IAM does not have",
        explanation="IAM refuses the document.",
        right="an operator of IAM's reference, such as StringNotEquals",
        check=_operators,
    ),
    LintRule(
        id="unknown-action",
        severity="high",
        title="an action that AWS's reference does not have",
        explanation=(
            "IAM takes the document, and unless AWS has the action since, the statement is about "
            "nothing."
        ),
        right="the action as the service authorization reference has it: ec2:RunInstances",
        check=_actions,
    ),
    LintRule(
        id="unknown-service",
        severity="low",
        title="an action of a service that AWS's reference does not have, and nearly has",
        explanation="IAM takes the document; the service may be new, or its prefix another one.",
        right="the prefix of the service authorization reference: ec2, autoscaling, tag",
        check=_services,
    ),
    LintRule(
        id="unknown-key",
        severity="high",
        title="a condition key that AWS's reference does not have",
        explanation=(
            "IAM may take the document, and unless AWS has the key since, it is missing in every "
            "request: an Allow never holds, a negated test in a Deny always does."
        ),
        right="the key as the service authorization reference has it: ec2:ParentSnapshot",
        check=_keys,
    ),
)
