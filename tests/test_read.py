"""What users can say is read by something: a key that only its check reads is a lie."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldenami.cli import audit_question, command, options
from goldenami.cli.policy import values
from goldenami.spec.enforcement import EnforceSpec
from goldenami.spec.model import Release

from .commands import COMMANDS

SOURCE = Path(__file__).parents[1] / "src" / "goldenami"
CHECKS = {"checks.py", "types.py"}
"""Of spec/: what reads a key to refuse it."""


@cache
def reads(path: Path) -> frozenset[str]:
    """Return the names of the attributes that a module reads, and of deadlines."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    attributes = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    deadlines = {
        str(constant.value)
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("timeouts.seconds")
        for constant in ast.walk(node.args[0])
        if isinstance(constant, ast.Constant)
    }
    return frozenset(attributes | deadlines)


def readers() -> Iterator[Path]:
    """Yield the modules that handle what the spec holds."""
    for path in SOURCE.rglob("*.py"):
        if path.parent.name == "spec" and path.name not in CHECKS:
            yield path
        elif path.parent.name != "spec":
            text = path.read_text()
            if "goldenami.spec" in text or ".release." in text:
                yield path


def keys(kind: Any) -> set[str]:
    """Return every key of a file of this kind."""
    components = msgspec.json.schema_components([kind])[1]
    return {key for part in components.values() for key in part.get("properties", {})}


NAMES = {"except": "excepted"}
"""Keys that Python takes for no name."""


def test_every_key_is_read_by_more_than_its_check() -> None:
    everything_read = frozenset[str]().union(*map(reads, readers()))
    every = keys(Release) | keys(EnforceSpec)
    assert [key for key in sorted(every) if NAMES.get(key, key) not in everything_read] == []


SHARED = [Path(inspect.getfile(module)) for module in (command, options, values, audit_question)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_read(name: str) -> None:
    callback = COMMANDS[name].callback
    own = Path(inspect.getfile(inspect.unwrap(callback.function)))
    read = frozenset[str]().union(*map(reads, [own, *SHARED]))
    assert {parameter.name for parameter in callback.parameters} <= read
