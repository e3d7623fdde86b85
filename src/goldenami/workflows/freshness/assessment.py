"""Judges release files: what each is made of is read at once, and judged parents first."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain import names
from goldenami.domain.freshness.rules import brings_another_image, reasons
from goldenami.domain.freshness.rules.interface import Reason
from goldenami.errors import GoldenamiError
from goldenami.spec import ReleaseFile
from goldenami.spec.folder import Folder
from goldenami.workflows.freshness.reading import KnownRelease, read


class Freshness(Struct, frozen=True, kw_only=True):
    """Whether a release is out of date, and why.

    Args:
        path: its release file.
        image: the golden image.
        version: the newest approved version, empty if there is none.
        outdated: whether it is out of date; None if that is not known.
        candidate: a newer version that waits for its approval, and with which it would not be.
        unread: what could not be read of it, empty if all could.
        to_bake: whether a bake mends anything of that.
        reasons: why it is out of date.
    """

    path: str
    image: str
    version: str = ""
    outdated: bool | None = None
    candidate: str = ""
    unread: str = ""
    to_bake: bool = False
    reasons: tuple[Reason, ...] = ()

    @property
    def verdict(self) -> str:
        """Whether it is out of date, in one word."""
        return {None: "unknown", True: "outdated", False: "current"}[self.outdated]

    @property
    def why(self) -> str:
        """Why, in words."""
        waiting = f"version {self.candidate} waits for its approval" if self.candidate else ""
        several = [f"{each.rule}: {each.words}" for each in self.reasons]
        return "; ".join(filter(None, [self.unread, waiting, *several]))


class _Answer(Struct, frozen=True):
    """What there is of a release, or what could not be read of it."""

    release: KnownRelease | None = None
    unread: str = ""


def assess(
    session: Callable[[str], Aws], folder: Folder, at: datetime, max_age: timedelta | None = None
) -> dict[str, Freshness]:
    """Return of each release whether it is out of date, by its image's name, parents first.

    One whose parent is out of date is so, too; one whose parent could not be read is not known.

    Args:
        session: starts the caller's session in a region; each file is read in its build region.
        folder: the release files.
        at: the time that they are judged at.
        max_age: how old images may be, None for what each file says.
    """
    by_image = {file.release.image: file for file in folder.files}
    regions = dict.fromkeys(file.release.build_region for file in folder.files)
    sessions = {region: session(region) for region in regions}

    def answer(image: str) -> _Answer:
        file = by_image[image]
        return _read(sessions[file.release.build_region], file, at, max_age)

    answers, _ = concurrently(by_image, answer)
    judged: dict[str, Freshness] = {}
    for image, file in by_image.items():
        parents = {name: judged[name] for name in folder.parents(file)}
        judged[image] = _judged(file, answers[image], parents)
    return judged


def unreadable(folder: Folder) -> list[Freshness]:
    """Return that nothing is known of files that are broken."""
    return [
        Freshness(path=str(path), image="", unread="; ".join((error.message, *error.notes)))
        for path, error in folder.broken.items()
    ]


def _read(aws: Aws, file: ReleaseFile, at: datetime, max_age: timedelta | None) -> _Answer:
    """Read a release; what is wrong there concerns it alone, and what is baked from it."""
    if max_age is None and file.release.audit.max_age:
        max_age = names.duration(file.release.audit.max_age)
    try:
        return _Answer(read(aws, file, at, max_age))
    except GoldenamiError as error:
        return _Answer(unread=error.with_fix)


def _judged(file: ReleaseFile, answer: _Answer, parents: Mapping[str, Freshness]) -> Freshness:
    nothing = Freshness(path=str(file.path), image=file.release.image)
    release = answer.release
    if release is None:
        return structs.replace(nothing, unread=answer.unread)
    outdated = {
        name: parent.to_bake
        for name, parent in parents.items()
        if brings_another_image(parent.reasons)
    }
    unknown = ", ".join(name for name, parent in parents.items() if parent.outdated is None)
    why = reasons(structs.replace(release.state, parents=outdated))
    candidate = release.candidate
    waits = candidate and not reasons(structs.replace(candidate, parents=outdated, unpublished=()))
    return structs.replace(
        nothing,
        version=release.state.version,
        outdated=True if why else None if unknown else False,
        candidate=candidate.version if candidate and waits else "",
        to_bake=not waits and any(reason.bake_mends for reason in why),
        unread=f"whether its parent {unknown} is outdated is not known" if unknown else "",
        reasons=why,
    )
