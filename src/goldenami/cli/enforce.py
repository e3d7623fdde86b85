"""`goldenami enforce`."""

from typing import TYPE_CHECKING, Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.errors import FindingsError, RefusedError, UsageError

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import EnforceFile
    from goldenami.workflows.enforce.interface import Enforcement


def enforce(
    file: options.Enforced,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take away what enforce attached and set.")
    ] = False,
    audit_mode: Annotated[
        bool,
        typer.Option(
            "--audit-mode",
            help="Only Allowed AMIs, in audit-mode; then list what would have been refused.",
        ),
    ] = False,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Make what another enforcement attached this one's."),
    ] = False,
    accept_unproved: Annotated[
        bool,
        typer.Option(
            "--accept-unproved", help="Apply what is not proved; it is recorded on the policies."
        ),
    ] = False,
    plan: options.PlanOnly = False,
    yes: options.Yes = False,
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Attach the policies that let the admin groups launch golden images only.

    Finds the approved images of all regions, renders each mechanism's profile, proves that golden
    launches stay possible and others become impossible, shows how it differs from what is there,
    applies the difference and reads it back. A second run changes nothing. What is not proved, or
    was attached by another enforcement, is refused (exit code 4).

    Example: goldenami enforce enforce.yaml --plan && goldenami enforce enforce.yaml
    """
    if remove and audit_mode:
        raise UsageError("--remove and --audit-mode do not go together", fix="leave one out")
    enforcement = options.enforce_file(file)
    from goldenami.report import enforcement as report
    from goldenami.report.plan import PlanProgress
    from goldenami.report.terminal import say
    from goldenami.workflows import enforce as workflow

    aws = options.session(region, profile, endpoint_url, enforcement.region)
    prepared = workflow.prepare(
        aws, enforcement, remove=remove, take_over=take_over, audit_mode=audit_mode
    )
    report.show(prepared)
    if not remove and not audit_mode:
        prepared = _proved(aws, enforcement, prepared, accept=accept_unproved, take_over=take_over)
    if prepared.nothing_to_do and not plan:
        say("nothing to change: what is attached is what should be", "green")
    elif options.go_ahead(prepared.plan, plan_only=plan, yes=yes, form=form):
        workflow.apply(aws, prepared, tell=PlanProgress())
        say("removed" if remove else "attached, and read back", "bold green")
    if audit_mode and not plan:
        _would_refuse(aws, enforcement, form)


def _proved(
    aws: "Aws",
    file: "EnforceFile",
    prepared: "Enforcement",
    *,
    accept: bool,
    take_over: bool,
) -> "Enforcement":
    from goldenami.report import enforcement as report
    from goldenami.report.terminal import say
    from goldenami.workflows import enforce as workflow

    proved = workflow.prove(aws, file, prepared)
    report.show_proof(proved)
    if not proved.failures:
        return prepared
    if not accept:
        raise RefusedError(
            "this enforcement is not proved, and nothing was changed",
            notes=proved.failures,
            fix="`goldenami policy prove` shows every case; --accept-unproved applies it all the "
            "same, and records it",
        )
    for failure in proved.failures:
        say(f"accepted: {failure}", "bold red")
    record = workflow.accepted(aws, proved.failures)
    return workflow.prepare(aws, file, take_over=take_over, record=record)


def _would_refuse(aws: "Aws", file: "EnforceFile", form: ListFormat) -> None:
    from goldenami.report import listing
    from goldenami.report.terminal import say
    from goldenami.workflows.enforce import allowed_amis

    found = allowed_amis.refused_instances(aws, file)
    say(f"instances of account {aws.account} alone whose images would be refused: {len(found)}")
    listing.write(
        "goldenami.would-refuse/v1", found, form.value,
        columns=("region", "instance", "name", "image", "image_name", "owner"),
    )  # fmt: skip
    if found:
        raise FindingsError(
            f"{len(found)} instances run images that Allowed AMIs would refuse to a new launch",
            fix="add their providers, or move them to a golden image, before state: enabled",
        )
