"""Writing files that other people read: whole or not at all, and readable by the owner alone."""

import os
import tempfile
from pathlib import Path

from goldenami.errors import UsageError


def write_atomically(path: Path, text: str) -> None:
    """Write a text file by renaming a complete one over it, mode 0600.

    Raises:
        UsageError: it cannot be written there.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
