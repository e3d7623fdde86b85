"""What policies get wrong about who may tag."""

from collections.abc import Iterator

from goldenami.domain import tags
from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import CREATING, TAGGING, could_be


def _tag_protection_left_open(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    protects = (
        statement.denies and statement.on("aws:RequestTag/") and statement.about("ec2:CreateTags")
    )
    missing = [action for action in CREATING if not statement.about(action)]
    if protects and missing and _on_images_or_snapshots(statement):
        yield f"the tag can still be written by {', '.join(missing)}"


def _tag_protection_by_value(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    if _key_is_kept(policies):
        return
    for test in statement.on("aws:RequestTag/"):
        if statement.denies and statement.about("ec2:CreateTags") and test.name == "StringEquals":
            yield (
                "only this value is denied: writing another one over a golden image's tag passes"
            )


_EXACT = ("StringEquals", "StringLike")
"""A negated test denies whatever is not listed, a key in another case too."""


def _tag_keys_by_case(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    if _key_is_kept(policies):
        return
    for test in statement.on("aws:TagKeys"):
        exact = statement.denies and test.name in _EXACT and ":" in test.operator
        if exact and statement.about(*TAGGING, *CREATING):
            yield (
                f"{test.operator} tells cases apart, and IAM does not when it tests a "
                "resource's tag: a key in another case passes, and then counts as the same"
            )


def _tag_keys_without_quantifier(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.on("aws:TagKeys"):
        if ":" not in test.operator and test.name != "Null":
            yield f"{test.operator} compares one value, and aws:TagKeys can have many"


def _on_images_or_snapshots(statement: LintStatement) -> bool:
    """Tell whether a statement may be about an image or a snapshot; NotResource mostly is."""
    return not statement.resources or any(
        could_be(resource, kind)
        for resource in statement.resources
        for kind in ("image", "snapshot")
    )


def _key_is_kept(policies: LintPolicies) -> bool:
    """Tell whether a tag key is denied in any case and with any value.

    Statements beside it that deny further keys, or the key elsewhere, then leave nothing open that
    a launch tests.
    """
    return any(_keeps(statement) for statement in policies.statements)


def _keeps(statement: LintStatement) -> bool:
    if not (statement.denies and statement.about("ec2:CreateTags")):
        return False
    operators = [test.operator for test in statement.on("aws:TagKeys")]
    absent = [test for test in statement.on("aws:RequestTag/") if test.name == "Null"]
    return "ForAnyValue:StringEqualsIgnoreCase" in operators or any(
        test.values == ("false",) for test in absent
    )


RULES = (
    LintRule(
        id="tag-protection-left-open",
        severity="high",
        title="a tag protection that forgets the calls that create",
        explanation="Every call that makes an image or a snapshot can tag it from the start.",
        right="deny CreateTags and every creating call with Null: {aws:RequestTag/KEY: false}",
        check=_tag_protection_left_open,
    ),
    LintRule(
        id="tag-protection-by-value",
        severity="medium",
        title="a tag protection that denies one value alone",
        explanation=(
            "Whoever may write the key with another value can take a golden image's approval away."
        ),
        right='"Null": {"aws:RequestTag/KEY": "false"}, which denies every value',
        check=_tag_protection_by_value,
    ),
    LintRule(
        id="tag-keys-by-case",
        severity="high",
        title="a Deny by aws:TagKeys that tells cases apart",
        explanation=(
            "Tag keys in condition keys are matched without regard to case, but here the key is a "
            f"value: `GOLDENami:status` is not `{tags.STATUS}`."
        ),
        right='"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": "KEY"}, '
        'or "Null": {"aws:RequestTag/KEY": "false"}',
        check=_tag_keys_by_case,
    ),
    LintRule(
        id="tag-keys-without-quantifier",
        severity="medium",
        title="a plain operator on the multivalued aws:TagKeys",
        explanation="AWS does not say how a plain operator decides on several values.",
        right="ForAnyValue: in a Deny, ForAllValues: in an Allow",
        check=_tag_keys_without_quantifier,
    ),
)
