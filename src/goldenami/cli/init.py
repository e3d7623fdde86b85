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

    Beside them go the JSON Schemas that editors check such files by; each file begins with the
    line that leads there. Never overwrites: if one of the files is there, nothing is written.

    Example: goldenami init golden/
    """
    folder = options.folder
    new = _new_files()
    there = [path for name in new if (path := folder / name).exists()]
    if there:
        raise UsageError(
            f"{there[0]} is there already; nothing was written",
            fix="name another folder: goldenami init DIR",
        )
    try:
        for name, content in new.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("xb") as file:
                file.write(content)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from error
    for name in new:
        say(f"wrote {folder / name}")
    say(f"next: edit {folder / 'release.yaml'}, then: goldenami rehearse {folder / 'release.yaml'}")


def _new_files() -> dict[Path, bytes]:
    """Return what is written, by its name in the folder."""
    from goldenami import resources
    from goldenami.spec import json_schema
    from goldenami.spec.kinds import KINDS

    lines = {f"{kind.name}.yaml": json_schema.line(kind).encode() for kind in KINDS}
    examples = sorted((resources.folder("examples") / "web-base").iterdir())
    return {
        **{
            Path(example.name): lines.get(example.name, b"") + example.read_bytes()
            for example in examples
        },
        **{json_schema.file_of(kind): json_schema.text(kind).encode() for kind in KINDS},
    }
