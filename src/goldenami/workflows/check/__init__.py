"""What can be said of the users' files without AWS: all that is wrong with all of them, at once."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from goldenami import files, spec, yamlfile
from goldenami.domain.audit.waivers import WaiverFile
from goldenami.errors import FileProblem, SpecError, UsageError
from goldenami.spec import enforce, folder, json_schema
from goldenami.spec.enforcement import EnforceSpec
from goldenami.spec.kinds import KINDS
from goldenami.spec.model import Release
from goldenami.validation import Problem, alternatives, closest
from goldenami.workflows.check import rules
from goldenami.workflows.check.together import CheckedRelease, problems_together, warnings_together
from goldenami.yamlfile import YamlDocument


class Checked(Struct, frozen=True, kw_only=True):
    """What was checked, and what is wrong with it.

    Args:
        files: every file that was read, those that another one names too.
        problems: what is refused, by whichever command reads the file.
        warnings: what is allowed, and worth a word.
    """

    files: tuple[str, ...]
    problems: tuple[FileProblem, ...]
    warnings: tuple[FileProblem, ...]


def check(paths: Iterable[Path], today: date) -> Checked:
    """Read files, and folders of them, with what they name; no AWS call is made.

    Args:
        paths: release files, enforcement files, waivers, and folders, below which every file is
            read whose ``schema`` is one of theirs.
        today: when waivers are judged.

    Raises:
        UsageError: a folder has no such file.
    """
    return _Check(today).of(paths)


class _Check:
    """What is still to be read, and what was found so far."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._queue: deque[tuple[Path, type[Any] | None]] = deque()
        self._seen: set[tuple[Path, type[Any] | None]] = set()
        self._files: dict[Path, Path] = {}
        self._problems: list[FileProblem] = []
        self._warnings: list[FileProblem] = []
        self._releases: list[CheckedRelease] = []
        self._readers: Mapping[type[Any], Callable[[YamlDocument, bytes], None]] = {
            Release: self._release,
            EnforceSpec: self._enforcement,
            WaiverFile: self._waivers,
        }

    def of(self, paths: Iterable[Path]) -> Checked:
        for path in paths:
            self._queue.extend((each, None) for each in self._below(path))
        while self._queue:
            path, kind = self._queue.popleft()
            real = path.resolve()
            if (real, kind) not in self._seen:
                self._seen.add((real, kind))
                self._read(self._files.setdefault(real, path), kind)
        self._problems += problems_together(self._releases)
        self._warnings += warnings_together(self._releases)
        return Checked(
            files=tuple(map(str, self._files.values())),
            problems=_each_once(self._problems),
            warnings=_each_once(self._warnings),
        )

    def _below(self, path: Path) -> Sequence[Path]:
        if not files.is_folder(path):
            return [path]
        unread: dict[Path, SpecError] = {}
        several = folder.files_of(path, tuple(kind.prefix for kind in KINDS), unread)
        for name, error in unread.items():
            self._files[name.resolve()] = name
            self._refuse(name, error)
        if not several and not unread:
            raise UsageError(
                f"{path}: no file of goldenami is below it",
                fix=f"their `schema` is {alternatives(f'`{kind.schema}`' for kind in KINDS)}",
            )
        return several

    def _read(self, path: Path, kind: type[Any] | None) -> None:
        try:
            content = files.read_bytes(path)
            document = yamlfile.document(path, content)
            reader = self._readers.get(kind or _kind(document))
            if reader is None:
                yamlfile.refuse(path, [document.refusal(_of_no_kind(document))])
            else:
                self._stale_schema(document, kind or _kind(document), content)
                reader(document, content)
        except SpecError as error:
            self._refuse(path, error)

    def _refuse(self, path: Path, error: SpecError) -> None:
        words = error.message.removeprefix(f"{path}: ")
        unplaced = FileProblem(str(path), 1, "", words, error.fix)
        for each in error.problems or (unplaced,):
            real = Path(each.path).resolve()
            known = self._files.setdefault(real, _shown(Path(each.path)))  # however it was named
            self._problems.append(each._replace(path=str(known)))

    def _release(self, document: YamlDocument, content: bytes) -> None:
        named: list[Path] = []
        further = rules.of_release(document.path.parent, named)
        try:
            file = spec.of_document(document, content, further)
        finally:
            self._queue.extend((_shown(path), WaiverFile) for path in named)
        self._releases.append(CheckedRelease(file, document))
        self._warnings += map(document.refusal, map(_placed, file.warnings))
        if file.enforcement.path != file.path:
            self._queue.append((_shown(file.enforcement.path), EnforceSpec))

    def _enforcement(self, document: YamlDocument, _: bytes) -> None:
        enforce.read(document, rules.of_enforcement())

    def _waivers(self, document: YamlDocument, _: bytes) -> None:
        whole, refusals = document.validated(WaiverFile, [rules.known_rule])
        self._warnings += map(document.refusal, rules.expired(whole, self._today))
        yamlfile.refuse(document.path, refusals)

    def _stale_schema(self, document: YamlDocument, kind: type[Any], content: bytes) -> None:
        """Note a file of the editor's that says something else than what is checked here."""
        if problem := json_schema.stale(document.path, kind, content):
            self._warnings.append(document.refusal(problem))


def _shown(path: Path) -> Path:
    """Return a path without the way back (``..``) that led another file there."""
    here, real = Path.cwd(), path.resolve()
    return real.relative_to(here) if ".." in path.parts and real.is_relative_to(here) else path


def _kind(document: YamlDocument) -> Any:
    """Return what a file is by its schema; without one, what its keys are of."""
    if document.schema:
        fitting = (kind.type for kind in KINDS if document.schema.startswith(kind.prefix))
        return next(fitting, None)
    keys = set(document.data) if isinstance(document.data, dict) else set()
    shared = {kind.type: len(keys.intersection(kind.type.__struct_fields__)) for kind in KINDS}
    return max(shared, key=shared.__getitem__) if any(shared.values()) else None


def _of_no_kind(document: YamlDocument) -> Problem:
    several = [kind.schema for kind in KINDS]
    if not document.schema:
        return Problem("$.schema", "is missing", f"write one of {', '.join(several)}")
    close = closest(document.schema, several)
    fix = f"did you mean `{close}`?" if close else f"goldenami reads {', '.join(several)}"
    return Problem("$.schema", f"`{document.schema}` is no file that goldenami reads", fix)


_KEY = re.compile(r"([a-z_.]+):? (.*)", re.DOTALL)


def _placed(warning: str) -> Problem:
    """Return a warning of a release file with the key that it begins with."""
    key, words = _KEY.fullmatch(warning).groups()  # type: ignore[union-attr]
    return Problem(f"$.{key}", words)


def _each_once(problems: Iterable[FileProblem]) -> tuple[FileProblem, ...]:
    """Return problems by file and line, the same one once by whichever way it was met."""
    unique = {each[:5]: each for each in problems}
    return tuple(sorted(unique.values(), key=lambda each: (each.path, each.line, each.order)))
