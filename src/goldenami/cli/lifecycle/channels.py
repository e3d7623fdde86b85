"""`goldenami channels`."""

from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Option
from goldenami.cli.lifecycle.options import Image, Role
from goldenami.errors import FindingsError
from goldenami.report import listing

COLUMNS = ("channel", "version", "account", "region", "parameter", "image_id")
SPARE = ("account", "parameter", "image_id", "region")
_COLUMNS = (
    "channel", "version", "status", "account", "region", "parameter", "image_id", "since", "by",
)  # fmt: skip
_SPARE = ("account", "parameter", "by", "image_id", "since", "region", "status")


class ChannelsOptions(shared.AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami channels`."""

    image: Image
    role: Role = None
    history: Annotated[bool, Option("What they have named before, too.")] = False
    form: shared.Format = shared.ListFormat.TABLE


def channels(options: ChannelsOptions) -> None:
    """List which version each channel of a golden image names, where, since when, and by whom.

    A golden image without channels has one parameter, which is listed the same. Exit code 10: a
    channel does not name one version everywhere, or one that is not approved.

    Example: goldenami channels web-base --history
    """
    from goldenami.workflows.lifecycle import channels as workflow
    from goldenami.workflows.lifecycle import pointers, releases

    aws = options.session(None, "us-east-1")
    every = releases.read(aws, options.image, role=options.role or "")
    there = pointers.read(aws, every, role=options.role or "")
    listed = workflow.listed(every, there, history=options.history)
    listing.write(
        "goldenami.channels/v1", listed.entries, options.form.value,
        columns=_COLUMNS, spare=_SPARE,
    )  # fmt: skip
    every.complete(f"listing the channels of {options.image}")
    there.complete(f"listing the channels of {options.image}")
    if listed.findings:
        raise FindingsError(
            f"{options.image}: not every channel is as it should be",
            notes=listed.findings,
            fix="`goldenami promote` or `goldenami rollback` brings a channel to one good version",
        )
