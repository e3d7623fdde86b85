"""`goldenami policy lint` from the command line."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[1] / "iam" / "lint" / "corpus"
BROKEN = CORPUS / "broken" / "tag-and-owner-together.json"
CORRECT = CORPUS / "correct" / "guardrail-by-hand.json"


def test_a_finding_names_rule_place_and_the_right_form(cli: Any) -> None:
    ran = cli("policy", "lint", BROKEN, CORRECT)
    assert ran.code == 10
    assert "tag-and-owner-together" in ran.out
    assert "#1" in ran.out
    assert "two Deny statements" in ran.err


def test_nothing_wrong_is_nothing_found(cli: Any) -> None:
    ran = cli("policy", "lint", CORRECT)
    assert ran.code == 0
    assert "none found" in ran.err


def test_json_and_standard_input(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.read_bytes())))
    ran = cli("policy", "lint", "-", "--format", "json")
    answer = json.loads(ran.out)
    assert answer["schema"] == "goldenami.lint/v1"
    assert [item["rule"] for item in answer["items"]] == ["tag-and-owner-together"]


def test_the_rules_explain_themselves(cli: Any) -> None:
    ran = cli("policy", "lint", "--rules", "--format", "json")
    assert ran.code == 0
    answer = json.loads(ran.out)
    assert answer["schema"] == "goldenami.lint-rules/v1"
    assert all(item["explanation"] and item["right"] for item in answer["items"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "name at least one policy file"), (["gone.json"], "cannot be read")],
)
def test_no_file_is_one_clear_error(cli: Any, arguments: list[str], says: str) -> None:
    ran = cli("policy", "lint", *arguments)
    assert ran.code == 2
    assert says in ran.err


def test_what_is_no_policy_is_an_error(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[]")
    ran = cli("policy", "lint", path)
    assert ran.code == 2
    assert f"{path}: no policy" in ran.err


def test_what_is_typed_in_and_no_text_is_an_error(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    ran = cli("policy", "lint", "-")
    assert ran.code == 2
    assert "-: not UTF-8 text (byte 0)" in ran.err


def test_the_partition_is_an_option(cli: Any) -> None:
    ran = cli("policy", "lint", CORRECT, "--partition", "aws-cn")
    assert ran.code == 10
    assert "other-partition" in ran.out


def test_files_are_judged_together(cli: Any, tmp_path: Path) -> None:
    split = json.loads((CORPUS / "broken" / "allow-list-split.policies.json").read_text())
    paths = [tmp_path / f"{name}.json" for name in split]
    for path, policy in zip(paths, split.values(), strict=True):
        path.write_text(json.dumps(policy))
        assert cli("policy", "lint", path).code == 0
    ran = cli("policy", "lint", *paths)
    assert ran.code == 10
    assert "allow-list-split" in ran.out


def test_the_guide_s_policy_is_found(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "guide.json"
    guide = ("-p", "ec2-028-resource-tag", "--account", "111122223333")
    path.write_text(cli("policy", "render", *guide).out)
    ran = cli("policy", "lint", path)
    assert ran.code == 10
    assert "allow-by-key-on-everything" in ran.out


def test_every_rule_that_can_be_found_is_listed(cli: Any) -> None:
    answer = json.loads(cli("policy", "lint", "--rules", "--format", "json").out)["items"]
    assert {item["id"] for item in answer} >= {"unknown-operator", "unknown-action", "unknown-key"}
