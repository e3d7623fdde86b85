"""`goldenami policy explain`."""

from typing import Annotated, Any

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.errors import FindingsError, IncompleteError, UsageError


def explain(
    image: Annotated[str, typer.Option("--image", help="The image, by its id.")],
    user: Annotated[str | None, typer.Option("--user", help="A user.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="A group.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="A role.")] = None,
    call: Annotated[str, typer.Option("--call", help="How it is launched.")] = "ec2:RunInstances",
    form: options.Format = ListFormat.TABLE,
    region: options.Region = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Say whether somebody can launch an image here, and which statement says so.

    Reads all that binds the user, group or role, and the image with its owner, tags and
    snapshots; decides every resource of the launch. The exit code is 0 if it is allowed, 10 if it
    is denied, and 3 if that hangs on what nobody knows, such as the address it comes from.

    Example: goldenami policy explain --user ann --image ami-0123456789abcdef0 --region eu-west-1
    """
    from goldenami.report import proof as report
    from goldenami.report.terminal import say
    from goldenami.workflows import explain as workflow

    asked: list[tuple[Any, str]] = [
        (kind, name) for kind, name in (("user", user), ("group", group), ("role", role)) if name
    ]
    if len(asked) != 1:
        raise UsageError("say who: one of --user, --group, --role")
    aws = options.session(region, profile, endpoint_url)
    verdict, notes = workflow.explain(aws.in_region(aws.region), *asked[0], image, call)
    for note in notes:
        say(f"note: {note}")
    report.write_verdict(verdict, form.value)
    if verdict.unknown:
        raise IncompleteError(
            f"whether {asked[0][0]} {asked[0][1]} can launch {image} in {aws.region} is unknown",
        )
    if not verdict.allowed:
        raise FindingsError(f"{asked[0][0]} {asked[0][1]} cannot launch {image} in {aws.region}")
