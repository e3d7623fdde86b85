"""The root of the commands, and how each of them ends: by one exit code, with one error."""

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, NoReturn, TextIO

import typer

from goldenami import __version__
from goldenami.cli.application import App, CommandGroup
from goldenami.cli.commands import COMMANDS
from goldenami.errors import FindingsError, GoldenamiError, InterruptedRunError
from goldenami.report.terminal import Unwritable, show_error, unwritable


@contextmanager
def _one_error() -> Iterator[None]:
    """Turn what can come up anywhere, a signal or an output that takes nothing, into one error."""
    try:
        yield
    except (typer.Abort, KeyboardInterrupt) as error:
        if isinstance(error, typer.Abort) and not isinstance(error.__context__, KeyboardInterrupt):
            raise  # the end of file at a question, at which Ctrl-C is an abort, too
        raise InterruptedRunError(
            "interrupted", fix="run the same command again: it begins with a look at what there is"
        ) from error
    except (OSError, ValueError) as error:
        lost = unwritable(error)
        if lost is None:
            raise
        raise lost from error


class _Commands(CommandGroup):
    """The commands; what is to become one error is caught before Typer makes its own of it."""

    def invoke(self, ctx: Any) -> Any:
        with _one_error():
            return super().invoke(ctx)


app = App(
    name="goldenami",
    cls=_Commands,
    help="Bake, distribute, enforce and audit golden AMIs from one release file.",
    epilog="Exit codes: 0 done · 1 failed · 2 usage · 3 incomplete · 4 refused · 10 findings · "
    "130 interrupted.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _name, (_where, _summary) in COMMANDS.items():
    app.add_lazily(_name, f"{__package__}.{_where}", _summary)


def _version(chosen: bool) -> None:
    if chosen:
        typer.echo(f"goldenami {__version__}")
        raise typer.Exit


class _Debug:
    """Whether a traceback is shown with an error (``--debug``)."""

    shown = False


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="GOLDENAMI_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    """Bake, distribute, enforce and audit golden AMIs from one release file."""
    _Debug.shown = debug


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; the only place that does.

    SIGTERM, which a runner sends to end a job, and SIGHUP, which a terminal sends when it goes, are
    taken as Ctrl-C: a bake stays resumable. What was to be ignored (``nohup``) is.
    """
    atexit.register(gc.freeze)  # else all of it is looked through once more at the end
    if sys.stdout is None:
        sys.stdout = Unwritable()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler)
    try:
        with _one_error():
            try:
                app(args=arguments, prog_name="goldenami")
            except SystemExit:  # what was written has arrived, however it ends
                sys.stdout.flush()
                raise
    except GoldenamiError as error:
        if _Debug.shown:
            raise
        sys.exit(_show(error))
    finally:
        _let_go(sys.stderr)
    sys.exit(0)


def _let_go(stream: TextIO | None) -> None:
    """Send what a stream could not write nowhere, or Python's last flush of it ends in 120."""
    if stream is None:  # it was closed when the process began
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show(error: GoldenamiError) -> int:
    """Write an error, which no further signal cuts off, and return the exit code.

    A report that did not arrive has found nothing.
    """
    from goldenami.workflows.interrupts import Interrupts

    with Interrupts():
        show_error(error)
        lost = unwritable(error)
        if lost is None:
            return error.exit_code
        if lost.message != error.message:
            show_error(lost)
        _let_go(sys.stdout)
    return lost.exit_code if isinstance(error, FindingsError) else error.exit_code
