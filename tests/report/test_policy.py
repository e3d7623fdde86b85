"""Policy documents on stdout, and what to know about them on stderr."""

import json

import pytest

from goldenami.iam.profiles import Profile
from goldenami.iam.render import PolicyDocument
from goldenami.report import policy

PROFILE = Profile(
    name="p", title="t", description="d", warning="", needs=(), optional=(), documents=()
)
WARNED = Profile(
    name="p",
    title="t",
    description="d",
    warning="it stops [nothing]",
    needs=(),
    optional=(),
    documents=(),
    attach_with=("tag-protection", "other"),
)
ONE = PolicyDocument("one", {"Version": "2012-10-17", "Statement": []})
TWO = PolicyDocument("two", {"Version": "2012-10-17", "Statement": [{"Sid": "é"}]})


def test_one_document_is_what_iam_takes(capsys: pytest.CaptureFixture[str]) -> None:
    policy.write(PROFILE, [ONE], minify=False)
    out, err = capsys.readouterr()
    assert json.loads(out) == ONE.policy
    assert out.count("\n") > 1
    assert err == "one: 39 of 6,144 characters, 6,105 left\n"


def test_minified_it_is_one_line_without_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    policy.write(PROFILE, [ONE], minify=True)
    assert capsys.readouterr().out == '{"Version":"2012-10-17","Statement":[]}\n'


def test_several_documents_are_told_apart_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    policy.write(PROFILE, [ONE, TWO], minify=False)
    out, err = capsys.readouterr()
    assert json.loads(out) == {"one": ONE.policy, "two": TWO.policy}
    assert out.startswith('{\n  "one"')
    assert [line.split(":")[0] for line in err.splitlines()] == ["one", "two"]


def test_several_documents_can_be_minified(capsys: pytest.CaptureFixture[str]) -> None:
    policy.write(PROFILE, [ONE, TWO], minify=True)
    out = capsys.readouterr().out
    assert json.loads(out) == {"one": ONE.policy, "two": TWO.policy}
    assert not any(character.isspace() for character in out.removesuffix("\n"))


def test_the_warning_comes_first_and_what_to_attach_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    policy.write(WARNED, [ONE], minify=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "warning: it stops [nothing]"
    assert lines[-1] == "attach with it: tag-protection, other"
