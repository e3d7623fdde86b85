"""`goldenami show` and `goldenami history`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat


def show(
    name: Annotated[
        str,
        typer.Argument(metavar="BUILD|AMI", help="A build or any image of it.", show_default=False),
    ],
    form: options.Format = ListFormat.TABLE,
    region: options.Regions = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Show the manifest of a release: inputs, source, base instance, every image, timings.

    It is found by the id of a build or of any of its images. Without a manifest the images' tags
    tell what they know.

    Example: goldenami show ami-0123456789abcdef0 --format json
    """
    from goldenami.domain import manifest
    from goldenami.report import provenance as report
    from goldenami.workflows import provenance

    aws = options.session(region[0] if region else None, profile, endpoint_url, "us-east-1")
    found = provenance.show(aws, name, where=region)
    if form is ListFormat.JSON:
        typer.echo(manifest.text(found.manifest), nl=False)
    else:
        report.write(found.manifest, found.found_in)
    found.answers.complete(f"looking for {name}")


def history(
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="The golden image's name.", show_default=False)
    ],
    form: options.Format = ListFormat.TABLE,
    region: options.Regions = None,
    profile: options.Profile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """List the releases of a golden image, the newest first, from the tags of all regions.

    Example: goldenami history web-base
    """
    from goldenami.report import listing
    from goldenami.workflows import provenance

    aws = options.session(region[0] if region else None, profile, endpoint_url, "us-east-1")
    releases, answers = provenance.history(aws, image, where=region)
    columns = ("version", "build", "status", "regions", "source", "approved_by", "approved_at")
    listing.write("goldenami.history/v1", releases, form.value, columns=columns)
    answers.complete(f"listing the releases of {image}")
