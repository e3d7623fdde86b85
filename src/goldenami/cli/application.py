"""The command line's commands: each is made, and what is not made yet imported, when looked at."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from typing import Any, ClassVar, TypeVar, cast, get_type_hints

import typer
from typer.core import TyperGroup

from goldenami import __version__
from goldenami.cli.command import Command, Options, parameters_of, taken_as_given
from goldenami.cli.help_texts import summary
from goldenami.cli.usage_errors import in_our_words, wrong
from goldenami.report.speech import remark

O = TypeVar("O", bound=Options)  # noqa: E741


class App(typer.Typer):
    """Commands, each of which is a function of its options."""

    def __init__(self, *, cls: "type[CommandGroup] | None" = None, **settings: Any) -> None:
        self._makers: dict[str, Callable[[], Any]] = {}
        self._summaries: dict[str, str] = {}
        own = {"makers": self._makers, "summaries": self._summaries}
        super().__init__(
            cls=type("Commands", (cls or CommandGroup,), own),
            rich_markup_mode=None,  # plain help starts in two thirds of the time
            no_args_is_help=True,
            **settings,
        )

    def add(self, function: Callable[[O], None], name: str = "") -> None:
        """Add a command: a function of its options, by whose type they are read."""
        name = name or function.__name__.replace("_", "-")
        self._makers[name] = cache(partial(_command, function, name))

    def add_lazily(self, name: str, where: str, summary: str) -> None:
        """Add a command, or a group of some, that is imported when it is looked at.

        Args:
            name: its name.
            where: its function, or the app of the group: ``module:name``.
            summary: the first sentence of its help.
        """
        self._makers[name] = cache(partial(_imported, where, name))
        self._summaries[name] = summary


def _imported(where: str, name: str) -> Any:
    """Return the command whose function is there, or the group whose app is."""
    module, _, attribute = where.partition(":")
    part = getattr(import_module(module), attribute)
    if not isinstance(part, App):
        return _command(part, name)
    group = typer.main.get_group(part)
    group.name = name
    return group


def _command(function: Callable[[O], None], name: str) -> "Command":
    """Return the command that calls a function with its options."""
    [options] = [kind for key, kind in get_type_hints(function).items() if key != "return"]
    parameters = parameters_of(options)

    def command(**raw: Any) -> None:
        values = {item.name: item.value(raw[item.name]) for item in parameters}
        chosen = options(**values)
        with chosen.in_effect():
            remark(f"goldenami {__version__}: {name}")
            function(chosen)

    command.function, command.parameters = function, parameters  # type: ignore[attr-defined]
    aliases = {alias: item.option for item in parameters for alias in item.shown.aliases}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__annotations__ = {}
    shown = [parameter.as_typer_has_it() for parameter in parameters]
    command.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    kind = type("Command", (Command,), {"aliases": aliases})
    alone.command(name, cls=kind)(command)
    return cast(Command, typer.main.get_command(alone))


class LazyCommands(Mapping[str, Any]):
    """Commands by name, each of which is made when it is looked at.

    Typer makes all at each start, and of fifty commands that is the most of it.

    Args:
        makers: what makes them.
        groups: the groups of commands beside them.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Any]], groups: Any) -> None:
        self._makers = makers
        self._groups = groups

    def __getitem__(self, name: str) -> Any:
        """Return a command."""
        return self._makers[name]() if name in self._makers else self._groups[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names, commands first."""
        yield from self._makers
        yield from self._groups

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._makers) + len(self._groups)


class CommandGroup(TyperGroup):
    """A group of commands whose usage errors, and summaries, are said in our words."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the first sentence of each command, whole."""
        rows = [
            (name, self.summaries.get(name) or summary(self.commands[name]))
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    makers: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    summaries: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, commands: Any = None, **settings: Any) -> None:
        super().__init__(commands=LazyCommands(self.makers, commands), **settings)  # type: ignore[arg-type]

    def list_commands(self, _: Any) -> list[str]:
        """Return the names of the commands; Typer would make each."""
        return [*self.commands]

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options before the name of a command."""
        return taken_as_given(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options before the name of a command."""
        if not args:
            return super().parse_args(ctx, args)  # which shows the help
        with in_our_words(ctx, args):
            return super().parse_args(ctx, list(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is named."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise wrong(ctx, f"there is no command {args[0]}", args[0], self.commands)
        with in_our_words(ctx, args):
            return super().resolve_command(ctx, args)
