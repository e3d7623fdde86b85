"""The words of the code: a thing is called by its noun, and no two public classes by one name.

What still has others is listed, and an entry that is no longer needed fails too: lists only shrink.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover  # nothing of goldenami is run

SOURCE = Path(__file__).parents[1] / "src"
DEBTS = Path(__file__).with_suffix(".txt")
HOUSE_WORDS = {
    "asked", "found", "given", "held", "left", "made", "one", "over", "says", "told", "wanted",
}  # fmt: skip
SAME_CLASS_NAMES: set[str] = set()
CIRCULAR: set[str] = set()
"""Modules that import themselves by way of others."""


@cache
def trees() -> Mapping[str, ast.AST]:
    """Parse all modules once, by path, in the worker that has one of these tests."""
    return {
        str(path.relative_to(SOURCE)): ast.parse(path.read_text())
        for path in sorted(SOURCE.rglob("*.py"))
    }


@cache
def modules() -> Mapping[str, ast.AST]:
    """Return what is parsed, by the names that modules are imported by."""
    return {
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): tree
        for path, tree in trees().items()
    }


def names(tree: ast.AST) -> Iterator[str]:
    """Yield what a module gives names to: variables, parameters, functions and classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name.lower()


def parameters(tree: ast.AST) -> Iterator[set[str]]:
    """Yield the names of each function's parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            declared = node.args
            yield {
                argument.arg
                for argument in (*declared.posonlyargs, *declared.args, *declared.kwonlyargs)
            }


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that one imports, whether at its start, in a function or for its types."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if module in modules() else node.module


def debts() -> set[tuple[str, str]]:
    """Return what is still to be renamed: lines of a file and a word or ``aws and region``."""
    lines = DEBTS.read_text().splitlines() if DEBTS.exists() else []
    return {(path, word) for path, _, word in (line.partition(" ") for line in lines)}


def still_there() -> set[tuple[str, str]]:
    """Return the same, as the code is."""
    words = {
        (path, word) for path, tree in trees().items() for word in HOUSE_WORDS & set(names(tree))
    }
    pairs = {
        (path, "aws and region")
        for path, tree in trees().items()
        if any({"aws", "region"} <= together for together in parameters(tree))
    }
    return words | pairs


def test_a_thing_is_called_by_its_noun_and_a_caller_in_a_region_is_one_value() -> None:
    now, listed = still_there(), debts()
    assert not now - listed, f"use the noun, or RegionalAws: {sorted(now - listed)}"
    assert not listed - now, f"no longer needed in {DEBTS.name}: {sorted(listed - now)}"


def test_no_two_public_classes_have_one_name() -> None:
    places = defaultdict(list)
    for path, tree in trees().items():
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path)
    same = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert set(same) == SAME_CLASS_NAMES, same


def test_no_module_imports_itself_by_way_of_others() -> None:
    imports = {
        module: {name for name in imported(tree) if name in modules() and not parent(name, module)}
        for module, tree in modules().items()
    }
    assert {module for module in imports if module in reached(module, imports)} == CIRCULAR


def reached(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    """Return the modules that one imports, and those that they import, and so on."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        further = imports[waiting.pop()] - seen
        seen |= further
        waiting += further
    return seen


def parent(name: str, module: str) -> bool:
    """Tell whether a name is of a package that a module is in, or is the module itself."""
    return module == name or module.startswith(f"{name}.")


if __name__ == "__main__":  # writes the list anew
    DEBTS.write_text("".join(f"{path} {word}\n" for path, word in sorted(still_there())))
