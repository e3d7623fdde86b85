"""The rules, as cases: an instance and what is approved, and the rules it breaks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from goldenami.domain.verdict import RULES, Approved, Instance, Severity, judge

HERE, TRUSTED, STRANGER = "111122223333", "222233334444", "999988887777"
GOLDEN, LISTED, OTHER = "ami-0000000a", "ami-0000000b", "ami-0000000c"
NOW = datetime(2026, 11, 23, tzinfo=UTC)

INSTANCE = Instance(
    region="us-east-1",
    id="i-1",
    state="running",
    account=HERE,
    image_id=GOLDEN,
    image_owner=HERE,
    image_state="available",
)
APPROVED = Approved(
    produced={"us-east-1": frozenset({GOLDEN}), "eu-west-1": frozenset()},
    listed=frozenset({LISTED}),
    owners=frozenset({HERE, TRUSTED}),
    account=HERE,
    at=NOW,
)

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an approved image": ({}, []),
    "a stopped instance of an approved image": ({"state": "stopped"}, []),
    "an approved image, but of another region": (
        {"region": "eu-west-1"},
        ["unapproved-image"],
    ),
    "an approved image, but of a region that was not read": (
        {"region": "eu-north-1"},
        ["unapproved-image"],
    ),
    "an image of the list": ({"image_id": LISTED}, []),
    "an image of the list, whoever owns it": (
        {"image_id": LISTED, "image_owner": STRANGER},
        [],
    ),
    "any image of a trusted account": ({"image_id": OTHER, "image_owner": TRUSTED}, []),
    "the account's own image that nobody approved": ({"image_id": OTHER}, ["unapproved-image"]),
    "an image of a stranger": (
        {"image_id": OTHER, "image_owner": STRANGER},
        ["wrong-owner"],
    ),
    "an image of a stranger that is disabled": (
        {"image_id": OTHER, "image_owner": STRANGER, "image_state": "disabled"},
        ["wrong-owner", "disabled-image"],
    ),
    "an image that is gone": (
        {"image_id": OTHER, "image_owner": "", "image_state": "deregistered"},
        ["gone-image"],
    ),
    "an image that is gone and whose owner is known": (
        {"image_id": OTHER, "image_state": "deregistered"},
        ["gone-image"],
    ),
    "an image of the list that is gone": (
        {"image_id": LISTED, "image_owner": "", "image_state": "deregistered"},
        ["gone-image"],
    ),
    "an image nobody can describe": (
        {"image_id": OTHER, "image_owner": "", "image_state": ""},
        ["gone-image"],
    ),
    "an approved image that is disabled": ({"image_state": "disabled"}, ["disabled-image"]),
    "an approved image that is deprecated": (
        {"image_deprecated_at": NOW - timedelta(days=1)},
        ["deprecated-image"],
    ),
    "an approved image that is deprecated this moment": (
        {"image_deprecated_at": NOW},
        ["deprecated-image"],
    ),
    "an approved image that will be deprecated": (
        {"image_deprecated_at": NOW + timedelta(seconds=1)},
        [],
    ),
    "an approved image that is disabled and deprecated": (
        {"image_state": "disabled", "image_deprecated_at": NOW},
        ["disabled-image", "deprecated-image"],
    ),
    "a deprecated image that is not approved has the worse finding alone": (
        {"image_id": OTHER, "image_deprecated_at": NOW},
        ["unapproved-image"],
    ),
}


@pytest.mark.parametrize(("changes", "rules"), CASES.values(), ids=CASES.keys())
def test_judge(changes: dict[str, Any], rules: list[str]) -> None:
    instance = structs.replace(INSTANCE, **changes)
    findings = judge(instance, APPROVED)
    assert [one.rule for one in findings] == rules
    assert all(one.instance is instance and one.fix for one in findings)


REASONS: dict[str, tuple[dict[str, Any], str]] = {
    "a stranger is named": (
        {"image_id": OTHER, "image_owner": STRANGER},
        f"the image belongs to {STRANGER}, which is no owner of golden images",
    ),
    "an id on the list does not vouch for an image that is gone": (
        {"image_id": LISTED, "image_state": "deregistered"},
        "the image no longer exists, so nobody can tell what it held "
        "(its id is on the approved list)",
    ),
    "an image that is gone": (
        {"image_id": OTHER, "image_state": "deregistered"},
        "the image no longer exists, so nobody can tell what it held",
    ),
    "the day of deprecation": (
        {"image_deprecated_at": NOW - timedelta(days=22)},
        "the image is deprecated since 2026-11-01",
    ),
}


@pytest.mark.parametrize(("changes", "reason"), REASONS.values(), ids=REASONS.keys())
def test_a_finding_says_why(changes: dict[str, Any], reason: str) -> None:
    assert judge(structs.replace(INSTANCE, **changes), APPROVED)[0].reason == reason


_ANY_INSTANCE = st.builds(
    Instance,
    region=st.sampled_from(["us-east-1", "eu-west-1", "eu-north-1"]),
    id=st.just("i-1"),
    state=st.sampled_from(["running", "stopped"]),
    account=st.just(HERE),
    image_id=st.sampled_from([GOLDEN, LISTED, OTHER]),
    image_owner=st.sampled_from(["", HERE, TRUSTED, STRANGER]),
    image_state=st.sampled_from(["", "available", "disabled", "deregistered"]),
    image_deprecated_at=st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
)


@given(_ANY_INSTANCE)
def test_what_is_not_golden_is_never_compliant(instance: Instance) -> None:
    judged = {one.rule for one in judge(instance, APPROVED)}
    assert judged or APPROVED.golden(instance)
    about_the_origin = judged & {"wrong-owner", "unapproved-image", "gone-image"}
    assert len(about_the_origin) <= 1
    assert about_the_origin or APPROVED.golden(instance)


@given(_ANY_INSTANCE)
def test_nothing_is_compliant_where_nothing_is_approved(instance: Instance) -> None:
    nothing = Approved(
        produced={}, listed=frozenset(), owners=frozenset({HERE}), account=HERE, at=NOW
    )
    assert nothing.empty
    assert judge(instance, nothing)


APPROVING: dict[str, dict[str, Any]] = {
    "an image that was produced": {"produced": {"us-east-1": frozenset({GOLDEN})}},
    "an image of the list": {"listed": frozenset({LISTED})},
    "another account": {"owners": frozenset({HERE, TRUSTED})},
}


@pytest.mark.parametrize("changes", APPROVING.values(), ids=APPROVING.keys())
def test_is_something_to_approve_by(changes: dict[str, Any]) -> None:
    nothing = Approved(
        produced={"us-east-1": frozenset()},
        listed=frozenset(),
        owners=frozenset({HERE}),
        account=HERE,
        at=NOW,
    )
    assert nothing.empty
    assert not structs.replace(nothing, **changes).empty


def test_the_rules_are_told_apart_and_each_says_what_to_do() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.fix for rule in RULES)
    assert {rule.severity for rule in RULES} <= set(Severity)


def test_severities_are_listed_worst_first() -> None:
    assert list(Severity) == ["high", "medium", "low"]
