"""A command's options stand once: as the annotated fields of a struct that the command takes.

Typer sees texts, paths and flags alone; everything else is made of them here, by the types and the
constraints that the files of users have, too. So what is wrong is said in our words, whatever
Typer's are.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import NoneType
from typing import (
    Annotated,
    Any,
    ClassVar,
    get_args,
    get_origin,
    get_type_hints,
)

import typer
from msgspec import NODEFAULT, Struct, structs
from typer.core import TyperCommand

from goldenami.cli.help_texts import help_row, usage_piece
from goldenami.cli.usage_errors import in_our_words
from goldenami.constraints import Constraint, OneOf
from goldenami.errors import UsageError
from goldenami.report.speech import Manner, Verbosity, in_manner


class Option(Struct, frozen=True):
    """What an option is for, and what its value is called.

    It has the name of its field, ``--older-than`` for ``older_than``, unless ``names`` says others;
    ``aliases`` are older names that are still taken, and shown nowhere.
    """

    help: str
    metavar: str | None = None
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Argument(Option, frozen=True):
    """What an argument is for, and what it is called."""


class Options(Struct, frozen=True, kw_only=True):
    """The options of every command; a subclass's own are shown before those that it shares."""

    quiet: Annotated[
        bool, Option("Say nothing but the result and what is wrong.", names=("--quiet", "-q"))
    ] = False
    verbose: Annotated[
        bool, Option("Say more: each call of AWS, too.", names=("--verbose", "-v"))
    ] = False
    log_file: Annotated[
        Path | None, Option("Append what is said to this file, with times.", "FILE")
    ] = None

    def in_effect(self) -> AbstractContextManager[None]:
        """Return what holds while the command runs, whatever it does.

        Raises:
            UsageError: the log file cannot be written.
        """
        return self._speaking()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        if self.quiet and self.verbose:
            raise UsageError("--quiet and --verbose do not go together", fix="leave one out")
        level = (
            Verbosity.PROBLEM
            if self.quiet
            else Verbosity.DETAIL
            if self.verbose
            else Verbosity.NORMAL
        )
        with self._log() as log, in_manner(Manner(level, log)):
            yield

    def _log(self) -> AbstractContextManager[Any]:
        if self.log_file is None:
            return nullcontext()
        from goldenami import files

        return files.appending(self.log_file)


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
        choices = self.choices
        metavar = None if self.type is bool else self.metavar
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
            from goldenami.validation import alternatives, closest

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
        if self.type in (bool, str):
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

    @property
    def metavar(self) -> str:
        """What its value is called: by its own name, by what it can be, or by what it is."""
        if self.shown.metavar:
            return self.shown.metavar
        if isinstance(self.shown, Argument):
            return self.name.upper()
        if self.choices:
            return "|".join(self.choices)
        return _NOUNS.get(self.type, self.name.rpartition("_")[2].upper())


_NUMBERS = {int: "a whole number", float: "a number"}
_NOUNS = {int: "NUMBER", float: "NUMBER", Path: "FILE"}


def parameters_of(options: type[Options]) -> list[CommandParameter]:
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


def taken_as_given(parameters: list[Any]) -> list[Any]:
    """Return parameters whose values Typer leaves alone: newer ones import pydantic for texts."""
    for parameter in parameters:
        parameter.process_value = partial(_as_given, type(parameter).process_value, parameter)
    return parameters


_PLAIN = (str, Path, bool, list, tuple, NoneType)


def _as_given(process: Callable[..., Any], parameter: Any, ctx: Any, value: Any) -> Any:
    """Return the value of a parameter as it was given.

    What is missing Typer refuses itself; it reads a flag from an environment variable, and knows
    what else its click has for a value that was not given.
    """
    several = parameter.multiple or parameter.nargs == -1
    plain = () if several and value is None else value
    missing = parameter.required and plain in (None, ())
    flag = isinstance(plain, str) and getattr(parameter, "is_flag", False)
    if missing or flag or not isinstance(plain, _PLAIN):
        return process(parameter, ctx, value)
    return parameter.callback(ctx, parameter, plain) if parameter.callback else plain


class Command(TyperCommand):
    """A command whose usage errors, and whose help, are said in our words."""

    aliases: ClassVar[Mapping[str, str]] = {}
    """The names of options that are still taken, with the names that are shown."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        return taken_as_given(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what follows the command's name."""
        args = [self._current(arg) for arg in args]
        with in_our_words(ctx, args):
            return super().parse_args(ctx, list(args))

    def _current(self, arg: str) -> str:
        name, equals, value = arg.partition("=")
        return f"{self.aliases.get(name, name)}{equals}{value}"

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what may follow the command's name: ``[OPTIONS] AUDIT [RELEASE]``."""
        arguments = [item for item in self.get_params(ctx) if item.param_type_name == "argument"]
        return ["[OPTIONS]", *map(usage_piece, arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what each argument and option is for."""
        parameters = self.get_params(ctx)
        for kind, title in (("argument", "Arguments"), ("option", "Options")):
            rows = [help_row(item) for item in parameters if item.param_type_name == kind]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
