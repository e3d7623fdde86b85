"""Reads an audit back from its file."""

from pathlib import Path

import msgspec

from goldenami import yamlfile
from goldenami.domain.audit import written
from goldenami.domain.audit.document import Saved
from goldenami.errors import SpecError


def load(path: Path) -> Saved:
    """Read a file that ``goldenami audit --format json`` wrote.

    Raises:
        UsageError: it cannot be read.
        SpecError: it is no such file.
    """
    try:
        return msgspec.json.decode(yamlfile.read_text(path), type=Saved)
    except msgspec.MsgspecError as error:
        raise SpecError(
            f"{path}: is no audit: {error}", fix="give a file of `goldenami audit --format json`"
        ) from error


def load_whole(path: Path) -> Saved:
    """Read such a file to act on it: only one that an audit can have written.

    Raises:
        UsageError: it cannot be read.
        SpecError: it is no such file, or not as an audit left it.
    """
    audit = load(path)
    written.check(path, audit)
    return audit
