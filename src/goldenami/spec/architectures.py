"""A release of several architectures as a release of each: what a build is made from."""

from collections.abc import Mapping

from msgspec import structs

from goldenami.spec import ReleaseFile
from goldenami.spec.model import Release


def by_architecture(file: ReleaseFile) -> Mapping[str, ReleaseFile]:
    """Return the release file that each build is made from, by architecture.

    It is the file itself, under an empty name, if it has no ``architectures``. Else each is a file
    of one architecture, as if that were the only one: whose digest is the whole file's, for one
    version has images of all.
    """
    return {
        name: structs.replace(file, release=own)
        for name, own in releases_by_architecture(file.release).items()
    }


def releases_by_architecture(release: Release) -> Mapping[str, Release]:
    """Return the same of what a release file says."""
    return {name: _of(release, name) for name in release.architectures} or {"": release}


def _of(release: Release, name: str) -> Release:
    own = release.architectures[name]
    return structs.replace(
        release,
        architectures={},
        base=structs.replace(
            release.base,
            source=own.source,
            instance_type=own.instance_type,
            instance_types=own.instance_types,
        ),
    )
