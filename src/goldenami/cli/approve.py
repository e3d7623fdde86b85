"""`goldenami approve`."""

from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.bake import show
from goldenami.cli.command import Option
from goldenami.cli.lifecycle import sbom
from goldenami.cli.lifecycle.prune import after_release
from goldenami.report.terminal import tell


class ApproveOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami approve`."""

    release: shared.Release
    build: Annotated[str | None, Option("Default: the newest that waits.", "BUILD")] = None
    manifest: shared.Manifest = None


def approve(options: ApproveOptions) -> None:
    """Approve a candidate (`approval: manual`) and publish it; who and when goes into its tags.

    The images are compared once more with what was wanted, in every region. An approval that was
    interrupted is completed, with the approver and the time that were recorded.

    Example: goldenami approve release.yaml --build 20261124T101025Z-2c78de
    """
    file = shared.release_file(options.release)
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import release as workflow

    aws = options.aws(file.release.build_region)
    chosen = workflow.to_approve(aws, file, options.build)
    prepared = workflow.prepare(aws, file, resume=chosen, approving=True)
    tell(prepared.guarding.notes)
    if options.go_ahead(prepared.plan):
        with workflow.going_on(prepared):
            show(
                workflow.bake(prepared, tell=PlanProgress(prepared.plan)),
                options.form,
                options.manifest,
            )
        sbom.after_release(aws, file)
        after_release(aws, file, options.release)
