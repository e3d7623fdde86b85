"""Every command that a user can call, by the words that name it."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from goldenami.cli.root import app


def _commands(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield " ".join(path), command
    for name, child in children.items():
        yield from _commands(child, *path, name)


COMMANDS: dict[str, Any] = dict(_commands(get_command(app)))


def parse(words: list[str]) -> None:
    """Have Typer parse what follows ``goldenami``; it is not carried out."""
    name = next(
        command for command in sorted(COMMANDS, key=len, reverse=True)
        if words[: len(command.split())] == command.split()
    )  # fmt: skip
    context = COMMANDS[name].make_context(name, words[len(name.split()) :])
    for parameter in COMMANDS[name].callback.parameters:
        parameter.value(context.params[parameter.name])
