"""`goldenami enforce`."""

from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.errors import FindingsError, RefusedError, UsageError
from goldenami.report import listing
from goldenami.report.terminal import Verbosity, line, say, tell

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import EnforceFile
    from goldenami.workflows.enforce.interface import Enforcement

NOTHING = "nothing to change: what is attached is what should be"


class EnforceOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami enforce`."""

    file: shared.Enforced
    remove: Annotated[bool, Option("Take away what enforce attached and set.")] = False
    audit_mode: Annotated[
        bool, Option("Only Allowed AMIs, in audit-mode; then list what would have been refused.")
    ] = False
    take_over: Annotated[bool, Option("Make what another enforcement attached this one's.")] = False
    accept_unproved: Annotated[
        bool, Option("Apply what is not proved; it is recorded on the policies.")
    ] = False


def enforce(options: EnforceOptions) -> None:
    """Attach the policies that let the admin groups launch golden images only.

    Finds the approved images of all regions, renders each mechanism's profile, proves that golden
    launches stay possible and others become impossible, shows how it differs from what is there,
    applies the difference and reads it back. A second run changes nothing. What is not proved, or
    was attached by another enforcement, is refused (exit code 4).

    Example: goldenami enforce enforce.yaml --plan && goldenami enforce enforce.yaml
    """
    if options.remove and options.audit_mode:
        raise UsageError("--remove and --audit-mode do not go together", fix="leave one out")
    enforcement = shared.enforce_file(options.file)
    from goldenami.report import enforcement as report
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import enforce as workflow

    aws = options.aws(enforcement.region)
    prepared = workflow.prepare(
        aws,
        enforcement,
        remove=options.remove,
        take_over=options.take_over,
        audit_mode=options.audit_mode,
    )
    report.tell_notes(prepared)
    _show(prepared, options)
    if not options.remove and not options.audit_mode:
        prepared = _proved(aws, enforcement, prepared, options)
    if prepared.nothing_to_do and not options.writes_data:
        (line if options.plan else say)(NOTHING, "green")
    elif options.go_ahead(prepared.plan, changes=report.as_data(prepared)):
        workflow.apply(aws, prepared, tell=PlanProgress(prepared.plan))
        say("removed" if options.remove else "attached, and read back", "bold green")
    if options.audit_mode and not options.plan:
        _would_refuse(aws, enforcement, options.form)


def _show(prepared: "Enforcement", options: EnforceOptions) -> None:
    """Show the difference: as a part of the plan, or to whoever is asked or told."""
    from goldenami.report import enforcement as report

    if prepared.nothing_to_do or not options.plan:
        to_be_asked = not (options.yes or prepared.nothing_to_do)
        report.tell_changes(prepared, Verbosity.PROBLEM if to_be_asked else Verbosity.NORMAL)
    elif not options.writes_data:
        report.write_changes(prepared)


def _proved(
    aws: "Aws", file: "EnforceFile", prepared: "Enforcement", options: EnforceOptions
) -> "Enforcement":
    from goldenami.report import enforcement as report
    from goldenami.workflows import enforce as workflow

    proved = workflow.prove(aws, file, prepared)
    report.show_proof(proved)
    if not proved.failures:
        return prepared
    if not options.accept_unproved:
        raise RefusedError(
            "this enforcement is not proved, and nothing was changed",
            notes=proved.failures,
            fix="`goldenami policy prove` shows every case; --accept-unproved applies it all the "
            "same, and records it",
        )
    tell(proved.failures, "accepted", "bold red")
    record = workflow.accepted(aws, proved.failures)
    return workflow.prepare(aws, file, take_over=options.take_over, record=record)


def _would_refuse(aws: "Aws", file: "EnforceFile", form: shared.ListFormat) -> None:
    from goldenami.workflows.enforce import allowed_amis

    refused = allowed_amis.refused_instances(aws, file)
    say(f"instances of account {aws.account} alone whose images would be refused: {len(refused)}")
    listing.write(
        "goldenami.would-refuse/v1", refused, form.value,
        columns=("region", "instance", "name", "image", "image_name", "owner"),
    )  # fmt: skip
    if refused:
        raise FindingsError(
            f"{len(refused)} instances run images that Allowed AMIs would refuse to a new launch",
            fix="add their providers, or move them to a golden image, before state: enabled",
        )
