"""`goldenami outdated` and `goldenami bake --if-outdated` against the embedded AWS."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

HERE = ["us-east-1"]
LAYER: dict[str, Any] = {"regions": HERE, "enforce": None, "version": "auto"}


@pytest.fixture(autouse=True)
def _at_once(sandbox: Sandbox) -> None:
    sandbox.pending_s = 0.0


def judged(cli: Any, *arguments: object) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code, and what is told of each image."""
    ran = cli("outdated", *arguments, "--format", "json")
    document = json.loads(ran.out)
    assert document["schema"] == "goldenami.outdated/v1"
    return ran.code, {one["image"]: one for one in document["items"]}


def rules(item: dict[str, Any]) -> list[str]:
    return [reason["rule"] for reason in item["reasons"]]


def test_a_release_is_outdated_from_its_beginning_until_it_is_baked_and_when_something_moves(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    release = write(**LAYER)
    code, items = judged(cli, release)
    assert (code, rules(items["web-base"])) == (10, ["not-released"])
    assert cli("bake", release, "--if-outdated", "--yes").code == 0
    [first] = own_images("us-east-1")
    before = mutating()
    code, items = judged(cli, release)
    assert (code, items["web-base"]["outdated"], rules(items["web-base"])) == (0, False, [])
    ran = cli("bake", release, "--if-outdated", "--yes")
    assert (ran.code, ran.out) == (0, "")
    assert "is not out of date: nothing is baked" in ran.err
    assert mutating() == before
