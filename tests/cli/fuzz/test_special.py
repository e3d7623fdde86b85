"""Files that stall or flood whoever reads them: one error, exit 2, whatever the command."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami import journal
from goldenami.bake.packer_output import read_manifest
from goldenami.errors import BakeError, SpecError


def bomb(wide: int, high: int) -> bytes:
    """Return a YAML file of a few lines that are ``wide ** high`` values."""
    rows = [f"x0: &x0 [{', '.join(['1'] * wide)}]"]
    rows += [f"x{row}: &x{row} [{', '.join([f'*x{row - 1}'] * wide)}]" for row in range(1, high)]
    return "\n".join(rows).encode()


def merges(high: int) -> bytes:
    """Return a YAML file whose merge keys double what they merge at each line."""
    rows = ["a0: &a0 {a: 1}"]
    rows += [f"a{row}: &a{row} {{<<: [*a{row - 1}, *a{row - 1}]}}" for row in range(1, high)]
    return "\n".join(rows).encode()


YAML = {
    "an alias bomb of 6 levels": bomb(9, 7),
    "an alias bomb of 7 levels": bomb(9, 8),
    "24 levels of 3 aliases": bomb(3, 25),
    "merges of merges": merges(40),
    "a ladder of aliases": b"a0: &a0 []\n" + b"".join(
        b"a%d: &a%d [*a%d]\n" % (row, row, row - 1) for row in range(1, 2_000)
    ),
    "half a million values": b"- 1\n" * 250_000 + b"[" + b"1," * 10,
    "5,000 levels of lists": b"[" * 5_000,
    "100,000 levels of lists": b"[" * 100_000,
    "100,000 levels of mappings": b"{a: " * 100_000,
    "1,400 levels by indentation": b"".join(b" " * row + b"a:\n" for row in range(1_400)),
    "a number of a million digits": b"a: " + b"1:" * 500_000 + b"1",
    "a key of a million dots": b'<<: {"' + b"a." * 500_000 + b'": 1}',
}  # fmt: skip
JSON = {
    "5,000 levels": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "100,000 levels": b'{"a":' * 100_000,
    "100,000 levels of lists": b"[" * 100_000,
    "5,000 levels where nobody looks": b'{"zzz":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a number of a million digits": b"9" * 1_000_000,
    "no UTF-8": b'{"schema": "\xff"}',
    "a null byte": b'{"schema": "\0"}',
    "nothing": b"",
}


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 * 2**20)


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)  # its whole path may be too long


def zeros(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except OSError as error:
        pytest.skip(f"no device can be made here: {error.strerror}")


SPECIAL: dict[str, Callable[[Path], Any]] = {
    "100 MB": huge,
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": listener,
    "a device without an end": zeros,
}

AUDIT = ("audit", "--region", "us-east-1", "--approved", "ami-01234567", "--source")
YAML_READERS = {
    "a release": ("audit", "file"),
    "a release to be baked": ("bake", "file", "--plan"),
    "proof cases": ("policy", "prove", "-p", "guardrail", "--cases", "file"),
}
JSON_READERS = {
    "an audit": ("remediate", "file", "--action", "tag", "--plan"),
    "an earlier audit": ("audit", "--since", "file"),
    "an inventory": (*AUDIT, "file:file"),
    "a policy to lint": ("policy", "lint", "file"),
    "a policy to prove": ("policy", "prove", "file"),
    "a policy beside": ("policy", "prove", "-p", "guardrail", "--beside", "file"),
}
READERS = {
    **YAML_READERS, **JSON_READERS, "a list of images": ("audit", "--approved", "file"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "file"


def refused(cli: Any, arguments: tuple[str, ...]) -> str:
    ran = cli(*arguments)
    errors = [line for line in ran.err.splitlines() if line.startswith("goldenami: ")]
    assert ran.code == 2, ran.err
    assert len(errors) == 1
    assert len(errors[0]) < 2_000
    return str(errors[0])


@pytest.mark.parametrize("content", YAML)
@pytest.mark.parametrize("reader", YAML_READERS)
def test_yaml_that_is_larger_than_it_looks(reader: str, content: str, path: Path, cli: Any) -> None:
    path.write_bytes(YAML[content])
    assert refused(cli, YAML_READERS[reader]).startswith("goldenami: file:")


@pytest.mark.parametrize("content", JSON)
@pytest.mark.parametrize("reader", JSON_READERS)
def test_json_that_is_none(reader: str, content: str, path: Path, cli: Any) -> None:
    path.write_bytes(JSON[content])
    assert "file" in refused(cli, JSON_READERS[reader])


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_is_none(reader: str, kind: str, path: Path, cli: Any) -> None:
    SPECIAL[kind](path)
    if (reader, kind) == ("proof cases", "a folder"):
        return  # of any number of files
    said = refused(cli, READERS[reader])
    if (reader, kind) == ("a release to be baked", "a folder"):
        assert said.startswith("goldenami: file: no release file is below it")
        return
    assert said.startswith(("goldenami: file: cannot be read: ", "goldenami: file: too large: "))


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("key", ["user_data", "waivers"])
def test_a_file_that_a_release_names_and_that_is_none(
    key: str, kind: str, path: Path, write: Any, cli: Any
) -> None:
    SPECIAL[kind](path)
    where = {"user_data": "base__user_data", "waivers": "audit__waivers"}[key]
    said = refused(cli, ("audit", str(write(**{where: "file"}))))
    assert "file: cannot be read: " in said or "file: too large: " in said


@pytest.mark.parametrize("kind", [*SPECIAL, *JSON])
def test_a_journal_and_a_manifest_of_packer_that_are_none(
    kind: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDENAMI_STATE", str(path.parent))
    path = path.with_name("file.jsonl")
    if kind in SPECIAL:
        SPECIAL[kind](path)
    else:
        path.write_bytes(JSON[kind] + b"\n")
    with pytest.raises(SpecError):
        journal.read("file")
    with pytest.raises(BakeError, match="Packer's manifest cannot be read"):
        read_manifest(path)
