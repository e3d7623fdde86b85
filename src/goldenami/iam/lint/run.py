"""Asks every rule about policies that are attached together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from goldenami import files, jsonfile
from goldenami.errors import PolicyError
from goldenami.iam.evaluator.document import VERSIONS, compile_policy
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
        told = jsonfile.parse(text)
    except ValueError as error:
        raise PolicyError(f"{name}: no JSON: {error}") from error
    if not isinstance(told, Mapping) or not told:
        raise PolicyError(f"{name}: no policy: it has to be an object with a Statement")
    if "Statement" in told or "Version" in told:
        return [(name, told)]
    return [(f"{name} {key}", one) for key, one in told.items()]


def lint(several: Sequence[tuple[str, Mapping[str, Any]]], partition: str) -> list[LintFinding]:
    """Return what is wrong with policies that are attached together.

    Args:
        several: names and documents.
        partition: the partition they are for.

    Raises:
        PolicyError: a document is no policy, or has what IAM does not know.
    """
    readable = [one for one in several if spelling.readable(one[1])]
    misspelt = _findings(spelling.RULES, readable, partition)
    unsound = {finding.policy for finding in misspelt}
    sound = [one for one in several if one[0] not in unsound]
    for name, document in sound:
        compile_policy(name, document)
    return [*misspelt, *_findings(rules.RULES, sound, partition)]


def _findings(
    asked: Iterable[LintRule], several: Sequence[tuple[str, Mapping[str, Any]]], partition: str
) -> list[LintFinding]:
    policies = LintPolicies(
        statements=tuple(one for name, document in several for one in statements(name, document)),
        partition=partition,
        variables=frozenset(
            name for name, document in several if document.get("Version") == VERSIONS[0]
        ),
    )
    return [finding for rule in asked for finding in _found(rule, policies)]


def _found(rule: LintRule, policies: LintPolicies) -> Iterator[LintFinding]:
    for statement, message in rule.check(policies):
        yield LintFinding(
            rule.id, rule.severity, statement.policy, statement.name, message, rule.right
        )
