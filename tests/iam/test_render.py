"""The rendering: whatever the values, the text is the JSON that the template means."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jinja2 import Environment

from goldenami.errors import SpecError, UsageError
from goldenami.iam.profiles import Profile, load_profiles, profile_named
from goldenami.iam.render import PolicyDocument, as_json, fill, render
from goldenami.iam.values import PARTITIONS, Values
from goldenami.resources import environment

ACCOUNT = "123456789012"
STATEMENT = '{"Sid": "One", "Effect": "Deny", "Action": "*", "Resource": "*"}'

HOSTILE = {
    "ends its string": '", "Effect": "Allow", "x": "',
    "ends its string behind a backslash": '\\", "Effect": "Allow',
    "ends the statement": '"}}, {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"x": {"y": "',
    "is a template": '{{ 7 * 7 }}{% include "other" %}',
    "is HTML": "<b>&amp;'</b>",
    "has line breaks and control characters": "a\nb\r\x00\x1f\u2028",
    "is not ASCII": "gölden ✓ 🦆",
}

NO_POLICY = {
    "no JSON": ("{", "no policy document"),
    "a list": ("[]", "object of Version and Statement"),
    "another key": ('{"Version": "2012-10-17", "Statement": [], "Id": "x"}', "object of Version"),
    "the old version": ('{"Version": "2008-10-17", "Statement": []}', "Version has to be"),
    "no statements": ('{"Version": "2012-10-17", "Statement": []}', "enforces nothing"),
    "one statement outside a list": (
        f'{{"Version": "2012-10-17", "Statement": {STATEMENT}}}',
        "list of objects",
    ),
    "a statement that is text": ('{"Version": "2012-10-17", "Statement": ["x"]}', "list of obj"),
    "a Sid twice": (
        f'{{"Version": "2012-10-17", "Statement": [{STATEMENT}, {STATEMENT}]}}',
        "`One` stands there twice",
    ),
    "a Sid with a hyphen": (
        '{"Version": "2012-10-17", "Statement": [{"Sid": "a-b"}]}',
        "letters and digits only",
    ),
    "an operator twice": (
        '{"Version": "2012-10-17", "Statement": [{"Condition": {"Null": {}, "Null": {}}}]}',
        "a key twice among Null, Null",
    ),
    "a name that nobody gives": ('{"Version": {{ versoin }} }', "'versoin' is undefined"),
    "a field that nothing has": ('{"Version": {{ tag.kee }} }', "kee"),
    "broken Jinja": ('{"Version": {% if %} }', "the template does not work"),
}


def _filled(folder: Path, text: str, **context: object) -> dict[str, Any]:
    (folder / "one.json.j2").write_text(text)
    return fill(environment(folder, as_json), "one.json.j2", context)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_value_stays_in_its_string_even_if_it(value: str, tmp_path: Path) -> None:
    policy = _filled(
        tmp_path,
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Condition": {"StringEquals": '
        '{ {{ "ec2:ResourceTag/" ~ value }}: {{ value }}, "list": {{ [value, value] }} }}}]}',
        value=value,
    )
    test = {f"ec2:ResourceTag/{value}": value, "list": [value, value]}
    assert policy["Statement"] == [{"Effect": "Deny", "Condition": {"StringEquals": test}}]


@pytest.fixture(scope="module")
def by_value(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("by_value")
    (folder / "one.json.j2").write_text(
        '{"Version": "2012-10-17", "Statement": [{"Condition": { {{ value }}: {{ value }} }}]}'
    )
    return environment(folder, as_json)


@given(value=st.text())
def test_any_text_comes_out_as_it_went_in(value: str, by_value: Environment) -> None:
    policy = fill(by_value, "one.json.j2", {"value": value})
    assert policy["Statement"] == [{"Condition": {value: value}}]


@pytest.mark.parametrize(("text", "said"), NO_POLICY.values(), ids=NO_POLICY.keys())
def test_refuses_a_template_that_gives(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"^one\.json\.j2: ") as caught:
        _filled(tmp_path, text, tag=object())
    assert said in str(caught.value)


def test_refuses_a_template_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"gone\.json\.j2"):
        fill(environment(tmp_path, as_json), "gone.json.j2", {})


@pytest.mark.parametrize("name", ["allow", "ec2-028-parent-snapshot", "guardrail"])
def test_a_profile_that_lists_snapshots_is_not_rendered_without_any(name: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` needs the snapshot of a golden") as caught:
        render(profile_named(name), Values(account=ACCOUNT))
    assert "--snapshot" in caught.value.fix


def test_owner_only_is_not_rendered_without_an_owner() -> None:
    with pytest.raises(UsageError, match="needs an account that owns") as caught:
        render(profile_named("owner-only"), Values(account=ACCOUNT))
    assert "--owner" in caught.value.fix


def test_order_and_repetition_of_values_do_not_matter() -> None:
    one, two = "snap-01234567", "snap-89abcdef"
    owners = ("111122223333", "444455556666")
    plain = Values(account=ACCOUNT, snapshots=(one, two), owners=owners)
    mixed = Values(account=ACCOUNT, snapshots=(two, one, two), owners=owners[::-1])
    guardrail = profile_named("guardrail")
    assert render(guardrail, plain) == render(guardrail, mixed)


def test_a_document_is_ascii_pretty_or_minified() -> None:
    document = PolicyDocument("one", {"Statement": [{"Resource": "gölden image"}]})
    assert document.json() == (
        '{\n  "Statement": [\n    {\n      "Resource": "g\\u00f6lden image"\n    }\n  ]\n}'
    )
    assert document.json(minify=True) == '{"Statement":[{"Resource":"g\\u00f6lden image"}]}'


def test_the_size_leaves_out_all_white_space() -> None:
    document = PolicyDocument("one", {"a b": ["c d"]})
    assert document.size == len('{"ab":["cd"]}')


def _hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.integers(0, 16**digits - 1).map(lambda number: f"snap-{number:0{digits}x}")


def _snapshots(max_size: int) -> st.SearchStrategy[tuple[str, ...]]:
    ids = _hexadecimal(8) | _hexadecimal(17)
    return st.lists(ids, min_size=1, max_size=max_size, unique=True).map(tuple)


ACCOUNTS = st.integers(0, 10**12 - 1).map("{:012}".format)
PRINTABLE = st.characters(exclude_categories=["C", "Z"], exclude_characters="*?$")


def _of(partition: str) -> st.SearchStrategy[Values]:
    roles = ACCOUNTS.map(f"arn:{partition}:iam::{{}}:role/pipeline".format)
    return st.builds(
        Values,
        account=ACCOUNTS,
        partition=st.just(partition),
        region=st.sampled_from(["*", "eu-west-1", "cn-north-1"]),
        owners=st.lists(ACCOUNTS, min_size=1, max_size=3).map(tuple),
        tag_key=st.text(PRINTABLE, max_size=126).map("k{}".format),
        tag_value=st.text(PRINTABLE, max_size=256),
        snapshots=_snapshots(3),
        pipeline_role=st.none() | roles,
    )


VALUES = st.one_of(*map(_of, PARTITIONS))


@given(st.sampled_from(list(load_profiles().values())), VALUES)
def test_every_profile_renders_all_valid_values(profile: Profile, values: Values) -> None:
    assume(values.pipeline_role or "pipeline_role" not in profile.needs)
    for document in render(profile, values):
        assert json.loads(document.json()) == document.policy
        assert json.loads(document.json(minify=True)) == document.policy
        assert values.partition == "aws" or "arn:aws:" not in document.json()


@given(VALUES, _snapshots(20))
def test_a_policy_grows_with_its_snapshots(values: Values, snapshots: tuple[str, ...]) -> None:
    profile = profile_named("guardrail")

    def size(count: int) -> int:
        listed = Values(
            account=values.account,
            tag_key=values.tag_key,
            tag_value=values.tag_value,
            snapshots=snapshots[:count],
        )
        return sum(document.size for document in render(profile, listed))

    sizes = [size(count) for count in range(1, len(snapshots) + 1)]
    assert sizes == sorted(set(sizes))
