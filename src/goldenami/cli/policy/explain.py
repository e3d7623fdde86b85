"""`goldenami policy explain`."""

from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.cli.policy.values import live_principals
from goldenami.errors import FindingsError, IncompleteError, UsageError
from goldenami.report.terminal import tell


class ExplainOptions(shared.AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami policy explain`."""

    image: Annotated[str, Option("The image, by its id.")]
    user: Annotated[str | None, Option("A user.")] = None
    group: Annotated[str | None, Option("A group.")] = None
    role: Annotated[str | None, Option("A role.")] = None
    call: Annotated[str, Option("How it is launched.")] = "ec2:RunInstances"
    form: shared.Format = shared.ListFormat.TABLE
    region: Annotated[str | None, Option("Where it is launched; default: as configured.")] = None


def explain(options: ExplainOptions) -> None:
    """Say whether somebody can launch an image here, and which statement says so.

    Reads all that binds the user, group or role, and the image with its owner, tags and
    snapshots; decides every resource of the launch. The exit code is 0 if it is allowed, 10 if it
    is denied, and 3 if that hangs on what nobody knows, such as the address it comes from.

    Example: goldenami policy explain --user ann --image ami-0123456789abcdef0 --region eu-west-1
    """
    from goldenami.report import proof as report
    from goldenami.workflows import explain as workflow

    principals = live_principals(options.user, options.group, options.role)
    if len(principals) != 1:
        raise UsageError("say who: one of --user, --group, --role")
    [(kind, name)] = principals
    aws = options.session(options.region)
    regional = aws.in_region(aws.region)
    verdict, notes = workflow.explain(regional, kind, name, options.image, options.call)
    tell(notes, style="")
    report.write_verdict(verdict, options.form.value)
    if verdict.unknown:
        raise IncompleteError(
            f"whether {kind} {name} can launch {options.image} in {aws.region} is unknown",
        )
    if not verdict.allowed:
        raise FindingsError(f"{kind} {name} cannot launch {options.image} in {aws.region}")
