"""The tag schema."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain import tags
from goldenami.domain.tags import ApprovalTag

TAG_DICTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5)


@pytest.mark.parametrize(
    ("on", "golden"),
    [
        ({"goldenami:status": "approved"}, True),
        ({"goldenami:status": "candidate"}, False),
        ({"goldenami:status": "Approved"}, False),
        ({"Goldenami:status": "approved"}, False),
        ({}, False),
    ],
    ids=["the tag", "another value", "another case", "a key of another case", "no tag"],
)
def test_approval(on: dict[str, str], golden: bool) -> None:
    assert ApprovalTag().on(on) is golden


def test_the_approval_tag_can_be_any_tag() -> None:
    assert ApprovalTag("Name", "Golden AMI").on({"Name": "Golden AMI"})


@given(TAG_DICTS)
def test_tags_come_back_from_aws_as_they_went(own: dict[str, str]) -> None:
    assert tags.from_aws(tags.to_aws(own)) == own


def test_an_answer_without_tags_has_none() -> None:
    assert tags.from_aws(None) == {}


def test_a_specification_puts_tags_on_one_kind_of_resource() -> None:
    assert tags.specification("snapshot", {"a": "b"}) == {
        "ResourceType": "snapshot",
        "Tags": [{"Key": "a", "Value": "b"}],
    }


PROBLEMS = {
    "an empty key": ("", "x", "a tag key has 1 to 127 characters, this one 0"),
    "a key of 128 characters": ("k" * 128, "x", "a tag key has 1 to 127 characters, this one 128"),
    "a value of 257 characters": (
        "k",
        "v" * 257,
        "a tag value has at most 256 characters, this one 257",
    ),
    "a key of AWS": ("aws:name", "x", "tag keys that start with `aws:` belong to AWS"),
    "a key of AWS in capitals": ("AWS:name", "x", "tag keys that start with `aws:` belong to AWS"),
    "a key of goldenami": (
        "goldenami:status",
        "approved",
        "tag keys that start with `goldenami:` are written by goldenami alone",
    ),
    "a key that policies take for one of goldenami": (
        "GOLDENami:status",
        "approved",
        "tag keys that start with `goldenami:` are written by goldenami alone",
    ),
}


@pytest.mark.parametrize(("key", "value", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_users_tag_cannot_have(key: str, value: str, said: str) -> None:
    assert tags.problem(key, value) == said


@pytest.mark.parametrize(
    ("key", "value"),
    [("Name", "Golden AMI"), ("k" * 127, "v" * 256), ("Team", ""), ("awesome", "x"), ("é", "ü")],
    ids=["words", "the longest", "no value", "what looks like aws", "letters of any language"],
)
def test_a_users_tag_can_have(key: str, value: str) -> None:
    assert tags.problem(key, value) is None
