"""The layout: no circle of imports, not even of those that only a type checker follows."""

import ast
from collections.abc import Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
KNOWN = {
    frozenset({"goldenami.aws.acting", "goldenami.aws.regional", "goldenami.aws.session"}),
    frozenset({"goldenami.workflows.enforce.proof", "goldenami.workflows.enforce.scp_proof"}),
}
"""Circles that are still there: each one that goes, goes from here."""


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
        for package in ("goldenami", "goldenami_sandbox")
        for path in (SOURCE / package).rglob("*.py")
    }


def imports(path: Path, known: Set[str]) -> Iterator[str]:
    """Yield the modules that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if module in known else node.module


def circle(graph: Mapping[str, Set[str]]) -> list[str]:
    """Return one circle, empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def without_known(graph: Mapping[str, Set[str]]) -> dict[str, Set[str]]:
    """Leave out what modules of one known circle import of each other."""
    return {
        name: {used for used in uses if not any(name in known and used in known for known in KNOWN)}
        for name, uses in graph.items()
    }


@pytest.fixture(scope="module")
def graph() -> dict[str, Set[str]]:
    files = modules()
    return {
        name: {used for used in imports(path, files.keys()) if used in files} - {name}
        for name, path in files.items()
    }


def test_no_imports_go_in_a_circle(graph: dict[str, Set[str]]) -> None:
    assert circle(without_known(graph)) == []


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: min(known))
def test_a_known_circle_that_is_gone_is_struck_out(
    graph: dict[str, Set[str]], known: frozenset[str]
) -> None:
    assert circle({name: graph.get(name, set()) & known for name in known})


def test_a_circle_is_found_through_other_modules() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
