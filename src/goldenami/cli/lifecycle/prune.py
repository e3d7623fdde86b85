"""`goldenami prune`, and what a bake says or does of it at its end."""

import shlex
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.errors import FindingsError, GoldenamiError
from goldenami.report import listing
from goldenami.report.terminal import say, tell

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import ReleaseFile
    from goldenami.workflows.lifecycle.pruning import Pruning


class PruneOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami prune`."""

    release: shared.Release
    role: Annotated[
        str | None,
        Option("The role in other accounts, for releases whose manifest names none.", "NAME"),
    ] = None


def prune(options: PruneOptions) -> None:
    """Let older versions go by the release file's `lifecycle`, each a step at a time.

    Says of every version why it stays, or what it is due for. What is in use stays, as with
    `goldenami retire`. With --plan the exit code is 10 where there is something to do.

    Example: goldenami prune release.yaml --plan
    """
    file = shared.release_file(options.release)
    from goldenami.workflows.lifecycle import pruning as workflow

    command = shlex.join(["goldenami", "prune", str(options.release)])
    prepared = workflow.prepare(
        options.aws(file.release.build_region), file, command=command, role=options.role or ""
    )
    tell(prepared.plan.notes)
    if options.go_ahead(prepared.plan):
        _carry_out(prepared)
        listing.write(
            "goldenami.prune/v1", prepared.versions, options.form.value,
            columns=("image", "version", "status", "step", "why"), spare=("image",),
        )  # fmt: skip
    prepared.refuse_unknown()
    if options.plan and prepared.due:
        raise FindingsError(
            f"{len(prepared.due)} versions of {file.release.image} are due", fix=f"run `{command}`"
        )


def _carry_out(prepared: "Pruning") -> None:
    from goldenami.report.plan import PlanProgress

    if prepared.run:
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))


def after_release(aws: "Aws", file: "ReleaseFile", path: object) -> None:
    """Tell what a prune would do after a release, or do it if the release file says so.

    What fails is told: the release stands.
    """
    lifecycle = file.release.lifecycle
    if not lifecycle.removes:
        return
    from goldenami.workflows.lifecycle import pruning as workflow

    command = shlex.join(["goldenami", "prune", str(path)])
    try:
        if lifecycle.prune == "on-release":
            prepared = workflow.prepare(aws, file, command=command)
            tell(prepared.plan.notes)
            _carry_out(prepared)
            prepared.refuse_unknown()
        elif due := workflow.outlook(aws, file):
            steps = ", ".join(f"{each.version} ({each.rung})" for each in due)
            say(f"`{command}` would look at {steps}")
    except GoldenamiError as error:
        tell([f"`{command}`: {error.with_fix}", *error.notes], "warning")
