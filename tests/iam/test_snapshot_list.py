"""Lists of snapshots in policy documents: whatever their form, they grow and are compared."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldenami.iam import snapshot_list
from goldenami.iam.profiles import load_profiles
from goldenami.iam.render import render
from goldenami.iam.snapshot_list import Difference
from goldenami.iam.values import Values

ids = st.sets(st.integers(0, 2**68 - 1).map(lambda number: f"snap-{number:017x}"), max_size=4)
LISTING = [name for name, profile in load_profiles().items() if "snapshots" in profile.needs]


def rendered(profile: str, snapshots: set[str]) -> list[dict[str, Any]]:
    values = Values(
        account="123456789012",
        snapshots=tuple(snapshots),
        pipeline_role="arn:aws:iam::123456789012:role/pipeline",
    )
    return [document.policy for document in render(load_profiles()[profile], values)]


@pytest.mark.parametrize("profile", LISTING)
@settings(max_examples=20)
@given(old=ids.filter(bool), new=ids)
def test_an_extended_document_is_the_one_that_would_be_rendered(
    profile: str, old: set[str], new: set[str]
) -> None:
    for before, after in zip(rendered(profile, old), rendered(profile, old | new), strict=True):
        assert snapshot_list.listed(before) in (frozenset(old), frozenset())
        assert snapshot_list.extended(before, new) == after


@pytest.mark.parametrize("profile", LISTING)
@settings(max_examples=20)
@given(now=ids.filter(bool), expected=ids.filter(bool))
def test_what_differs_in_its_list_alone_is_told_by_snapshot(
    profile: str, now: set[str], expected: set[str]
) -> None:
    differences = [
        snapshot_list.difference(present, right)
        for present, right in zip(rendered(profile, now), rendered(profile, expected), strict=True)
    ]
    assert Difference(frozenset(expected - now), frozenset(now - expected)) in differences


def arn(number: int, region: str = "*", account: str = "*") -> str:
    return f"arn:aws:ec2:{region}:{account}:snapshot/snap-{number:08x}"


def test_one_arn_without_a_list_becomes_a_list_and_others_stay() -> None:
    document = {"Statement": [{"Resource": arn(1), "Action": "ec2:*", "Other": ["a", 1]}]}
    assert snapshot_list.extended(document, ["snap-00000002"]) == {
        "Statement": [{"Resource": [arn(1), arn(2)], "Action": "ec2:*", "Other": ["a", 1]}]
    }


def test_each_list_keeps_the_form_of_its_own_arns_and_what_else_is_in_it() -> None:
    document = {"a": ["arn:aws:ec2:*::image/*", arn(1, account="")], "b": [arn(1, "eu-west-1")]}
    extended = snapshot_list.extended(document, ["snap-00000002"])
    assert extended["a"] == ["arn:aws:ec2:*::image/*", arn(1, account=""), arn(2, account="")]
    assert extended["b"] == [arn(1, "eu-west-1"), arn(2, "eu-west-1")]


def test_a_document_that_differs_in_anything_else_has_no_difference_of_lists() -> None:
    one, other = {"Sid": "a", "Resource": [arn(1)]}, {"Sid": "b", "Resource": [arn(1)]}
    assert snapshot_list.difference(one, other) is None
    wider = {"Sid": "a", "Resource": [arn(1), "arn:aws:ec2:*:*:snapshot/*"]}
    assert snapshot_list.difference(wider, one) is None
