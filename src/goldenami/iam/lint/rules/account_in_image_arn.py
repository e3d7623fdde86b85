"""Rule ``account-in-image-arn``."""

import re
from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement

_WITH_ACCOUNT = re.compile(r"arn:[^:]*:ec2:[^:]*:[0-9]{12}:(image|snapshot)/.*")


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tested = (value for test in statement.on("ec2:ParentSnapshot") for value in test.values)
    for arn in (*statement.resources, *tested):
        if _WITH_ACCOUNT.fullmatch(arn):
            yield f"`{arn}` never matches: the account field of these ARNs is empty"


RULE = LintRule(
    id="account-in-image-arn",
    severity="high",
    title="an image's or snapshot's ARN with an account",
    explanation="EC2 names images and snapshots as arn:aws:ec2:REGION::image/ID, without account.",
    right="arn:aws:ec2:*::image/*; and for ec2:ParentSnapshot arn:aws:ec2:*:*:snapshot/snap-…",
    check=_check,
)
