"""The layout of `aws`: it is the only place where AWS is called."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "goldenami"
OF_CALLS = ("goldenami.aws.answers", "goldenami.aws.ask", "boto3", "botocore")
"""What somebody needs who calls AWS, or reads an answer of it."""


def imported(path: Path) -> set[str]:
    """Return the modules, and what is imported from them, by their full names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_who_wants_something_of_aws_calls_a_reader() -> None:
    """An answer's type is named where it is asked for: in `aws`, and nowhere else."""
    callers = {
        str(path.relative_to(SOURCE)): names
        for path in SOURCE.rglob("*.py")
        if SOURCE / "aws" not in path.parents
        and (names := {name for name in imported(path) if name.startswith(OF_CALLS)})
    }
    assert callers == {}
