"""`goldenami restore`."""

from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.options import Reason, VersionOptions
from goldenami.report import listing
from goldenami.report.terminal import tell


class RestoreOptions(VersionOptions, frozen=True, kw_only=True):
    """The options of `goldenami restore`."""

    why: Annotated[Reason, Option("The reason.", "TEXT")]


def restore(options: RestoreOptions) -> None:
    """Bring a version back: out of the Recycle Bin, enabled, shared as before, approved.

    What was revoked before it was retired stays revoked: restore it once more to approve it. Who
    may launch it comes from its manifest. What came of it is read back.

    Example: goldenami restore web-base 1.0 --why "the finding was a false alarm"
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import restoration as workflow

    order = workflow.RestorationOrder(
        image=options.image,
        version=options.version,
        why=options.why,
        role=options.role or "",
        command=options.again("restore", why=options.why),
    )
    aws = options.aws()
    prepared = workflow.prepare(aws, order)
    tell(prepared.plan.notes)
    if options.go_ahead(prepared.plan):
        images = workflow.carry_out(aws, order, prepared, tell=PlanProgress(prepared.plan))
        listing.write(
            "goldenami.restore/v1", images, options.form.value,
            columns=("image", "version", "account", "region", "id", "status"),
            spare=("account", "image", "version"),
        )  # fmt: skip
