"""The layout: imports go one way, and heavy packages are imported late."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.no_cover  # nothing of goldenami is run

SOURCE = Path(__file__).parents[1] / "src" / "goldenami"
SANDBOX = SOURCE.with_name("goldenami_sandbox")

FILES = {"files", "jsonfile", "yamlfile", "validation", "constraints"}
"""How files are read, checked and written, by whoever reads or writes one."""
ALLOWED = {
    "errors": set(),
    "garbage": set(),
    "resources": {"errors"},
    "files": {"errors"},
    "jsonfile": set(),
    "constraints": set(),
    "validation": {"constraints"},
    "yamlfile": {"errors", "files", "validation"},
    "domain": {"errors", *FILES},
    "spec": {"domain", "errors", *FILES},
    "journal": {"domain", "errors", *FILES},
    "iam": {"domain", "errors", "resources", *FILES},
    "infrastructure": {"domain", "errors", "iam", "spec"},
    "aws": {"domain", "errors", "iam", "spec"},
    "bake": {"aws", "domain", "errors", "resources", "spec", *FILES},
    "workflows": {
        "aws", "bake", "domain", "errors", "iam", "infrastructure", "journal", "spec", *FILES,
    },
    "report": {"domain", "errors", "iam", "infrastructure", "resources", "workflows"},
    "cli": {
        "aws", "bake", "domain", "errors", "garbage", "iam", "infrastructure", "report",
        "resources", "spec", "workflows", *FILES,
    },
    "api": {"aws", "domain", "iam", "spec", "workflows"},
    "__main__": {"cli"},
}  # fmt: skip


SANDBOX_MAY = {"errors", "garbage", "iam"}
SANDBOX_USERS = {
    "cli/permissions_proof.py", "cli/permissions_scenes.py",
    "cli/rehearsal_life.py", "cli/rehearsal_seed.py", "cli/rehearse.py", "cli/sandbox.py",
    "cli/sandbox_fault.py",
}  # fmt: skip
"""What the commands `rehearse` and `sandbox` are made of, and `permissions --prove`."""

OPENERS = {"open", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes", "touch"}
OPENED_ELSEWHERE = {
    ("aws/lease_holder.py", "read_text"): "what the kernel tells of processes",
    ("aws/models_ahead.py", "read_bytes"): "botocore's models",
    ("bake/packer_template.py", "fdopen"): "a new file in a folder of its own",
    ("bake/packer_template.py", "open"): "a new file in a folder of its own",
    ("cli/root.py", "open"): "/dev/null, in the place of an output that is gone",
    ("workflows/lifecycle/run.py", "open"): "a journal, which opens its file itself",
    ("workflows/release/run.py", "open"): "a journal, which opens its file itself",
    ("cli/init.py", "open"): "new files, which never replace one",
    ("cli/init.py", "read_bytes"): "examples, which come with goldenami",
    ("iam/reference/table.py", "read_bytes"): "a table that comes with goldenami",
    ("workflows/notify/webhook.py", "open"): "a webhook, and no file",
    ("journal.py", "open"): "it is appended to, event by event",
    ("journal.py", "touch"): "it is appended to, event by event",
}


class Module(NamedTuple):
    """What a module says, without being run."""

    imports: frozenset[str]
    opened: frozenset[str]
    attributes: frozenset[str]


@cache
def parsed(path: Path) -> Module:
    """Parse a module, once in the worker that has one of these tests."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    return Module(
        imports=frozenset(name for node in nodes for name in imports(node)),
        opened=frozenset(name for node in nodes for name in opened(node)),
        attributes=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
    )


def imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module == "goldenami":
        yield from (f"goldenami.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""


def opened(node: ast.AST) -> Iterator[str]:
    """Yield by what a file is opened, but for what `files` does."""
    if isinstance(node, ast.Call):
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        if name in OPENERS and not ast.unparse(function).startswith("files."):
            yield name


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if part_of(path) != "__init__"]


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_it_may(part: str) -> None:
    modules = [path for path in MODULES if part_of(path) == part]
    assert modules
    more = {
        str(path.relative_to(SOURCE)): used
        for path in modules
        if (used := parts_used(path) - {part} - ALLOWED[part])
    }
    assert more == {}


def test_every_part_has_its_place() -> None:
    assert {part_of(path) for path in MODULES} == set(ALLOWED)


def parts_used(path: Path) -> set[str]:
    return {
        name.split(".")[1]
        for name in parsed(path).imports
        if name.startswith("goldenami.") and name != "goldenami.__version__"
    }


def test_the_sandbox_is_a_package_of_its_own() -> None:
    names = {name for path in SANDBOX.rglob("*.py") for name in parsed(path).imports}
    used = {name.split(".")[1] for name in names if name.split(".")[0] == "goldenami"}
    assert used == SANDBOX_MAY


def test_only_the_commands_of_the_sandbox_import_it() -> None:
    users = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(name.split(".")[0] == "goldenami_sandbox" for name in parsed(path).imports)
    }
    assert users == SANDBOX_USERS


def test_files_are_opened_in_one_place() -> None:
    """What a user names is read within a limit, and written without replacing a device."""
    modules = [path for path in MODULES if part_of(path) != "files"]
    places = {
        (str(path.relative_to(SOURCE)), name) for path in modules for name in parsed(path).opened
    }
    assert places == set(OPENED_ELSEWHERE)


@pytest.mark.parametrize("part", ["iam", "domain", "infrastructure", "spec"])
def test_the_pure_parts_import_no_boto3(part: str) -> None:
    found = {name for path in MODULES if part_of(path) == part for name in parsed(path).imports}
    assert not [name for name in found if name.split(".")[0] in ("boto3", "botocore")]


def test_aws_is_called_in_one_place_alone() -> None:
    """Whoever makes a client, or looks up an operation of one, could believe half an answer."""
    callers = {
        str(path.relative_to(SOURCE))
        for path in MODULES
        if parsed(path).attributes & {"client", "get_paginator", "get_waiter"}
    }
    assert callers == {"aws/ask.py", "aws/session.py"}


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {
        str(path): len(path.read_text().splitlines()) for path in (*MODULES, *SANDBOX.rglob("*.py"))
    }
    assert not {path: lines for path, lines in lengths.items() if lines > 400}
