"""What the project is built and tried with: the Makefile, the floors, the hooks, the markers."""

import re
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from goldenami_sandbox.server import Sandbox

from . import botocore_once, floors

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
NOT_IN_HELP = {"help", "python", "node"}


def recipe(target: str) -> list[str]:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, target
    return [
        line.removeprefix("\t").replace("$(BIN)", ".venv/bin") for line in found[1].splitlines()
    ]


def test_a_commit_is_held_to_what_make_lint_runs() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert [hook["entry"] for hook in hooks] == recipe("lint")
    assert not any(hook["pass_filenames"] for hook in hooks)


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    targets = set(phony[1].replace("\\\n", " ").split()) - NOT_IN_HELP
    listed = re.findall(r'@echo "make ([\w-]+) ', "\n".join(recipe("help")))
    assert sorted(listed) == sorted(targets)


def test_every_requirement_names_the_lowest_version_that_works() -> None:
    pinned = list(floors.floors())
    assert all(re.fullmatch(r"[\w.\[\]-]+==[\d.]+", requirement) for requirement in pinned)


@pytest.mark.parametrize("requirement", ["boto3", "boto3==1.40", "boto3<2", "boto3~=1.40"])
def test_a_requirement_without_a_floor_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match=re.escape(requirement)):
        floors.lowest(requirement)


def test_a_test_of_the_sandbox_is_marked(request: pytest.FixtureRequest, sandbox: Sandbox) -> None:
    assert sandbox.endpoint_url
    assert request.node.get_closest_marker("sandbox")


def test_a_test_that_makes_a_sandbox_is_marked(request: pytest.FixtureRequest) -> None:
    assert Sandbox().calls == ()
    assert request.node.get_closest_marker("sandbox")


def test_a_test_that_is_not_marked_starts_no_sandbox() -> None:
    with pytest.raises(AssertionError, match="is marked"):
        start()


def start() -> None:
    Sandbox().start()


@given(st.lists(st.text("aB-: \t\r\n,\xe9\x85_0", max_size=12), max_size=5))
@example(["Content-Type: text/xml", "x-amzn-requestid:1", "Date: \t", "Date: b: c "])
@example([": no name"])
@example(["Folded: 1", " 2"])
def test_headers_are_read_as_by_python_itself(lines: list[str]) -> None:
    sent = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
    ours, usual = BytesIO(sent), BytesIO(sent)
    headers = botocore_once.parse_headers(ours)
    expected = botocore_once.usual_headers(usual)
    assert headers.items() == expected.items()
    assert [*map(type, headers.defects)] == [*map(type, expected.defects)]
    assert ours.tell() == usual.tell()
