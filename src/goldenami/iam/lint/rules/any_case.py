"""What the rules about tag keys share: whether a key is kept in whatever case it is written."""

from goldenami.iam.lint.interface import LintPolicies, LintStatement


def key_is_kept(policies: LintPolicies) -> bool:
    """Tell whether a tag key is denied in any case and with any value.

    Statements beside it that deny further keys, or the key elsewhere, then leave nothing open that
    a launch tests.
    """
    return any(_keeps(one) for one in policies.statements)


def _keeps(statement: LintStatement) -> bool:
    if not (statement.denies and statement.about("ec2:CreateTags")):
        return False
    names = [one.operator for one in statement.on("aws:TagKeys")]
    given = [one for one in statement.on("aws:RequestTag/") if one.name == "Null"]
    return "ForAnyValue:StringEqualsIgnoreCase" in names or any(
        one.values == ("false",) for one in given
    )
