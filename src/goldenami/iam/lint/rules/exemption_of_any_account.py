"""Rule ``exemption-of-any-account``."""

import re
from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement

_ANY = re.compile(r"arn:[^:]*:(iam|sts)::(\*|[0-9?*]*[*?][0-9?*]*):(?!root$).*|\*")
"""An account's root user is not a name that somebody could take."""


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.on("aws:PrincipalArn"):
        for arn in test.values:
            if statement.denies and test.negated and _ANY.fullmatch(arn):
                yield f"`{arn}` exempts a role of that name in anybody's account"


RULE = LintRule(
    id="exemption-of-any-account",
    severity="high",
    title="an exemption of a role in any account",
    explanation="Whoever can make a role of that name in some account escapes the Deny.",
    right='"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::ACCOUNT:role/NAME"}',
    check=_check,
)
