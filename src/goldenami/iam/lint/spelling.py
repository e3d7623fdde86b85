"""Names that AWS does not have: actions, condition keys and operators.

They come first: a document with a misspelt operator cannot be judged any further.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from goldenami.iam.authorization import table
from goldenami.iam.evaluator.operators import OPERATORS
from goldenami.iam.lint.interface import Finding, Statement, statements

OPERATOR, ACTION, KEY = "unknown-operator", "unknown-action", "unknown-key"
RIGHT = "write the name as AWS's reference has it"


def misspelt(policy: str, document: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield every name in a document that AWS does not have."""
    if not _is_policy(document):
        return  # the compiler says better what is wrong
    for statement in statements(policy, document):
        for kind, message in _wrong(statement):
            yield Finding(kind, "high", policy, statement.name, message, RIGHT)


def _is_policy(document: Any) -> bool:
    listed = document.get("Statement") if isinstance(document, Mapping) else None
    several = [listed] if isinstance(listed, Mapping) else listed
    return isinstance(several, list) and all(
        isinstance(one, Mapping)
        and "Effect" in one
        and isinstance(one.get("Condition", {}), Mapping)
        and all(isinstance(keys, Mapping) for keys in one.get("Condition", {}).values())
        for one in several
    )


def _wrong(statement: Statement) -> Iterator[tuple[str, str]]:
    for action in statement.actions:
        if not _is_action(action):
            service, _, name = action.partition(":")
            yield ACTION, f"there is no action `{action}`" + _close(name, table.actions(service))
    for test in statement.tests:
        if test.name not in (*OPERATORS, "Null"):
            yield OPERATOR, f"there is no operator `{test.operator}`" + _close(test.name, OPERATORS)
        if _ours(test.key) and not table.exists(test.key):
            yield (
                KEY,
                f"there is no condition key `{test.key}`"
                + _close(test.key.lower(), table.known_keys()),
            )


def _is_action(pattern: str) -> bool:
    """Tell whether a pattern fits any action; those of other services are not known."""
    service, _, name = pattern.lower().partition(":")
    if service not in table.services():
        return True
    return any(fnmatchcase(one.lower(), name) for one in table.actions(service))


def _ours(key: str) -> bool:
    service = key.lower().partition(":")[0]
    return service == "aws" or service in table.services()


def _close(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""
