"""`goldenami rescan`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import structs

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.lifecycle.options import Image
from goldenami.constraints import OneOf, form
from goldenami.domain import names
from goldenami.domain.vulnerabilities import SEVERITIES
from goldenami.errors import UsageError
from goldenami.report import listing
from goldenami.report.terminal import tell

if TYPE_CHECKING:
    from goldenami.workflows.lifecycle.rescan import RescanOrder


class RescanOptions(shared.AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami rescan`."""

    image: Image
    version: Annotated[
        str, Argument("Only this version; default: all that are approved.", "VERSION")
    ] = ""
    deprecated: Annotated[bool, Option("Deprecated versions, too.", names=("--all",))] = False
    release: Annotated[
        Path | None, Option("Take severity, ignore and deadline from its scan.", "FILE")
    ] = None
    severity: Annotated[
        str | None, OneOf(SEVERITIES[:4]), Option("The lowest that does not pass; default: high.")
    ] = None
    ignore: Annotated[
        list[str] | None,
        form(names.VULNERABILITY, "id, such as `CVE-2026-12345`"),
        Option("A vulnerability that counts for nothing (repeatable).", "ID"),
    ] = None
    timeout: Annotated[
        str | None,
        form(names.duration, "time, such as `30m` or `2h`"),
        Option("How long a scan may take; default: 1h.", "TIME"),
    ] = None
    role: Annotated[
        str | None,
        Option("The role in other accounts, for releases whose manifest names none.", "NAME"),
    ] = None
    plan: shared.PlanOnly = False
    form: shared.Format = shared.ListFormat.TABLE


def rescan(options: RescanOptions) -> None:
    """Scan released versions again with Amazon Inspector: what is known of them today?

    One image of each build is scanned, without a boot; its copies have the same content. Inspector
    need not be activated, and charges each scan. Exit code 10 where one does not pass, 3 where one
    could not be scanned.

    Example: goldenami rescan web-base --severity critical --ignore CVE-2026-12345
    """
    from goldenami.report import plan as report
    from goldenami.workflows.lifecycle import rescan as workflow

    prepared = workflow.prepare(options.session(None, "us-east-1"), _order(options))
    tell(prepared.plan.notes)
    if options.plan:
        report.write(prepared.plan, options.form.value)
        return
    scanned = workflow.carry_out(prepared, tell=report.PlanProgress(prepared.plan))
    listing.write(
        "goldenami.rescan/v1", scanned.images, options.form.value,
        columns=(
            "image", "version", "architecture", "region", "id", "status", "result", "worst",
            "summary",
        ),
        sentences=("worst", "summary"),
        spare=("architecture", "status", "region", "image", "summary", "id"),
    )  # fmt: skip
    scanned.refuse()


def _order(options: RescanOptions) -> "RescanOrder":
    from goldenami.workflows.lifecycle.rescan import RescanOrder

    order = RescanOrder(
        image=options.image,
        version=options.version,
        deprecated=options.deprecated,
        role=options.role or "",
        command=_again(options),
    )
    if options.release:
        order = _of_release(order, options.release)
    limits = order.limits
    return structs.replace(
        order,
        limits=structs.replace(
            limits,
            severity=options.severity or limits.severity,
            ignore=(*limits.ignore, *(options.ignore or ())),
        ),
        timeout_s=names.seconds(options.timeout) if options.timeout else order.timeout_s,
    )


def _of_release(order: "RescanOrder", path: Path) -> "RescanOrder":
    """Return the order with the limits and the deadline of a release file.

    Raises:
        UsageError: it is of another image.
    """
    from goldenami.domain.vulnerabilities import ScanLimits
    from goldenami.spec.gates import Scan

    release = shared.release_file(path).release
    if release.image != order.image:
        raise UsageError(
            f"--release {path}: it is of {release.image}, not of {order.image}",
            fix=f"name the file of {order.image}",
        )
    scan = release.scan or Scan()
    return structs.replace(
        order,
        limits=ScanLimits(severity=scan.severity, ignore=scan.ignore),
        timeout_s=release.timeouts.seconds("scan"),
    )


def _again(options: RescanOptions) -> str:
    """Return the command as the user would give it again."""
    words = ["goldenami", "rescan", options.image, *filter(None, [options.version])]
    words += ["--all"] if options.deprecated else []
    single = {
        "--release": options.release,
        "--severity": options.severity,
        "--timeout": options.timeout,
        "--role": options.role,
    }
    for name, value in [*single.items(), *(("--ignore", each) for each in options.ignore or ())]:
        words += [name, str(value)] if value else []
    return shlex.join(words)
