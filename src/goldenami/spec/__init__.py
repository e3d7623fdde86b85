"""The release file: read, checked, frozen. No AWS call is made here."""

import hashlib
from pathlib import Path

from msgspec import Struct

from goldenami import files, yamlfile
from goldenami.errors import SpecError
from goldenami.spec.checks import problems, user_data_path, warnings
from goldenami.spec.model import Release

__all__ = ["Release", "ReleaseFile", "load"]


class ReleaseFile(Struct, frozen=True):
    """A checked release file, and what was read beside it.

    ``sha256`` is of the file's bytes and becomes the tag ``goldenami:spec``;
    ``user_data`` is the script itself (never printed or journalled: it may hold secrets).
    """

    path: Path
    release: Release
    sha256: str
    user_data: bytes | None
    warnings: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """The folder that file names in the release file are relative to."""
        return self.path.parent


def load(path: Path) -> ReleaseFile:
    """Read and check a release file.

    Raises:
        SpecError: with every problem found, each with its line and key.
    """
    content = files.read_bytes(path)
    release, places = yamlfile.parsed(path, content, Release)
    found = problems(release, path.parent)
    if found:
        lines = [f"{yamlfile.place(path, places, key)}: {what}" for key, what in found]
        if len(lines) == 1:
            raise SpecError(lines[0])
        raise SpecError(f"{path}: {len(lines)} problems", notes=lines)
    return ReleaseFile(
        path=path,
        release=release,
        sha256=hashlib.sha256(content).hexdigest(),
        user_data=_user_data(release, path.parent),
        warnings=tuple(warnings(release)),
    )


def _user_data(release: Release, folder: Path) -> bytes | None:
    if release.base.user_data is None:
        return None
    path = user_data_path(release.base.user_data, folder)
    return files.read_bytes(path) if path else release.base.user_data.encode()
