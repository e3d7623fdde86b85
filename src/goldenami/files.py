"""Writing files that other people read: whole or not at all, and readable by the owner alone."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from goldenami.errors import UsageError


def write_atomically(path: Path, text: str) -> None:
    """Write a text file by renaming a complete one over it, mode 0600.

    Raises:
        UsageError: it cannot be written there.
    """
    with writing(path) as file:
        file.write(text)


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """Write a text file in a ``with`` block; it is renamed to its place when that ends well.

    Raises:
        UsageError: it cannot be written there.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(temporary).replace(path)
        temporary = ""
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
