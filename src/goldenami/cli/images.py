"""`goldenami images`."""

from typing import Annotated

from goldenami.cli.command import Option
from goldenami.cli.options import ListOptions
from goldenami.constraints import OneOf
from goldenami.domain.status import STATES
from goldenami.report import listing


class ImagesOptions(ListOptions, frozen=True, kw_only=True):
    """The options of `goldenami images`."""

    image: Annotated[str | None, Option("Only this golden image.", "NAME")] = None
    status: Annotated[str | None, OneOf(tuple(STATES)), Option("Only this status.")] = None


def images(options: ImagesOptions) -> None:
    """List the golden images, read from their tags, in all regions at once.

    One whose release did not come to its end names where it is not published: `bake` or `approve`
    with its build goes on.

    Example: goldenami images --image web-base --status approved
    """
    from goldenami.workflows import registry

    aws = options.aws()
    answers = registry.read(
        aws,
        where=options.region,
        image=options.image,
        status=options.status,
    )
    listing.write(
        "goldenami.images/v1",
        [image for images in answers.read.values() for image in images],
        options.form.value,
        columns=(
            "image", "version", "build", "status", "unpublished", "region", "architecture", "id",
            "state", "created", "snapshots", "changed_by", "why",
        ),
        sentences=("unpublished", "snapshots", "why"),
        spare=(
            "snapshots", "created", "state", "changed_by", "build", "architecture", "unpublished",
            "why", "region", "status", "image", "version",
        ),
    )  # fmt: skip
    answers.complete("listing the golden images")
