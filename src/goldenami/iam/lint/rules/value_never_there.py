"""Rule ``value-never-there``."""

import re
from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement, LintTest
from goldenami.iam.lint.rules.common import OWNER, PARENT

_SNAPSHOT = re.compile(r"\*|arn:.*")
_ACCOUNT_OR_ALIAS = re.compile(r"[0-9*?]+|amazon|aws-marketplace|aws-backup-vault|\$\{.*\}")


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.on(PARENT):
        for value in test.values:
            if test.name != "Null" and not _SNAPSHOT.fullmatch(value):
                yield f"ec2:ParentSnapshot is a whole ARN, never `{value}`"
            elif _wildcard_as_text(test, value):
                yield f"{test.operator} takes the `*` in `{value}` as it stands"
    for test in statement.on(OWNER):
        for value in test.values:
            if test.name != "Null" and not _ACCOUNT_OR_ALIAS.fullmatch(value):
                yield f"ec2:Owner is an account or an alias of AWS, never `{value}`"


def _wildcard_as_text(test: LintTest, value: str) -> bool:
    return test.name.startswith("String") and "Equals" in test.name and "*" in value


RULE = LintRule(
    id="value-never-there",
    severity="high",
    title="ec2:ParentSnapshot or ec2:Owner compared with what it never is",
    explanation=(
        "A Deny by a negated test then hits every launch, an Allow never holds. ec2:ParentSnapshot "
        "is a whole ARN, in which StringEquals reads no wildcard; `self` is for DescribeImages."
    ),
    right='"ArnNotLike": {"ec2:ParentSnapshot": "arn:aws:ec2:*:*:snapshot/snap-…"}, '
    '"StringNotEquals": {"ec2:Owner": "111122223333"}',
    check=_check,
)
