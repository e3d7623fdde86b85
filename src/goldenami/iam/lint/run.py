"""Asks every rule about policies that are attached together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goldenami.errors import PolicyError
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.lint.interface import Finding, Policies, Rule, statements
from goldenami.iam.lint.rules import RULES
from goldenami.iam.lint.spelling import misspelt


def documents(name: str, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the policies in a file: one, or several by name as `policy render` writes them.

    Raises:
        PolicyError: it is no JSON, or no policy.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{name}: no JSON: {error}") from error
    if not isinstance(told, Mapping) or not told:
        raise PolicyError(f"{name}: no policy: it has to be an object with a Statement")
    if "Statement" in told or "Version" in told:
        return [(name, told)]
    return [(f"{name} {key}", one) for key, one in told.items()]


def lint(several: Sequence[tuple[str, Mapping[str, Any]]], partition: str) -> list[Finding]:
    """Return what is wrong with policies that are attached together.

    Args:
        several: names and documents.
        partition: the partition they are for.

    Raises:
        PolicyError: a document is no policy, or has what IAM does not know.
    """
    spelling = [finding for name, document in several for finding in misspelt(name, document)]
    wrong = {finding.policy for finding in spelling}
    sound = [one for one in several if one[0] not in wrong]
    for name, document in sound:
        compile_policy(name, document)
    policies = Policies(
        statements=tuple(one for name, document in sound for one in statements(name, document)),
        partition=partition,
        variables=frozenset(
            name for name, document in sound if document.get("Version") == "2012-10-17"
        ),
    )
    return [*spelling, *(finding for rule in RULES for finding in _found(rule, policies))]


def _found(rule: Rule, policies: Policies) -> Iterator[Finding]:
    for statement, message in rule.check(policies):
        yield Finding(rule.id, rule.severity, statement.policy, statement.name, message, rule.right)
