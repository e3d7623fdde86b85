"""`goldenami images`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.domain.status import Status


def images(
    image: Annotated[
        str | None, typer.Option("--image", metavar="NAME", help="Only this golden image.")
    ] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only this status.")] = None,
    form: options.Format = ListFormat.TABLE,
    region: options.Regions = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """List the golden images, read from their tags, in all regions at once.

    One whose release did not come to its end names where it is not published: `bake` or `approve`
    with its build goes on.

    Example: goldenami images --image web-base --status approved
    """
    from goldenami.report import listing
    from goldenami.workflows import registry

    aws = options.session(region[0] if region else None, profile, endpoint_url, "us-east-1")
    answers = registry.read(aws, where=region, image=image, status=status)
    listing.write(
        "goldenami.images/v1",
        [one for found in answers.read.values() for one in found],
        form.value,
        columns=(
            "image", "version", "build", "status", "unpublished", "region", "id", "state",
            "created", "snapshots",
        ),
    )  # fmt: skip
    answers.complete("listing the golden images")
