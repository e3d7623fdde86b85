"""What policies get wrong about launches."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import LAUNCH, OWNER, PARENT
from goldenami.iam.reference import table

_RESOURCE_TAGS = ("ec2:ResourceTag/", "aws:ResourceTag/")
_LISTED = ("ec2:ParentSnapshot", "ec2:ImageID", "ec2:Owner")


def _allow_by_key_on_everything(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tested = statement.on(PARENT, OWNER) or _tests_tag(statement, negated=False)
    plain = not any(
        "IfExists" in test.operator or test.operator.startswith("ForAllValues:")
        for test in statement.tests
    )
    if _about_launches(statement, denies=False) and "*" in statement.resources and tested and plain:
        yield (
            "allows launches on every resource if a key has a value, and most resources "
            "of a launch do not have the key: alone it blocks every launch, beside a "
            "broader Allow it stops nothing"
        )


def _for_all_values_passes(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    if not _about_launches(statement, denies=False):
        return
    tests = statement.on(OWNER, PARENT, *_RESOURCE_TAGS)
    present = {
        test.key.lower() for test in tests if (test.name, test.values) == ("Null", ("false",))
    }
    for test in tests:
        if test.operator.startswith("ForAllValues:") and test.key.lower() not in present:
            yield (
                f"{test.operator} holds where {test.key} is missing: whatever lacks the key is "
                "allowed"
            )


def _tag_and_owner_together(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    together = _negates(statement, OWNER) and _tests_tag(statement, negated=True)
    if _about_launches(statement, denies=True) and together:
        yield (
            "denies only images that lack the tag and have another owner: one fault alone passes"
        )


def _deny_on_everything(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tested = _negates(statement, OWNER, *_RESOURCE_TAGS)
    guarded = any(test.name == "Null" or "IfExists" in test.operator for test in statement.tests)
    everything = _about_launches(statement, denies=True) and "*" in statement.resources
    if everything and tested and not guarded:
        yield (
            "the key is missing on instances, volumes and interfaces, where a negated test "
            "holds: golden launches are denied too"
        )


def _untagged_passes(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    if not (_about_launches(statement, denies=True) and _of_images(statement)):
        return
    tests = statement.on(*_RESOURCE_TAGS)
    for test in [test for test in tests if test.negated]:
        others = {other.key.lower(): other for other in tests if other.name == "Null"}
        null = others.get(test.key.lower())
        if test.operator.startswith("ForAnyValue:"):
            yield f"{test.operator} never holds for a missing key: untagged images pass"
        elif null and "false" in null.values:
            yield "`Null: false` spares images without the tag: they pass"


def _of_images(statement: LintStatement) -> bool:
    """Tell whether a statement means launches: one about every action of every service does not."""
    return statement.actions != ("*",) or any(
        table.kind_of(resource) == "image" for resource in statement.resources
    )


def _blank_volumes_denied(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    guarded = any(test.name == "Null" and "false" in test.values for test in statement.on(PARENT))
    if _about_launches(statement, denies=True) and _negates(statement, PARENT) and not guarded:
        yield "a blank volume has no ec2:ParentSnapshot, so the Deny hits it too"


def _allow_list_split(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    for key in _LISTED:
        lists = [
            (other, frozenset(test.values))
            for other in policies.statements
            if _about_launches(other, denies=True)
            for test in other.on(key)
            if test.negated
        ]
        if len({values for _, values in lists}) > 1:
            for _ in [other for other, _ in lists[1:] if other is statement]:
                yield (
                    f"another statement denies all but other values of {key}: together they "
                    "deny everything"
                )


def _launches_left_out(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    tested = _negates(statement, OWNER, PARENT, *_RESOURCE_TAGS)
    if not (statement.denies and tested and statement.about("ec2:RunInstances")):
        return
    denying = [each for each in policies.statements if _denies_as_well(each, statement)]
    missing = [action for action in LAUNCH if not any(each.about(action) for each in denying)]
    if missing:
        yield f"it does not deny {', '.join(missing)}"


def _denies_as_well(other: LintStatement, statement: LintStatement) -> bool:
    """Tell whether another statement denies under the same tests, or altogether."""
    same = other.tests == statement.tests and set(statement.resources) <= set(other.resources)
    unconditional = all(test.key.lower() == "aws:principalarn" for test in other.tests)
    return other.denies and (same or ("*" in other.resources and unconditional))


def _about_launches(statement: LintStatement, *, denies: bool) -> bool:
    return statement.denies is denies and statement.about(*LAUNCH)


def _negates(statement: LintStatement, *keys: str) -> bool:
    return any(test.negated for test in statement.on(*keys))


def _tests_tag(statement: LintStatement, *, negated: bool) -> bool:
    """Tell whether a statement tests a resource's tag for a value, or for another one."""
    return any(
        test.negated is negated and test.name != "Null" for test in statement.on(*_RESOURCE_TAGS)
    )


RULES = (
    LintRule(
        id="allow-by-key-on-everything",
        severity="high",
        title="an Allow of launches on * with ec2:ParentSnapshot, ec2:Owner or a resource tag",
        explanation=(
            "A launch is authorized once for each of its resources. Only volumes have "
            "ec2:ParentSnapshot, and instances, volumes and network interfaces have no resource "
            "tag, so the condition fails for the rest. Allows add up, so it restricts nobody "
            "either."
        ),
        right="deny what is not golden, each resource in a statement of its own "
        "(profile `guardrail`)",
        check=_allow_by_key_on_everything,
    ),
    LintRule(
        id="for-all-values-passes",
        severity="high",
        title="an Allow of launches by ForAllValues, which a missing key satisfies",
        explanation=(
            "ForAllValues asks that no value is another one, and a missing key has none: images "
            "without the tag pass, and volumes and snapshots without the key are not looked at."
        ),
        right='"StringEquals": {"ec2:Owner": "ACCOUNT"} on the image, and a Deny of what is not '
        "golden (profile `guardrail`)",
        check=_for_all_values_passes,
    ),
    LintRule(
        id="tag-and-owner-together",
        severity="high",
        title="a Deny that tests the tag and the owner in one Condition",
        explanation="The keys of a Condition are ANDed, so the Deny needs both faults at once.",
        right="two Deny statements: one for the tag, one for ec2:Owner",
        check=_tag_and_owner_together,
    ),
    LintRule(
        id="deny-on-everything",
        severity="high",
        title="a Deny of launches by tag or owner on every resource",
        explanation=(
            "StringNotEquals holds where the key is missing. On Resource * it holds for the "
            "instance of every launch, so the Deny hits golden images as well."
        ),
        right='"Resource": "arn:aws:ec2:*::image/*"',
        check=_deny_on_everything,
    ),
    LintRule(
        id="untagged-passes",
        severity="high",
        title="a Deny by tag that spares images without the tag",
        explanation=(
            "Beside StringNotEquals, a Null test of the same key or ForAnyValue makes the Deny "
            "hold only where the tag is there with another value."
        ),
        right='"StringNotEquals": {"ec2:ResourceTag/KEY": "VALUE"} alone, which holds without '
        "the tag",
        check=_untagged_passes,
    ),
    LintRule(
        id="blank-volumes-denied",
        severity="high",
        title="a Deny by ec2:ParentSnapshot without Null: false",
        explanation="A negated test holds where the key is missing, as on a blank data volume.",
        right='beside ArnNotLike: "Null": {"ec2:ParentSnapshot": "false"}',
        check=_blank_volumes_denied,
    ),
    LintRule(
        id="allow-list-split",
        severity="high",
        title="a list of what is not denied, split over statements or policies",
        explanation=(
            "Each Deny hits what the other one lists. Such a list cannot be cut into parts: past "
            "what fits one document, know snapshots by their tag."
        ),
        right="one statement with the whole list, or the profile `guardrail-by-tag`",
        check=_allow_list_split,
    ),
    LintRule(
        id="launches-left-out",
        severity="high",
        title="a Deny of RunInstances that leaves other ways to launch",
        explanation=(
            "Fleets and spot requests launch, and CreateReplaceRootVolumeTask boots another image, "
            "without ec2:RunInstances being asked."
        ),
        right=f"deny {', '.join(LAUNCH)} alike",
        check=_launches_left_out,
    ),
)
