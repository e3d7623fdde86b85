"""A folder of release files as a graph: one that bakes from another's image comes after it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from msgspec import Struct

from goldenami import files, yamlfile
from goldenami.domain.ordering import needed_first
from goldenami.errors import SpecError, UsageError
from goldenami.spec import ReleaseFile, load
from goldenami.spec.architectures import by_architecture

_ENDINGS = (".yaml", ".yml")
_SCHEMA = "goldenami/"


class Folder(Struct, frozen=True):
    """Release files, parents before those that are baked from them; one alone is a folder of one.

    ``broken`` is what could not be read, or has problems, by its path.
    """

    files: tuple[ReleaseFile, ...]
    broken: Mapping[Path, SpecError] = {}

    def parents(self, file: ReleaseFile) -> tuple[str, ...]:
        """Return the images of this folder that a file bakes from."""
        inside = {each.release.image for each in self.files}
        return tuple(name for name in _parents(file, _published(self.files)) if name in inside)


def _published(several: Iterable[ReleaseFile]) -> dict[str, str]:
    """Return which image each parameter that release files publish to stands for."""
    return {name: file.release.image for file in several for name in file.release.parameters}


def _parents(file: ReleaseFile, published: Mapping[str, str]) -> tuple[str, ...]:
    """Return the golden images that a file bakes from, by name or by what they are published as."""
    return tuple(dict.fromkeys(_sources(file, published).values()))


def sources(several: Sequence[ReleaseFile]) -> list[dict[str, str]]:
    """Return, of each file, the golden images that it is baked from, by the key that names it."""
    published = _published(several)
    return [_sources(file, published) for file in several]


def _sources(file: ReleaseFile, published: Mapping[str, str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for architecture, each in by_architecture(file).items():
        source = each.release.base.source
        key = f"$.architectures.{architecture}.source" if architecture else "$.base.source"
        if image := source.golden or published.get(source.ssm or ""):
            named[key] = image
    return named


def load_folder(path: Path) -> Folder:
    """Read every release file below a folder, or the one that is named.

    Which YAML files are release files, their ``schema`` tells. Hidden folders and links to folders
    are left out.

    Raises:
        SpecError: the one that is named has problems.
        UsageError: there is none, two make the same image, or some are baked from one another.
    """
    if not files.is_folder(path):
        return _ordered([load(path)], {})
    loaded: list[ReleaseFile] = []
    broken: dict[Path, SpecError] = {}
    for each in files_of(path, (_SCHEMA,), broken):
        try:
            loaded.append(load(each))
        except SpecError as error:
            broken[each] = error
    if not loaded and not broken:
        raise UsageError(
            f"{path}: no release file is below it", fix="name one, or a folder that has some"
        )
    return _ordered(loaded, broken)


def _ordered(loaded: list[ReleaseFile], broken: Mapping[Path, SpecError]) -> Folder:
    by_image: dict[str, list[ReleaseFile]] = {}
    for file in loaded:
        by_image.setdefault(file.release.image, []).append(file)
    published = _published(loaded)
    ordering = needed_first(
        {
            image: [*chain.from_iterable(_parents(file, published) for file in several)]
            for image, several in by_image.items()
        }
    )
    problems = [
        f"{image} is made by each of {', '.join(str(file.path) for file in several)}"
        for image, several in by_image.items()
        if len(several) > 1
    ]
    problems += [
        f"baked from one another: {' -> '.join(cycle)}"
        if len(cycle) > 2
        else f"{cycle[0]} is baked from itself ({by_image[cycle[0]][0].path})"
        for cycle in ordering.cycles
    ]
    if problems:
        raise UsageError(
            "these release files have no order, in which each image is made once and parents first",
            notes=problems,
            fix="let each image have one file, and be baked from another one than those it is for",
        )
    return Folder(tuple(by_image[image][0] for image in ordering.names), broken)


def files_of(folder: Path, schemas: tuple[str, ...], unread: dict[Path, SpecError]) -> list[Path]:
    """Return the YAML files below a folder whose ``schema`` begins with one of these.

    Hidden folders and links to folders are left out.

    Args:
        folder: where to look.
        schemas: ``goldenami/`` for release files.
        unread: takes what could not be read.
    """
    several = []
    for path in _yaml_files(folder, unread):
        try:
            if _is_of(path, schemas):
                several.append(path)
        except SpecError as error:
            unread[path] = error
    return several


def _yaml_files(folder: Path, unread: dict[Path, SpecError]) -> Iterator[Path]:
    """Yield the YAML files below a folder in the order of their paths, each once."""

    def note(error: OSError) -> None:
        why = error.strerror or str(error)
        unread[Path(error.filename)] = SpecError(f"{error.filename}: cannot be read: {why}")

    paths = []
    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(parent, name) for name in names if name.endswith(_ENDINGS)]
    seen: set[Path] = set()
    for path in sorted(paths):
        if files.is_file(path) and path.resolve() not in seen:
            seen.add(path.resolve())
            yield path


def _is_of(path: Path, schemas: tuple[str, ...]) -> bool:
    """Tell whether a file says that it is one of these, if it is no YAML as well as it can be.

    Raises:
        SpecError: it cannot be read.
    """
    with files.reading(path) as file:
        content = file.read(files.DOCUMENT_BYTES + 1)
    if not any(schema.encode() in content for schema in schemas):
        return False
    try:
        return yamlfile.document(path, content).schema.startswith(schemas)
    except SpecError:
        begins = "|".join(map(re.escape, schemas)).encode()
        return re.search(rb"""schema["']?\s*:\s*["']?(?:%s)""" % begins, content) is not None
