"""Reads an audit back from its file."""

from pathlib import Path

import msgspec

from goldenami import files, jsonfile
from goldenami.domain.audit import integrity
from goldenami.domain.audit.document import Saved
from goldenami.errors import SpecError


def load(path: Path) -> Saved:
    """Read a file that ``goldenami audit --format json`` wrote.

    Raises:
        SpecError: it cannot be read, or is no such file.
    """
    content = files.read_bytes(path, files.AUDIT_BYTES)
    try:
        return msgspec.json.decode(content, type=Saved)
    except jsonfile.WRONG as error:
        raise SpecError(
            f"{path}: is no audit: {jsonfile.why(error)}",
            fix="give a file of `goldenami audit --format json`",
        ) from error


def load_whole(path: Path) -> Saved:
    """Read such a file to act on it: only one that an audit can have written.

    Raises:
        UsageError: it cannot be read.
        SpecError: it is no such file, or not as an audit left it.
    """
    audit = load(path)
    integrity.check(path, audit)
    return audit
