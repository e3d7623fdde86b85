"""`goldenami init`."""

from pathlib import Path
from typing import Annotated

import typer

from goldenami.errors import UsageError


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write.")] = Path(),
) -> None:
    """Write a commented release file, a user-data script and a waivers file.

    Never overwrites: if one of the files is there, nothing is written.

    Example: goldenami init golden/
    """
    from goldenami import resources
    from goldenami.report.terminal import say

    examples = sorted((resources.folder("examples") / "web-base").iterdir())
    there = [folder / one.name for one in examples if (folder / one.name).exists()]
    if there:
        raise UsageError(
            f"{there[0]} is there already; nothing was written",
            fix="name another folder: goldenami init DIR",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for example in examples:
            with (folder / example.name).open("xb") as file:
                file.write(example.read_bytes())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from error
    for example in examples:
        say(f"wrote {folder / example.name}")
    say(f"next: edit {folder / 'release.yaml'}, then: goldenami rehearse {folder / 'release.yaml'}")
