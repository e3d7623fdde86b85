"""The files that users write: read, checked, frozen. No AWS call is made here."""

import hashlib
from pathlib import Path

from msgspec import Struct, structs

from goldenami import files, yamlfile
from goldenami.errors import SpecError
from goldenami.spec import enforce
from goldenami.spec.checks import problems, user_data_path, warnings
from goldenami.spec.enforce import EnforceFile
from goldenami.spec.model import Release

__all__ = ["EnforceFile", "Release", "ReleaseFile", "load", "load_enforcement"]


class ReleaseFile(Struct, frozen=True):
    """A checked release file, and what was read beside it.

    ``sha256`` is of the file's bytes and becomes the tag ``goldenami:spec``;
    ``user_data`` is the script itself (never printed or journalled: it may hold secrets).
    ``enforcement`` is what it enforces, or what it points to.
    """

    path: Path
    release: Release
    sha256: str
    user_data: bytes | None
    warnings: tuple[str, ...]
    enforcement: EnforceFile

    @property
    def folder(self) -> Path:
        """The folder that file names in the release file are relative to."""
        return self.path.parent


def load(path: Path) -> ReleaseFile:
    """Read and check a release file.

    Raises:
        SpecError: with every problem found, each with its line and key.
    """
    return _parsed(path, files.read_bytes(path))


def load_enforcement(path: Path) -> EnforceFile:
    """Read and check an enforcement file, or what a release file enforces: its schema tells.

    Raises:
        SpecError: with every problem found, each with its line and key.
    """
    content = files.read_bytes(path)
    if yamlfile.schema(path, content).startswith("goldenami.enforce/"):
        return enforce.parsed(path, content)
    file = _parsed(path, content)
    return structs.replace(file.enforcement, release=str(path), warnings=file.warnings)


def _parsed(path: Path, content: bytes) -> ReleaseFile:
    release, places = yamlfile.parsed(path, content, Release)
    lines = [
        f"{yamlfile.place(path, places, key)}: {what}"
        for key, what in problems(release, path.parent)
    ]
    try:
        enforcement = enforce.of_release(path, release)
    except SpecError as error:
        if lines:
            enforce.refuse(path, [*lines, *(error.notes or (error.message,))])
        raise
    enforce.refuse(path, lines)
    return ReleaseFile(
        path=path,
        release=release,
        sha256=hashlib.sha256(content).hexdigest(),
        user_data=_user_data(release, path.parent),
        warnings=tuple(warnings(release)),
        enforcement=enforcement,
    )


def _user_data(release: Release, folder: Path) -> bytes | None:
    if release.base.user_data is None:
        return None
    path = user_data_path(release.base.user_data, folder)
    return files.read_bytes(path) if path else release.base.user_data.encode()
