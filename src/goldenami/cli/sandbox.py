"""`goldenami sandbox`."""

import os
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.cli import options as shared
from goldenami.cli.command import Option, Options
from goldenami.constraints import between, form
from goldenami.domain import names
from goldenami.report.terminal import say, tell

if TYPE_CHECKING:
    from goldenami_sandbox.server import Sandbox
    from goldenami_sandbox.world import RehearsalSeed

PENDING_S = 0.1
_SIGNING = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


Pending = Annotated[str, form(names.duration, "time, such as `5s` or `1m`")]
AccountId = Annotated[str, form(names.ACCOUNT, "account id (12 digits)")]


class SandboxOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami sandbox`."""

    port: Annotated[
        Annotated[int, between(0, 65_535)],
        Option("Loopback port; 0 takes a free one.  [0<=x<=65535]"),
    ] = 0
    region: Annotated[str | None, Option("The clients' region.  [us-east-1, or the file's]")] = None
    seed: Annotated[
        Path | None, Option("Begin with all that this release file names.", "RELEASE")
    ] = None
    account: Annotated[
        list[AccountId] | None, Option("Print the keys of this account, too (repeatable).", "ID")
    ] = None
    pending: Annotated[
        Pending | None, Option("How long images, instances and commands take.", "TIME")
    ] = None
    fail: Annotated[
        list[str] | None,
        Option("Fail calls (repeatable): ec2:RunInstances=Unavailable*2@us-east-1.", "FAULT"),
    ] = None


def sandbox(options: SandboxOptions) -> None:
    """Keep an embedded AWS running on a loopback port until Ctrl-C.

    Prints the `export` lines with which any other client (the AWS CLI, Packer, boto3) uses it.
    It emulates: nothing in it reaches AWS, and everything is gone when it stops. A fault is written
    as SERVICE:OPERATION=CODE, then *TIMES and @REGION unless every such call is to fail.

    Example: goldenami sandbox --seed release.yaml --pending 5s
    """
    from goldenami.cli import sandbox_fault

    if options.region:
        sandbox_fault.check_region(options.region, "--region")
    faults = [sandbox_fault.parse(text) for text in options.fail or ()]
    world = _world(options.seed) if options.seed else None
    pending = names.duration(options.pending) if options.pending else None
    stop = Event()
    with running(options.port, pending.total_seconds() if pending else PENDING_S) as started:
        region = options.region or (world.regions[0] if world else "us-east-1")
        if world:
            _seed(started, world)
        for fault in faults:
            started.fail(fault)
        _print_keys(started, region, world.account if world else None, options.account or ())
        say(f"an embedded AWS listens on {started.endpoint_url}; Ctrl-C stops it")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
    say("stopped; everything in it is gone")


def _world(release: Path) -> "RehearsalSeed":
    from goldenami.cli import rehearsal_seed

    return rehearsal_seed.of(shared.release_file(release))


def _seed(started: "Sandbox", world: "RehearsalSeed") -> None:
    from goldenami_sandbox import seed

    fleet = seed.seed(started, world).instances
    count = sum(len(instances) for instances in fleet.values())
    lines = (f"account {world.account}", f"a source image, {count} instances", *world.named)
    tell(lines, "seeded", style="")


def _print_keys(
    started: "Sandbox", region: str, account: str | None, others: Iterable[str]
) -> None:
    """Print how clients reach the sandbox, and behind a # the keys of the other accounts."""
    own = started.environment(region, account=account) if account else started.environment(region)
    for name, value in own.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    for other in others:
        keys = started.environment(region, account=other)
        signed = [f"{name}={shlex.quote(keys[name])}" for name in _SIGNING]
        typer.echo(f"# as account {other}: export {' '.join(signed)}")
    sys.stdout.flush()


@contextmanager
def running(port: int = 0, pending_s: float = PENDING_S) -> Iterator["Sandbox"]:
    """Run a sandbox; for the while this process has none of the user's AWS settings.

    Args:
        port: as of `Sandbox`.
        pending_s: as of `Sandbox`.

    Raises:
        GoldenamiError: moto (the extra ``sandbox``) is not installed, or the port is taken.
    """
    with _without_aws_settings(), _silent():
        from goldenami_sandbox.server import Sandbox

        with Sandbox(port=port, pending_s=pending_s) as sandbox:
            yield sandbox


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what libraries have to say to developers, as warnings or logs, off the terminal."""
    import logging
    import warnings

    nowhere = logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(nowhere)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        root.removeHandler(nowhere)


@contextmanager
def _without_aws_settings() -> Iterator[None]:
    """Hide the AWS variables and files of the user; put every variable back at the end."""
    import tempfile

    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="goldenami-sandbox-") as empty:
        for name in [variable for variable in before if variable.startswith("AWS_")]:
            del os.environ[name]
        os.environ["AWS_CONFIG_FILE"] = str(Path(empty) / "config")
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(Path(empty) / "credentials")
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
