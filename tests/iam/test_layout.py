"""The order inside ``iam``: what decides knows nothing of who asks, and each ARN has one place."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover  # nothing of goldenami is run

SOURCE = Path(__file__).parents[2] / "src"
IAM = SOURCE / "goldenami" / "iam"
MODULES = sorted(IAM.rglob("*.py"))
BELOW = {
    "reference": set(),
    "evaluator": {"reference"},
    "authorization": {"evaluator", "reference"},
    "account": {"evaluator"},
    "reach": {"account", "authorization", "evaluator", "reference"},
    "proof": {"authorization", "evaluator", "profiles"},
    "lint": {"evaluator", "reference"},
    "profiles": set(),
    "values": set(),
    "render": {"profiles", "values"},
    "combine": {"render"},
    "limits": {"render"},
    "snapshot_list": set(),
    "permissions": {"evaluator", "limits", "reference", "render"},
    "trust": set(),
}
"""What each part of ``iam`` may import, for its types too."""

RESOURCES = "goldenami/iam/authorization/resources.py"
MAY_NAME = {
    "goldenami/domain/arns.py": "it is where ARNs are made",
    RESOURCES: "it is where condition keys are",
    "goldenami/iam/lint": "a rule names the keys that policies get wrong",
    "goldenami/workflows/permissions": "a rule names the keys of the policies that it writes",
}
KEY = re.compile(
    r"ec2:(Owner|Public|ImageID|ImageType|RootDeviceType|SnapshotID|VolumeID|Encrypted)$"
    r"|\w+:[rR]esourceTag/|aws:RequestTag/|aws:TagKeys$|iam:PermissionsBoundary$"
)


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the modules that one imports, whether to run or for their types."""
    return frozenset(
        name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
    )


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def part_of(module: str) -> str:
    return module.split(".")[2]


@pytest.mark.parametrize("path", MODULES[1:], ids=lambda path: str(path.relative_to(IAM)))
def test_a_part_imports_only_those_below_it(path: Path) -> None:
    part = part_of(name_of(path))
    used = {part_of(name) for name in imports(path) if name.startswith("goldenami.iam.")}
    assert used - {part} <= BELOW[part]


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {name_of(path) for path in MODULES}
    graph = {name_of(path): (names & imports(path)) - {name_of(path)} for path in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def literals(path: Path) -> Iterator[tuple[bool, str]]:
    """Yield the texts of a module but its docstrings, and whether each begins an f-string."""
    tree = ast.parse(path.read_text())
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)
        if isinstance(node, ast.JoinedStr):
            first = node.values[0]
            if isinstance(first, ast.Constant):
                inside.add(first)
                yield True, str(first.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield False, node.value


def test_arns_and_condition_keys_are_written_in_one_place() -> None:
    folders = ("goldenami", "goldenami_sandbox/enforcement")
    paths = [path for folder in folders for path in (SOURCE / folder).rglob("*.py")]
    elsewhere = [
        f"{path.relative_to(SOURCE)}: {text}"
        for path in paths
        if not str(path.relative_to(SOURCE)).startswith(tuple(MAY_NAME))
        for begins, text in literals(path)
        if KEY.match(text) or (begins and text.startswith("arn:"))
    ]
    assert elsewhere == []
