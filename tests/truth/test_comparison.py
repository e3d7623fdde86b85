"""What the comparison itself notices, and what it lets pass."""

from pathlib import Path
from typing import Any

import pytest
from botocore.model import ServiceModel

from . import published, shapes

MODEL = ServiceModel({
    "shapes": {
        "Answer": {"type": "structure", "members": {"Rows": {"shape": "Rows"}}},
        "Rows": {"type": "list", "member": {"shape": "Row"}},
        "Row": {
            "type": "structure",
            "required": ["Id"],
            "members": {
                "Id": {"shape": "Text"}, "State": {"shape": "State"}, "Size": {"shape": "Size"},
                "Tags": {"shape": "Tags"}, "When": {"shape": "When"},
            },
        },
        "Text": {"type": "string"}, "State": {"type": "string", "enum": ["on", "off"]},
        "Size": {"type": "integer"}, "When": {"type": "timestamp"},
        "Tags": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    }
})  # fmt: skip
ANSWER = MODEL.shape_for("Answer")


def answer(*rows: Any) -> dict[str, Any]:
    return {"Rows": list(rows)}


def different(theirs: Any, ours: Any) -> list[str]:
    return list(shapes.differences(shapes.seen(ANSWER, theirs), shapes.seen(ANSWER, ours)))


ROW = {"Id": "i-0abcdef1234567890", "Tags": {"a": "b"}}
DIFFERENT = [
    ([answer(ROW)], [answer({"Id": "i-00000001"})], [".Rows[].Tags is missing"]),
    ([answer(ROW)], [answer({**ROW, "Tags": {}})], [".Rows[].Tags is missing"]),
    ([answer(ROW)], [answer()], [".Rows is missing"]),
    ([answer(ROW), answer({"Id": "i-1EXAMPLE"})], [answer({"Id": "i-00000001"})], []),
    ([answer(ROW)], [answer({"Id": "i-00000001"}, ROW)], []),
    ([answer({**ROW, "Documented": "elsewhere"})], [answer(ROW)], []),
    ([answer(ROW)], [answer({**ROW, "Id": "x"})], [".Rows[].Id looks like nothing known, not i-"]),
    ([answer(ROW, {**ROW, "Id": "x"})], [answer({**ROW, "Id": "y"})], []),
    ([], [answer(ROW)], []),
]


@pytest.mark.parametrize(("theirs", "ours", "said"), DIFFERENT)
def test_what_every_published_answer_has_is_looked_for(
    theirs: Any, ours: Any, said: list[str]
) -> None:
    assert different(theirs, ours) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Id": "a", "State": "on", "Size": 1, "Tags": {"a": "b"}, "When": 1.5}, []),
        ({}, [".Rows[].Id is required"]),
        ({"Id": "a", "State": "?"}, [".Rows[].State is '?', which is none of its values"]),
        ({"Id": "a", "Size": "1"}, [".Rows[].Size is a str, not a integer"]),
        ({"Id": "a", "Tags": {"a": 1}}, [".Rows[].Tags{} is a int, not a string"]),
        ({"Id": {"Version": "2012-10-17"}}, []),
    ],
)
def test_an_answer_is_held_to_its_model(row: Any, said: list[str]) -> None:
    assert list(shapes.contradictions(ANSWER, answer(row))) == said


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ami-0abcdef1234567890", "ami-"), ("i-1234567890EXAMPLE", "i-"), ("web-base", ""),
        ("AROACKCEVSQ6C2EXAMPLE", "AROA"), ("AVERAGE", ""), ("2026-01-01T00:00:00Z", "time"),
        ("2026-01-01T00:00:00.123Z", "time.000"), ("2026-01-01T00:00:00+00:00", ""),
        ("arn:aws:iam::123456789012:role/web", "arn:iam:role"),
        ("08b91cf7-8fa6-48af-b6a6-d227f40f1b9b", "uuid"),
    ],
)  # fmt: skip
def test_ids_and_times_have_a_form(text: str, form: str) -> None:
    assert shapes.form(text) == form


def test_outputs_of_a_page_are_read_where_they_are_whole(tmp_path: Path) -> None:
    page = tmp_path / "configservice" / "describe-things.rst"
    page.parent.mkdir()
    page.write_text(
        'Output::\n\n    {"A": 1}\n\nText.\n\nOutput::\n\n    {"B": ...}\n\nOutput::\n\n    []\n'
    )
    assert published.answers(tmp_path, "config", "DescribeThings") == [{"A": 1}]
    assert published.answers(tmp_path, "ec2", "DescribeThings") == []


def test_botocores_examples_are_read_where_it_is_installed(tmp_path: Path) -> None:
    assert published.answers(tmp_path, "kms", "DescribeKey")[0]["KeyMetadata"]["KeyUsage"]


def test_without_the_aws_cli_there_are_no_examples(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOLDENAMI_AWSCLI", str(tmp_path / "bin" / "aws"))
    assert published.cli_examples() is None
