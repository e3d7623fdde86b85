"""What `policy lint` found, and its rules."""

from collections.abc import Sequence
from typing import Literal

from goldenami.iam.lint.interface import LintFinding, LintRule
from goldenami.report import listing
from goldenami.report.terminal import say

SCHEMA = "goldenami.lint/v1"
RULES_SCHEMA = "goldenami.lint-rules/v1"


def write(findings: Sequence[LintFinding], form: Literal["table", "json"]) -> None:
    """Write findings to stdout; the right form of each rule to stderr."""
    columns = ("severity", "rule", "policy", "statement", "message")
    spare = ("policy", "severity", "statement", "message")
    listing.write(SCHEMA, findings, form, columns=columns, sentences=("message",), spare=spare)
    for rule, right in dict.fromkeys((finding.rule, finding.right) for finding in findings):
        say(f"{rule}: {right}")


def write_rules(rules: Sequence[LintRule], form: Literal["table", "json"]) -> None:
    """Write the rules to stdout."""
    columns = ("id", "severity", "title", "explanation", "right")
    if form == "json":
        listing.write_document(
            RULES_SCHEMA, items=[listing.fields(rule, columns) for rule in rules]
        )
    else:
        words = ("title", "explanation", "right")
        spare = ("explanation", "right", "severity", "title")
        listing.write(RULES_SCHEMA, rules, form, columns=columns, sentences=words, spare=spare)
