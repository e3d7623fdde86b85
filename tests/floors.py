"""Prints pyproject.toml's requirements at the lowest versions it names, for `make test-lowest`."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
_REQUIREMENT = re.compile(r"(?P<package>[\w.-]+(\[[\w,]+\])?)>=(?P<floor>[\w.]+)(,<[\w.]+)?")


def lowest(requirement: str) -> str:
    """Return a requirement at its floor: ``boto3>=1.40`` becomes ``boto3==1.40``.

    Raises:
        ValueError: the requirement names no floor, so nobody could try it.
    """
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise ValueError(f"`{requirement}` has to name the lowest version that works: PACKAGE>=X")
    return f"{match['package']}=={match['floor']}"


def floors(project: Path = PYPROJECT) -> Iterator[str]:
    """Yield what a user of goldenami and its embedded AWS needs, at the lowest versions."""
    declared = tomllib.loads(project.read_text())["project"]
    for requirement in (*declared["dependencies"], *declared["optional-dependencies"]["sandbox"]):
        yield lowest(requirement)


if __name__ == "__main__":
    sys.stdout.write("\n".join(floors()) + "\n")
