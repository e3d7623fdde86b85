"""`goldenami revoke`."""

from typing import TYPE_CHECKING, Annotated

from msgspec import structs

from goldenami.cli.command import Option
from goldenami.cli.lifecycle.options import Reason, VersionOptions, moment
from goldenami.cli.options import ListFormat
from goldenami.report import listing
from goldenami.report.terminal import Verbosity, tell

if TYPE_CHECKING:
    from goldenami.workflows.lifecycle.revoke import RevocationOrder


class RevokeOptions(VersionOptions, frozen=True, kw_only=True):
    """The options of `goldenami revoke`."""

    why: Annotated[Reason, Option("The reason, such as CVE-2026-12345.", "TEXT")]
    successor: Annotated[
        str, Option("Which version takes its place; default: the newest good one.", "VERSION")
    ] = ""
    no_successor: Annotated[
        bool, Option("Delete parameters for which nothing can take its place.")
    ] = False
    at: Annotated[str | None, Option("When: 2026-12-01T06:00Z. Default: now.", "TIME")] = None
    hard: Annotated[
        bool, Option("Disable the images, too: nobody launches them then, services neither.")
    ] = False
    refresh: Annotated[
        bool, Option("Move templates and Auto Scaling groups to the successor, and wait.")
    ] = False
    only: Annotated[bool, Option("Leave releases that were made from it.")] = False


def revoke(options: RevokeOptions) -> None:
    """Take a bad version out of use everywhere: pointers back, then the status, then deprecated.

    Shows first what uses it (`--plan` stops there). Releases that were made from it are revoked,
    too. Guardrails on the approval tag deny it at once, shown by a proof and dry runs. What fails
    stops nothing else. Ends in a look at what still uses it: exit code 10 until nothing does.

    Example: goldenami revoke web-base 1.0 --why CVE-2026-12345 --refresh
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows.lifecycle import releases
    from goldenami.workflows.lifecycle import revoke as workflow

    prepared = workflow.prepare(options.aws(), options.image, options.version, _order(options))
    plan = prepared.plan
    tell(plan.notes)
    unread = dict(prepared.unread)
    if options.plan or not options.yes:
        using = workflow.look(prepared)
        plan = structs.replace(plan, notes=(*plan.notes, *using.summary))
        tell(using.summary)
        unread |= using.unread
    if not options.go_ahead(plan):
        releases.refuse_unread(unread, workflow.IN_USE)
        return
    revoked = workflow.carry_out(prepared, tell=PlanProgress(prepared.plan))
    tell(revoked.notes, level=Verbosity.PROBLEM)
    tell((*revoked.proof.words, *revoked.refreshed.words))
    if options.form is ListFormat.JSON:
        parts = ("images", "proof", "uses", "unread")
        listing.write_document(
            "goldenami.revoke/v1",
            **listing.fields(revoked, parts),
            refreshed=revoked.refreshed.results,
        )
    else:
        listing.write(
            "goldenami.revoke/v1", revoked.images, "table",
            columns=("image", "version", "account", "region", "id", "status"),
            spare=("account", "image", "version"),
        )  # fmt: skip
    revoked.refuse()


def _order(options: RevokeOptions) -> "RevocationOrder":
    from goldenami.workflows.lifecycle.revoke import RevocationOrder

    again = {
        name: getattr(options, name)
        for name in ("why", "successor", "no_successor", "at", "hard", "refresh", "only")
    }
    return RevocationOrder(
        why=options.why,
        at=moment(options.at, "--at"),
        hard=options.hard,
        refresh=options.refresh,
        only=options.only,
        successor=options.successor,
        no_successor=options.no_successor,
        role=options.role or "",
        command=options.again("revoke", **again),
    )
