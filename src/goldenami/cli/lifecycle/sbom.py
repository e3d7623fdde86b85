"""`goldenami sbom`, and what a bake does of it at its end."""

import shlex
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.errors import GoldenamiError
from goldenami.report import listing
from goldenami.report.terminal import say, tell

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import ReleaseFile


class SbomOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami sbom`."""

    release: shared.Release
    version: Annotated[str, Option("Default: the newest good one.", "VERSION")] = ""


def sbom(options: SbomOptions) -> None:
    """Export what software a version has, as the release file's `sbom` says, into a bucket.

    Amazon Inspector exports what it has scanned: `test.scan: {on: image}`, or `goldenami rescan`.
    Where the documents are is noted in the manifest; what is noted there is not exported again.

    Example: goldenami sbom release.yaml
    """
    file = shared.release_file(options.release)
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import sbom as workflow

    aws = options.aws(file.release.build_region)
    prepared = workflow.prepare(
        aws, file, options.version, command=shlex.join(["goldenami", "sbom", str(file.path)])
    )
    if options.go_ahead(prepared.plan):
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))
        listing.write(
            "goldenami.sbom/v1", workflow.places(aws, prepared), options.form.value,
            columns=("image", "version", "id", "place"), spare=("image", "version"),
        )  # fmt: skip


def after_release(aws: "Aws", file: "ReleaseFile") -> None:
    """Export the software of a release, if its file asks for that.

    What fails is told: the release stands.
    """
    if file.release.sbom is None:
        return
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import sbom as workflow

    command = shlex.join(["goldenami", "sbom", str(file.path)])
    try:
        prepared = workflow.prepare(aws, file, command=command)
        prepared.run.carry_out(prepared.plan, tell=PlanProgress(prepared.plan))
        for each in workflow.places(aws, prepared):
            say(f"{each.id}: what software it has is in {each.place}")
    except GoldenamiError as error:
        tell([f"`{command}`: {error.with_fix}", *error.notes], "warning")
