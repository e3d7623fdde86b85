"""`goldenami lineage`."""

from typing import Annotated

from goldenami.cli.command import Argument
from goldenami.cli.options import AwsOptions, Format, ListFormat
from goldenami.constraints import form
from goldenami.domain.names import AMI_ID
from goldenami.report import listing
from goldenami.report.terminal import table


class LineageOptions(AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami lineage`."""

    image: Annotated[
        str,
        form(AMI_ID, "image id (`ami-` and 8 or 17 hex digits)"),
        Argument("The image's id.", "AMI"),
    ]
    form: Format = ListFormat.TABLE


def lineage(options: LineageOptions) -> None:
    """Trace an image: up to its public source, and down to all that was made of it by anybody.

    By what EC2 has recorded of each image in every enabled region, by the records of builds, and
    by watermarks; no tag counts.

    Example: goldenami lineage ami-0123456789abcdef0
    """
    from goldenami.workflows.lifecycle import origins

    traced = origins.trace(options.session(None, "us-east-1"), options.image)
    if options.form is ListFormat.JSON:
        listing.write_document(
            "goldenami.lineage/v1", image=options.image, items=traced.images, unread=traced.unread
        )
    else:
        first = traced.images[0].generation
        table(
            ("image", "region", "name", "owner", "state", "golden", "status"),
            [
                (
                    "  " * (each.generation - first) + each.id + " *" * (not each.generation),
                    each.region, each.name, each.owner, each.state, each.golden, each.status,
                )
                for each in traced.images
            ],
            sentences=("status",),
            spare=("name", "owner", "golden", "state", "status", "region"),
        )  # fmt: skip
    traced.complete(options.image)
