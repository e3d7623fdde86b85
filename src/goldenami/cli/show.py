"""`goldenami show` and `goldenami history`."""

from typing import Annotated

import typer

from goldenami.cli.command import Argument
from goldenami.cli.options import ListFormat, ListOptions
from goldenami.report import listing


class ShowOptions(ListOptions, frozen=True, kw_only=True):
    """The options of `goldenami show`."""

    name: Annotated[
        str,
        Argument("A build or any image of it.", "BUILD|AMI"),
    ]


class HistoryOptions(ListOptions, frozen=True, kw_only=True):
    """The options of `goldenami history`."""

    image: Annotated[str, Argument("The golden image's name.", "IMAGE")]


def show(options: ShowOptions) -> None:
    """Show the manifest of a release: inputs, source, base instance, every image, timings.

    It is found by the id of a build or of any of its images. Without a manifest the images' tags
    tell what they know.

    Example: goldenami show ami-0123456789abcdef0 --format json
    """
    from goldenami.domain import manifest
    from goldenami.report import provenance as report
    from goldenami.workflows import registry

    aws = options.aws()
    release = registry.show(aws, options.name, where=options.region)
    if options.form is ListFormat.JSON:
        typer.echo(manifest.text(release.manifest), nl=False)
    else:
        report.write(release.manifest, release.found_in, release.statuses, release.became)
    release.answers.complete(f"looking for {options.name}")


def history(options: HistoryOptions) -> None:
    """List the releases of a golden image, the newest first, from the tags of all regions.

    Example: goldenami history web-base
    """
    from goldenami.workflows import registry

    aws = options.aws()
    releases, answers = registry.history(aws, options.image, where=options.region)
    columns = (
        "version", "build", "status", "regions", "source", "approved_by", "approved_at",
        "changed_by", "why",
    )  # fmt: skip
    listing.write(
        "goldenami.history/v1", releases, options.form.value, columns=columns,
        sentences=("regions", "status", "why"),
        spare=(
            "source", "approved_at", "approved_by", "changed_by", "regions", "why", "status",
            "version",
        ),
    )  # fmt: skip
    answers.complete(f"listing the releases of {options.image}")
