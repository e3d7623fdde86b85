"""A command's options stand once: as the annotated fields of a struct that the command takes.

Typer sees texts, paths and flags alone; everything else is made of them here, by the types and the
constraints that the files of users have, too. So what is wrong is said in our words, whatever
Typer's are.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from types import NoneType
from typing import (
    Annotated,
    Any,
    ClassVar,
    NoReturn,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import typer
from msgspec import NODEFAULT, Struct, structs
from typer.core import TyperCommand, TyperGroup

from goldenami.constraints import Constraint, OneOf
from goldenami.errors import UsageError
from goldenami.validation import alternatives, closest

O = TypeVar("O", bound="Options")  # noqa: E741


class Options(Struct, frozen=True, kw_only=True):
    """The options of a command; a subclass's own are shown before those that it shares."""

    def in_effect(self) -> AbstractContextManager[None]:
        """Return what holds while the command runs, whatever it does."""
        return nullcontext()


class App(typer.Typer):
    """Commands, each of which is a function of its options."""

    def __init__(self, *, cls: "type[CommandGroup] | None" = None, **settings: Any) -> None:
        self._makers: dict[str, Callable[[], Command]] = {}
        super().__init__(
            cls=type("Commands", (cls or CommandGroup,), {"makers": self._makers}),
            rich_markup_mode=None,  # plain help starts in two thirds of the time
            no_args_is_help=True,
            **settings,
        )

    def add(self, function: Callable[[O], None], name: str = "") -> None:
        """Add a command: a function of its options, by whose type they are read."""
        name = name or function.__name__.replace("_", "-")
        self._makers[name] = cache(partial(_command, function, name))


def _command(function: Callable[[O], None], name: str) -> "Command":
    """Return the command that calls a function with its options."""
    [options] = [kind for key, kind in get_type_hints(function).items() if key != "return"]
    parameters = _parameters(options)

    def command(**raw: Any) -> None:
        values = {item.name: item.value(raw[item.name]) for item in parameters}
        chosen = options(**values)
        with chosen.in_effect():
            function(chosen)

    command.function, command.parameters = function, parameters  # type: ignore[attr-defined]
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__annotations__ = {}
    shown = [parameter.as_typer_has_it() for parameter in parameters]
    command.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=Command)(command)
    return cast(Command, typer.main.get_command(alone))


class Option(Struct, frozen=True):
    """What an option is for, and what its value is called.

    It has the name of its field, ``--older-than`` for ``older_than``, unless ``names`` says others.
    """

    help: str
    metavar: str | None = None
    names: tuple[str, ...] = ()


class Argument(Option, frozen=True):
    """What an argument is for, and what it is called."""


class CommandParameter(Struct, frozen=True):
    """An option or argument: its type, its constraints, and what people are shown of it."""

    name: str
    type: Any
    several: bool
    constraints: tuple[Constraint, ...]
    shown: Option
    default: Any

    def as_typer_has_it(self) -> inspect.Parameter:
        """Return the parameter in types that no value can break."""
        plain = self.type if self.type in (bool, Path) else str
        choices, metavar = self.choices, self.shown.metavar
        if not metavar and (choices or plain is not self.type):
            kind = "|".join(choices) or f"{self.type.__name__}{' range' * bool(self.constraints)}"
            metavar = f"<list[{kind}]>" if self.several else f"<{kind}>"
        info = (typer.Option if self.option else typer.Argument)(
            *self.names,
            metavar=metavar,
            help=self.shown.help,
            autocompletion=self.completed if choices else None,
        )
        default = self.default
        if default not in (NODEFAULT, None) and plain is str:
            default = str(default)
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if self.required else default,
            annotation=Annotated[
                list[plain] | None if self.several else plain | None,  # type: ignore[valid-type]
                info,
            ],
        )

    def completed(self, incomplete: str) -> list[str]:
        """Return the choices that begin so, for a shell."""
        return [choice for choice in self.choices if choice.startswith(incomplete)]

    def value(self, raw: Any) -> Any:
        """Return the value of what was given on the command line.

        Raises:
            UsageError: it is none.
        """
        if self.several:
            return None if raw is None else [self._single(text) for text in raw]
        return None if raw is None else self._single(raw)

    def _single(self, text: Any) -> Any:
        if self.choices and text not in self.choices:
            needed = alternatives(f"`{choice}`" for choice in self.choices)
            close = closest(text, self.choices)
            fix = f"did you mean `{close}`?" if close else ""
            raise UsageError(f"{self._title} {text}: needs {needed}", fix=fix)
        value = self._typed(text)
        for constraint in self.constraints:
            for _, words in constraint(value):
                raise UsageError(f"{self._title}: {words}")
        return value

    def _typed(self, text: Any) -> Any:
        if self.type in (bool, str, Path):
            return text
        try:
            return self.type(text)
        except ValueError as error:
            raise UsageError(f"{self._title} {text}: needs {_NUMBERS[self.type]}") from error

    @property
    def choices(self) -> tuple[str, ...]:
        """What it can be, where that is one of several words."""
        if issubclass(self.type, StrEnum):
            return tuple(self.type)
        return next((rule.names for rule in self.constraints if isinstance(rule, OneOf)), ())

    @property
    def names(self) -> tuple[str, ...]:
        """What an option is called by, its long name first; an argument has none."""
        if isinstance(self.shown, Argument):
            return ()
        return self.shown.names or (f"--{self.name.replace('_', '-')}",)

    @property
    def option(self) -> str:
        """The long name of an option; empty if it is an argument."""
        return next(iter(self.names), "")

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is NODEFAULT

    @property
    def _title(self) -> str:
        return self.option or self.name.upper()


_NUMBERS = {int: "a whole number", float: "a number"}


def _parameters(options: type[Options]) -> list[CommandParameter]:
    """Return the parameters of a command, those of its own before those of its bases."""
    hints = get_type_hints(options, include_extras=True)
    fields = {field.name: field for field in structs.fields(options)}
    order = dict.fromkeys(
        name for kind in options.__mro__ for name in inspect.get_annotations(kind)
    )
    return [_parameter(name, hints[name], fields[name].default) for name in order if name in fields]


def _parameter(name: str, hint: Any, default: Any) -> CommandParameter:
    extras: list[Any] = []
    several = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *further = get_args(hint)
            extras += further
        elif get_origin(hint) is list:
            several, [hint] = True, get_args(hint)
        elif NoneType in get_args(hint):
            [hint] = [option for option in get_args(hint) if option is not NoneType]
        else:
            [shown] = [extra for extra in extras if isinstance(extra, Option)]
            constraints = tuple(extra for extra in extras if not isinstance(extra, Option))
            return CommandParameter(name, hint, several, constraints, shown, default)


class Command(TyperCommand):
    """A command whose usage errors are said in our words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what follows the command's name."""
        with _in_our_words(ctx, args):
            return super().parse_args(ctx, list(args))


class LazyCommands(Mapping[str, Any]):
    """Commands by name, each of which is made when it is looked at.

    Typer makes all at each start, and of fifty commands that is the most of it.

    Args:
        makers: what makes them.
        groups: the groups of commands beside them.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Command]], groups: Any) -> None:
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
    """A group of commands whose usage errors are said in our words."""

    makers: ClassVar[Mapping[str, Callable[[], Command]]] = {}

    def __init__(self, *, commands: Any = None, **settings: Any) -> None:
        super().__init__(commands=LazyCommands(self.makers, commands), **settings)  # type: ignore[arg-type]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options before the name of a command."""
        if not args:
            return super().parse_args(ctx, args)  # which shows the help
        with _in_our_words(ctx, args):
            return super().parse_args(ctx, list(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is named."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise _usage(ctx, f"there is no command {args[0]}", closest(args[0], self.commands))
        with _in_our_words(ctx, args):
            return super().resolve_command(ctx, args)


_REFUSED: type[Exception] = typer.BadParameter.__mro__[1]
"""The usage error of the click that Typer is built on, or brings."""


@contextmanager
def _in_our_words(ctx: Any, args: list[str]) -> Iterator[None]:
    """Turn a usage error of Typer into ours, by what it is about.

    Raises:
        UsageError: there was one.
    """
    try:
        yield
    except _REFUSED as error:
        _explain(error, ctx, args)


def _explain(error: Any, ctx: Any, args: list[str]) -> NoReturn:
    parameters = ctx.command.get_params(ctx)
    if option := getattr(error, "option_name", ""):
        [known_option] = [item for item in parameters if option in item.opts] or [None]
        if known_option is None:
            known = [name for item in parameters for name in item.opts if name.startswith("-")]
            raise _usage(ctx, f"there is no option {option}", closest(option, known)) from error
        what = "takes no value" if known_option.is_flag else "needs a value"
        raise _usage(ctx, f"{option} {what}") from error
    parameter = getattr(error, "param", None)
    if parameter is None:
        _, extra, _ = ctx.command.make_parser(ctx).parse_args(args=list(args))
        raise _usage(ctx, f"too much is given: {' '.join(extra)}") from error
    option = max(parameter.opts, key=len)
    metavar = (parameter.metavar or option).strip("[].").upper()
    title = option if option.startswith("-") else metavar
    if "Missing" in type(error).__name__:
        raise _usage(ctx, f"{title} is missing") from error
    raise _usage(ctx, f"{parameter.envvar or title} has a value that it cannot have") from error


def _usage(ctx: Any, words: str, close: str = "") -> UsageError:
    _, _, command = ctx.command_path.partition(" ")
    fix = f"did you mean {close}?" if close else f"`{ctx.command_path} --help` shows what there is"
    return UsageError(f"{command}: {words}" if command else words, fix=fix)
