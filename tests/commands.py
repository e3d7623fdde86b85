"""Every command that a user can call, by the words that name it."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from goldenami.cli import app


def _commands(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield " ".join(path), command
    for name, child in children.items():
        yield from _commands(child, *path, name)


COMMANDS: dict[str, Any] = dict(_commands(get_command(app)))
