"""The command line: parse, call one workflow, print one report, return one exit code.

Start-up matters (`goldenami --help` in a runbook): boto3, jinja2 and rich are imported by the
commands that use them, inside their functions.
"""

import atexit
import gc
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from goldenami import __version__
from goldenami.cli import (
    approve,
    audit,
    bake,
    base,
    enforce,
    images,
    init,
    policy,
    rehearse,
    remediate,
    sandbox,
    show,
    sweep,
    tag,
)
from goldenami.errors import GoldenamiError

app = typer.Typer(
    name="goldenami",
    help="Bake, distribute, enforce and audit golden AMIs from one release file.",
    epilog="Exit codes: 0 done · 1 failed · 2 usage · 3 incomplete · 4 refused · 10 findings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help starts in two thirds of the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(init.init)
app.add_typer(base.app, name="base")
app.command()(bake.bake)
app.command()(approve.approve)
app.command()(sweep.sweep)
app.command()(tag.tag)
app.command()(images.images)
app.command()(show.show)
app.command()(show.history)
app.add_typer(policy.app, name="policy")
app.command()(enforce.enforce)
app.command()(audit.audit)
app.command()(remediate.remediate)
app.command()(rehearse.rehearse)
app.command()(sandbox.sandbox)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"goldenami {__version__}")
        raise typer.Exit


class _Debug:
    """Whether a traceback is shown with an error (``--debug``)."""

    wanted = False


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="GOLDENAMI_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    """Bake, distribute, enforce and audit golden AMIs from one release file."""
    _Debug.wanted = debug


COLLECT_AFTER = 20_000
"""How many new objects Python looks for cycles after: AWS's models and answers are many objects,
and none of them in one."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; the only place that does.

    SIGTERM, which a runner sends to end a job, is taken as Ctrl-C: a bake stays resumable.
    """
    gc.set_threshold(COLLECT_AFTER, 50, 100)
    atexit.register(gc.freeze)  # else all of it is looked through once more at the end
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(args=arguments, standalone_mode=True)
    except GoldenamiError as error:
        if _Debug.wanted:
            raise
        from goldenami.report.terminal import show_error

        show_error(error)
        sys.exit(error.exit_code)
    sys.exit(0)
