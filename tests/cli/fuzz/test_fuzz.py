"""Every kind of file that the commands read, spoilt in seeded ways, and files that are none.

Whatever a file holds, a command ends with a documented exit code and at most one error, and no
exception but goldenami's own leaves what reads it.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami import journal
from goldenami.aws import session
from goldenami.bake.packer_output import read_manifest
from goldenami.errors import BakeError, SpecError

from .mutation import mutated

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

SEEDS = Path(__file__).parent / "seeds"
NOBODY = "http://127.0.0.1:9"
INPUTS = 1_500 if os.environ.get("GOLDENAMI_SOAK") else 200
DOCUMENTED = {0, 1, 2, 3, 4, 10}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has a good file of every kind; AWS refuses every connection."""
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    copied = tmp_path / "files"
    shutil.copytree(SEEDS, copied)
    monkeypatch.chdir(copied)
    monkeypatch.setenv("GOLDENAMI_STATE", str(copied))
    return copied


def command(*arguments: str) -> Callable[[Any], None]:
    def run(cli: Any) -> None:
        ran = cli(*arguments)
        assert ran.code in DOCUMENTED
        assert "Traceback" not in ran.err
        assert not re.search(r"unexpected \w*(Error|Exception)", ran.err)
        assert "\x1b" not in ran.err
        assert len(ran.err) < 10_000
        errors = [line for line in ran.err.splitlines() if line.startswith("goldenami: ")]
        assert len(errors) == bool(ran.code), ran.err

    return run


def reading(read: Callable[[], object], refusal: type[Exception]) -> Callable[[Any], None]:
    def run(_: Any) -> None:
        said = ""
        try:
            read()
        except refusal as error:
            said = str(error)
        assert len(said) < 10_000

    return run


AUDIT = ("audit", "--source", "file:inventory.jsonl", "--region", "us-east-1")
KINDS: dict[str, Callable[[Any], None]] = {
    "release.yaml": command(*AUDIT, "release.yaml"),
    "setup.sh": command(*AUDIT, "release.yaml"),
    "waivers.yaml": command(*AUDIT, "release.yaml"),
    "inventory.jsonl": command(*AUDIT, "release.yaml"),
    "approved.txt": command(*AUDIT, "--approved", "approved.txt"),
    "audit.json": command(
        "remediate", "audit.json", "--action", "tag", "--plan", "--endpoint-url", NOBODY
    ),
    "events.json": command(
        "judge", "release.yaml", "--events", "events.json", "--endpoint-url", NOBODY
    ),
    "cases.yaml": command("policy", "prove", "-p", "guardrail", "--cases", "cases.yaml"),
    "policy.json": command("policy", "lint", "policy.json"),
    "journal.jsonl": reading(lambda: journal.read("journal"), SpecError),
    "packer-manifest.json": reading(lambda: read_manifest(Path("packer-manifest.json")), BakeError),
}
FURTHER = {
    "a policy to be proved": ("policy.json", command("policy", "prove", "policy.json")),
    "a policy beside": (
        "policy.json",
        command("policy", "prove", "-p", "guardrail", "--beside", "policy.json"),
    ),
    "an earlier audit": ("audit.json", command(*AUDIT, "release.yaml", "--since", "audit.json")),
    "an inventory of a day": (
        "inventory.jsonl",
        command("audit", "--as-of", "2100-01-01", "--inventories", "."),
    ),
    "an image in inventories": (
        "inventory.jsonl",
        command("when", "ami-0123456789abcdef0", "--inventories", "."),
    ),
    "a release to be baked": (
        "release.yaml",
        command("bake", "release.yaml", "--plan", "--endpoint-url", NOBODY),
    ),
    "a release to be checked": ("release.yaml", command("check", ".")),
    "waivers to be checked": ("waivers.yaml", command("check", "release.yaml", "--format", "json")),
}
READERS = {**{kind: (kind, read) for kind, read in KINDS.items()}, **FURTHER}
EACH = -(-INPUTS // len(READERS))


@pytest.mark.parametrize("kind", READERS)
def test_a_spoilt_file_is_at_most_one_error(
    kind: str, cli: Any, folder: Path, record_property: Any
) -> None:
    name, read = READERS[kind]
    whole = (SEEDS / name).read_bytes()
    for seed in range(EACH):
        content = mutated(whole, seed)
        (folder / name).write_bytes(content)
        try:
            read(cli)
        except BaseException as error:
            error.add_note(f"seed {seed} of {kind}: {content[:2_000]!r}")
            raise
    record_property("counted", f"{EACH} spoilt inputs of {kind}")


@pytest.mark.parametrize("kind", READERS)
def test_the_whole_file_is_none(kind: str, cli: Any) -> None:
    READERS[kind][1](cli)
