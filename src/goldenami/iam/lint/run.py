"""Asks every rule about policies that are attached together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from goldenami import files, jsonfile
from goldenami.errors import PolicyError
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.lint import rules, spelling
from goldenami.iam.lint.interface import LintFinding, LintPolicies, LintRule, statements

RULES = (*spelling.RULES, *rules.RULES)
"""All rules, in the order in which findings are told."""


def documents_in(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the policies in a file, as :func:`documents` does.

    Raises:
        SpecError: the file cannot be read.
        PolicyError: as there.
    """
    return documents(str(path), files.read_text(path))


def documents(name: str, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the policies in a file: one, or several by name as `policy render` writes them.

    Raises:
        PolicyError: it is no JSON, has a key twice, or is no policy.
    """
    try:
        document = jsonfile.parse(text)
    except ValueError as error:
        raise PolicyError(f"{name}: no JSON: {error}") from error
    if not isinstance(document, Mapping) or not document:
        raise PolicyError(f"{name}: no policy: it has to be an object with a Statement")
    if "Statement" in document or "Version" in document:
        return [(name, document)]
    return [(f"{name} {key}", policy) for key, policy in document.items()]


def lint(policies: Sequence[tuple[str, Mapping[str, Any]]], partition: str) -> list[LintFinding]:
    """Return what is wrong with policies that are attached together.

    Args:
        policies: names and documents.
        partition: the partition they are for.

    Raises:
        PolicyError: a document is no policy, or has what IAM does not know.
    """
    readable = [policy for policy in policies if spelling.readable(policy[1])]
    misspelt = list(_findings(spelling.RULES, readable, partition))
    unsound = {finding.policy for finding in misspelt}
    sound = [policy for policy in policies if policy[0] not in unsound]
    for name, document in sound:
        compile_policy(name, document)
    return [*misspelt, *_findings(rules.RULES, sound, partition)]


def _findings(
    applied: Iterable[LintRule], documents: Sequence[tuple[str, Mapping[str, Any]]], partition: str
) -> Iterator[LintFinding]:
    together = LintPolicies(
        statements=tuple(
            statement for name, document in documents for statement in statements(name, document)
        ),
        partition=partition,
    )
    for rule in applied:
        for statement in together.statements:
            for message in rule.check(statement, together):
                yield LintFinding(
                    rule.id, rule.severity, statement.policy, statement.name, message, rule.right
                )
