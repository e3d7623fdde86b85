"""What is wrong with a command line, in our words, whatever Typer's are."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from goldenami.errors import UsageError

_REFUSED: type[Exception] = typer.BadParameter.__mro__[1]
"""The usage error of the click that Typer is built on, or brings."""


@contextmanager
def in_our_words(ctx: Any, args: list[str]) -> Iterator[None]:
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
            raise wrong(ctx, f"there is no option {option}", option, known) from error
        what = "takes no value" if known_option.is_flag else "needs a value"
        raise wrong(ctx, f"{option} {what}") from error
    parameter = getattr(error, "param", None)
    if parameter is None:
        _, extra, _ = ctx.command.make_parser(ctx).parse_args(args=list(args))
        raise wrong(ctx, f"too much is given: {' '.join(extra)}") from error
    option = max(parameter.opts, key=len)
    metavar = (parameter.metavar or option).strip("[].").upper()
    title = option if option.startswith("-") else metavar
    if "Missing" in type(error).__name__:
        raise wrong(ctx, f"{title} is missing") from error
    raise wrong(ctx, f"{parameter.envvar or title} has a value that it cannot have") from error


def wrong(ctx: Any, words: str, unknown: str = "", known: Iterable[str] = ()) -> UsageError:
    """Return what is wrong with a command, with what was probably meant, or where to look.

    Args:
        ctx: that of the command.
        words: what is wrong.
        unknown: what was meant for something that is known.
        known: what is known in its place.
    """
    from goldenami.validation import closest

    close = closest(unknown, known)
    _, _, command = ctx.command_path.partition(" ")
    fix = f"did you mean {close}?" if close else f"`{ctx.command_path} --help` shows what there is"
    return UsageError(f"{command}: {words}" if command else words, fix=fix)
