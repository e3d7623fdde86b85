"""What policies name that is never there, or is another thing."""

import re
from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import CREATING, LAUNCH, OWNER, PARENT, TAGGING, could_be
from goldenami.iam.reference import table


def _key_not_there(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.tests:
        holds = not statement.denies and test.operator.startswith("ForAllValues:")
        if statement.resources and not holds and not _anywhere(statement, test.key):
            yield f"{test.key} exists for none of these actions on these resources"


def _anywhere(statement: LintStatement, key: str) -> bool:
    """Tell whether a key exists for any action on any resource of a statement."""
    for action in statement.actions:
        service, _, name = action.lower().partition(":")
        if "*" in name or "?" in name or service not in table.services():
            return True  # too many to say
        if not table.documented(action):
            return True
        if any(table.among(key, _keys(action, resource)) for resource in statement.resources):
            return True
    return not statement.actions


def _keys(action: str, resource: str) -> frozenset[str]:
    """Return the keys of every kind of resource that a pattern of ARNs may fit.

    Of what AWS's table of an action leaves out and its table of types has, nobody can say that it
    is not there, but for the calls that goldenami is about: what those make has no tags yet.
    """
    kinds = table.kinds(action)
    keys = (table.keys(action, "*") or frozenset()).union(
        *(access.keys for kind, access in kinds.items() if could_be(resource, kind))
    )
    if table.spelled(action) in (*LAUNCH, *CREATING, *TAGGING):
        return keys
    service = action.partition(":")[0].lower()
    return keys.union(
        *(
            table.keys_of_type(service, kind)
            for kind in {*kinds, table.kind_of(resource)}
            if could_be(resource, kind)
        )
    )


_SNAPSHOT = re.compile(r"\*|arn:.*")
_ACCOUNT_OR_ALIAS = re.compile(r"[0-9*?]+|amazon|aws-marketplace|aws-backup-vault|\$\{.*\}")


def _value_never_there(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.on(PARENT):
        as_text = test.name.startswith("String") and "Equals" in test.name
        for value in test.values:
            if test.name != "Null" and not _SNAPSHOT.fullmatch(value):
                yield f"ec2:ParentSnapshot is a whole ARN, never `{value}`"
            elif as_text and "*" in value:
                yield f"{test.operator} takes the `*` in `{value}` as it stands"
    for test in statement.on(OWNER):
        for value in test.values:
            if test.name != "Null" and not _ACCOUNT_OR_ALIAS.fullmatch(value):
                yield f"ec2:Owner is an account or an alias of AWS, never `{value}`"


_WITH_ACCOUNT = re.compile(r"arn:[^:]*:ec2:[^:]*:[0-9]{12}:(image|snapshot)/.*")


def _account_in_image_arn(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tested = (value for test in statement.on(PARENT) for value in test.values)
    for arn in (*statement.resources, *tested):
        if _WITH_ACCOUNT.fullmatch(arn):
            yield f"`{arn}` never matches: the account field of these ARNs is empty"


def _other_partition(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    for arn in statement.texts:
        parts = arn.split(":")
        if parts[0] == "arn" and len(parts) > 1 and parts[1] not in (policies.partition, "*"):
            yield f"`{arn}` never matches in the partition {policies.partition}"


_ANY = re.compile(r"arn:[^:]*:(iam|sts)::(\*|[0-9?*]*[*?][0-9?*]*):(?!root$).*|\*")
"""An account's root user is not a name that somebody could take."""


def _exemption_of_any_account(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.on("aws:PrincipalArn"):
        for arn in test.values:
            if statement.denies and test.negated and _ANY.fullmatch(arn):
                yield f"`{arn}` exempts a role of that name in anybody's account"


def _variable_of_2008(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    if not statement.variables and any("${" in text for text in statement.texts):
        yield "a `${…}` is plain text in a policy without Version 2012-10-17"


RULES = (
    LintRule(
        id="key-not-there",
        severity="high",
        title="a condition key that does not exist for the actions and resources",
        explanation=(
            "A key that is not there is missing in every request: an Allow never holds, a negated "
            "test in a Deny always does. ec2:ParentSnapshot exists on volumes alone, "
            "ec2:ResourceTag on none of what a launch makes."
        ),
        right="test the key on the resource that has it: the volume, the image, the snapshot",
        check=_key_not_there,
    ),
    LintRule(
        id="value-never-there",
        severity="high",
        title="ec2:ParentSnapshot or ec2:Owner compared with what it never is",
        explanation=(
            "A Deny by a negated test then hits every launch, an Allow never holds. "
            "ec2:ParentSnapshot is a whole ARN, in which StringEquals reads no wildcard; "
            "`self` is for DescribeImages."
        ),
        right='"ArnNotLike": {"ec2:ParentSnapshot": "arn:aws:ec2:*:*:snapshot/snap-…"}, '
        '"StringNotEquals": {"ec2:Owner": "111122223333"}',
        check=_value_never_there,
    ),
    LintRule(
        id="account-in-image-arn",
        severity="high",
        title="an image's or snapshot's ARN with an account",
        explanation=(
            "EC2 names images and snapshots as arn:aws:ec2:REGION::image/ID, without account."
        ),
        right="arn:aws:ec2:*::image/*; and for ec2:ParentSnapshot arn:aws:ec2:*:*:snapshot/snap-…",
        check=_account_in_image_arn,
    ),
    LintRule(
        id="other-partition",
        severity="high",
        title="an ARN of another partition",
        explanation="ARNs in China begin with arn:aws-cn:, in GovCloud with arn:aws-us-gov:.",
        right="the partition of the account (--partition)",
        check=_other_partition,
    ),
    LintRule(
        id="exemption-of-any-account",
        severity="high",
        title="an exemption of a role in any account",
        explanation="Whoever can make a role of that name in some account escapes the Deny.",
        right='"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::ACCOUNT:role/NAME"}',
        check=_exemption_of_any_account,
    ),
    LintRule(
        id="variable-of-2008",
        severity="medium",
        title="a policy variable in a policy of version 2008-10-17",
        explanation="Without a Version the old one counts, which knows no variables.",
        right='"Version": "2012-10-17"',
        check=_variable_of_2008,
    ),
)
