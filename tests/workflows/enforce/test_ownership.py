"""Whose is what is attached: what stays, what goes, and what is refused."""

from itertools import product
from typing import Any, cast

import pytest

from goldenami.spec.enforcement import Enforce
from goldenami.workflows.enforce import ownership
from goldenami.workflows.enforce.interface import EnforceContext

GOES_BY = {
    "own": {"always"},
    "another": {"take-over of a named mechanism", "take-over with --remove"},
    "nobody": {"named", "--remove", "take-over"},
}
"""What lets something be taken away that is no longer desired, by whose it is."""
NAMES = {"own": "web", "another": "db", "nobody": ""}


def context(*, remove: bool = False, take_over: bool = False) -> EnforceContext:
    return EnforceContext(
        aws=cast("Any", None), region="us-east-1", enforce=Enforce(), name="web", policies=dict,
        owners=(), remove=remove, take_over=take_over, tags={},
    )  # fmt: skip


@pytest.mark.parametrize(("named", "remove", "take_over"), list(product([False, True], repeat=3)))
@pytest.mark.parametrize("whose", NAMES)
def test_what_is_not_desired_goes_only_for_a_reason(
    whose: str, *, named: bool, remove: bool, take_over: bool
) -> None:
    reasons = {
        "always": True,
        "named": named,
        "--remove": remove,
        "take-over": take_over,
        "take-over of a named mechanism": take_over and named,
        "take-over with --remove": take_over and remove,
    }
    goes = any(reasons[reason] for reason in GOES_BY[whose])
    where = context(remove=remove, take_over=take_over)
    assert ownership.stays(where, NAMES[whose], named=named) is not goes


@pytest.mark.parametrize(
    ("whose", "take_over", "problems", "notes"),
    [
        ("own", False, 0, 0),
        ("own", True, 0, 0),
        ("another", False, 1, 0),
        ("another", True, 0, 1),
        ("nobody", False, 0, 1),
        ("nobody", True, 0, 1),
    ],
)
def test_what_is_desired_and_there_is_claimed_told_or_refused(
    whose: str, *, take_over: bool, problems: int, notes: int
) -> None:
    plan = ownership.claims(context(take_over=take_over), {"the policy": NAMES[whose]})
    assert (len(plan.problems), len(plan.notes)) == (problems, notes)
