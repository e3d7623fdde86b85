"""The files that users write: read, checked, frozen. No AWS call is made here."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, structs

from goldenami import files, yamlfile
from goldenami.constraints import UnsoundError
from goldenami.errors import FileProblem, SpecError
from goldenami.spec import checks, enforce, user_data
from goldenami.spec.digest import digest
from goldenami.spec.enforce import EnforceFile
from goldenami.spec.enforcement import Enforce
from goldenami.spec.model import Release
from goldenami.validation import Problem, Rule
from goldenami.yamlfile import YamlDocument

__all__ = ["EnforceFile", "Release", "ReleaseFile", "load", "load_enforcement", "of_document"]


class ReleaseFile(Struct, frozen=True):
    """A checked release file, and what was read beside it.

    ``sha256`` is of the file's bytes, for people; ``spec`` is the digest of what makes the image,
    becomes the tag ``goldenami:spec``, and tells whether a build can go on with the file.
    ``user_data`` is the script itself (never printed or journalled: it may hold secrets).
    ``enforcement`` is what it enforces, or what it points to.
    """

    path: Path
    release: Release
    sha256: str
    spec: str
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
    return of_document(yamlfile.document(path, content := files.read_bytes(path)), content)


def load_enforcement(path: Path) -> EnforceFile:
    """Read and check an enforcement file, or what a release file enforces: its schema tells.

    Raises:
        SpecError: with every problem found, each with its line and key.
    """
    content = files.read_bytes(path)
    document = yamlfile.document(path, content)
    if document.schema.startswith(enforce.SCHEMA):
        return enforce.read(document)
    file = of_document(document, content)
    return structs.replace(file.enforcement, release=str(path), warnings=file.warnings)


def of_document(
    document: YamlDocument, content: bytes, further: Iterable[Rule[Release]] = ()
) -> ReleaseFile:
    """Return the release file that a YAML file is, checked.

    Args:
        document: the file as it was parsed.
        content: its bytes.
        further: rules beside those that every command asks.

    Raises:
        SpecError: with every problem found, each with its line and key.
    """
    path = document.path
    release, refusals = document.validated(Release, (*checks.rules(path.parent), *further))
    enforcement = EnforceFile(path=path, enforce=Enforce(), name="")
    try:
        enforcement = enforce.of_release(path, release)
    except UnsoundError:
        pass  # its problem is among the others
    except SpecError as error:
        pointed = _of_enforcement(document, error)
        if not refusals:
            error.problems = pointed
            raise
        refusals += pointed
    yamlfile.refuse(path, refusals)
    named = release.base.user_data
    script = None if named is None else user_data.read(named, path.parent)
    return ReleaseFile(
        path=path,
        release=release,
        sha256=hashlib.sha256(content).hexdigest(),
        spec=digest(release, script),
        user_data=script,
        warnings=(
            *checks.warnings(release),
            *(user_data.warnings(script) if script is not None else ()),
        ),
        enforcement=enforcement,
    )


def _of_enforcement(document: YamlDocument, error: SpecError) -> tuple[FileProblem, ...]:
    """Return the problems of the file that ``enforce.file`` names, told where that stands."""
    pointing = document.refusal(Problem("$.enforce.file", error.message, error.fix))
    return tuple(each._replace(order=pointing.order) for each in error.problems) or (pointing,)
