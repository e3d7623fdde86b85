"""`goldenami init`."""

from pathlib import Path
from typing import Annotated

from goldenami.cli.command import Argument, Options
from goldenami.errors import UsageError
from goldenami.report.terminal import say


class InitOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami init`."""

    folder: Annotated[Path, Argument("Where to write.", "DIR")] = Path()


def init(options: InitOptions) -> None:
    """Write a commented release file, a user-data script and a waivers file.

    Never overwrites: if one of the files is there, nothing is written.

    Example: goldenami init golden/
    """
    from goldenami import resources

    folder = options.folder
    examples = sorted((resources.folder("examples") / "web-base").iterdir())
    there = [path for example in examples if (path := folder / example.name).exists()]
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
