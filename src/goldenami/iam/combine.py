"""Several documents as one, for holders that take only one: a permissions boundary.

Statements that test the same are put together, which decides every request as they did apart: a
statement applies to each of its actions on each of its resources, so those that differ in one of
the two alone can share the other.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from goldenami.iam.render import VERSION, PolicyDocument

Statement = Mapping[str, Any]


def combined(name: str, documents: Iterable[PolicyDocument], *first: Statement) -> PolicyDocument:
    """Return one document that decides as several do together.

    Args:
        name: its name.
        documents: the documents.
        first: statements that stand before theirs.
    """
    statements = [
        *first,
        *(statement for document in documents for statement in document.policy["Statement"]),
    ]
    for varying in ("Action", "Resource"):
        statements = _merged(statements, varying)
    return PolicyDocument(name, {"Version": VERSION, "Statement": statements})


def _merged(statements: Iterable[Statement], varying: str) -> list[Statement]:
    """Put statements together that differ in nothing but their Sid and one element."""
    groups: dict[str, list[Statement]] = {}
    for index, statement in enumerate(statements):
        rest = {key: value for key, value in statement.items() if key not in ("Sid", varying)}
        alike = json.dumps(rest, sort_keys=True) if varying in statement else str(index)
        groups.setdefault(alike, []).append(statement)
    return [_together(group, varying) for group in groups.values()]


def _together(group: list[Statement], varying: str) -> Statement:
    if len(group) == 1:
        return group[0]
    values = dict.fromkeys(text for statement in group for text in _texts(statement[varying]))
    effect = str(group[0]["Effect"])
    sid = effect + "".join(
        str(statement.get("Sid", "")).removeprefix(effect) for statement in group
    )
    return {**group[0], "Sid": sid, varying: list(values)}


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
