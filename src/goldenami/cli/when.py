"""`goldenami when`."""

from pathlib import Path
from typing import Annotated

from goldenami.cli.command import Argument, Option
from goldenami.cli.options import Format, ListFormat, TableOptions
from goldenami.constraints import form
from goldenami.domain import names
from goldenami.errors import IncompleteError
from goldenami.report.terminal import say, tell

ImageId = Annotated[
    str,
    form(lambda text: bool(names.AMI_ID.fullmatch(text)), "image id: ami- and 8 or 17 hex digits"),
]
Inventories = Annotated[
    Path, Option("The folder of saved inventories, in any folders below it.", "FOLDER")
]
MOST_PROBLEMS = 20


class WhenOptions(TableOptions, frozen=True, kw_only=True):
    """The options of `goldenami when`."""

    image: Annotated[ImageId, Argument("The image's id.", "AMI")]
    inventories: Inventories = Path("inventories")
    form: Format = ListFormat.TABLE


def when(options: WhenOptions) -> None:
    """Tell from saved inventories when an image was in use, where, and by what.

    Between two inventories nothing is known: a beginning and an end are told as the two looks
    around them, or as the launch. Exit code 3 if an inventory, or a place in one, was not read.

    Example: goldenami when ami-0123456789abcdef0 --inventories inventories
    """
    from goldenami.report import stays as report
    from goldenami.workflows.audit import history

    answer = history.when(options.inventories, options.image)
    report.write(answer, options.form.value)
    say(report.summary(answer), "bold")
    tell(report.limits(answer))
    if answer.unread:
        several = len(answer.unread)
        raise IncompleteError(
            f"the answer is incomplete: {several} inventories, or places in one, were not read",
            notes=answer.unread[:MOST_PROBLEMS],
            fix="what had the image there at that time is not known; copy what is damaged again",
        )
