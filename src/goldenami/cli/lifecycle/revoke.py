"""`goldenami revoke`."""

from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.options import VersionOptions, Why, moment
from goldenami.constraints import form
from goldenami.report import listing
from goldenami.report.terminal import say, tell


class RevokeOptions(VersionOptions, frozen=True, kw_only=True):
    """The options of `goldenami revoke`."""

    why: Annotated[
        Why,
        form(lambda text: bool(text.strip()), "reason, such as CVE-2026-12345"),
        Option("The reason, such as CVE-2026-12345.", "TEXT"),
    ]
    successor: Annotated[
        str, Option("Which version takes its place; default: the newest good one.", "VERSION")
    ] = ""
    no_successor: Annotated[
        bool, Option("Delete parameters for which nothing can take its place.")
    ] = False
    at: Annotated[str | None, Option("When: 2026-12-01T06:00Z. Default: now.", "TIME")] = None


def revoke(options: RevokeOptions) -> None:
    """Take a bad version out of use everywhere: pointers back, then the status, then deprecated.

    Shows first what uses it, which `--plan` stops at. Guardrails on the approval tag deny it at
    once, shown by a proof and a dry run. What fails stops nothing else, and is told at the end.
    Ends in a look at what still runs it: exit code 10 until nothing does.

    Example: goldenami revoke web-base 1.0 --why CVE-2026-12345
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import revocation as workflow

    order = workflow.RevocationOrder(
        why=options.why,
        at=moment(options.at, "--at"),
        successor=options.successor,
        no_successor=options.no_successor,
        role=options.role or "",
        command=options.again(
            "revoke",
            why=options.why,
            successor=options.successor,
            no_successor=options.no_successor,
            at=options.at,
        ),
    )
    prepared = workflow.prepare(options.aws(), options.image, options.version, order)
    tell(prepared.plan.notes)
    if not options.go_ahead(prepared.plan):
        return
    revoked = workflow.carry_out(prepared, tell=PlanProgress())
    tell(revoked.notes)
    for line in revoked.proof.words:
        say(line)
    listing.write(
        "goldenami.revoke/v1", revoked.images, options.form.value,
        columns=("image", "version", "account", "region", "id", "status"),
        spare=("account", "image", "version"),
    )  # fmt: skip
    revoked.refuse_failures()
