"""Bakes the releases of a folder parents first: what fails stops what is baked from it alone."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from goldenami.errors import BakeError, FindingsError, GoldenamiError, InterruptedRunError
from goldenami.spec import ReleaseFile
from goldenami.spec.folder import Folder


class BakeOutcome(StrEnum):
    """What has become of a release; the text is what its children are left for."""

    CURRENT = "is as it should be"
    BAKED = "was baked"
    PLANNED = "is to be baked first, and what comes of it is not known before"
    STAYS = "is out of date in a way that no bake mends"
    WAITS = "waits for its approval"
    FAILED = "failed"
    LEFT = "was left alone"

    @property
    def lets_go_on(self) -> bool:
        """Whether what is baked from it can be baked."""
        return self in (BakeOutcome.CURRENT, BakeOutcome.BAKED, BakeOutcome.STAYS)


class Cascade(Struct, frozen=True):
    """What has become of each release, by image, and what failed."""

    outcomes: Mapping[str, BakeOutcome]
    failures: Mapping[Path, GoldenamiError]

    def complete(self) -> None:
        """Tell what failed.

        Raises:
            GoldenamiError: something did; with the exit code that all failures have in common, but
                for findings, which any other one wins over.
        """
        failures = self.failures
        if len(failures) == 1:
            raise next(iter(failures.values()))
        if failures:
            raise _together(failures, len(self.outcomes))


def parents_first(
    folder: Folder,
    bake: Callable[[ReleaseFile], BakeOutcome],
    tell: Callable[[str], None],
) -> Cascade:
    """Bake each release after its parents, unless one of them does not let it go on.

    Args:
        folder: the release files, parents first.
        bake: bakes one, or finds that there is nothing to do.
        tell: is told what is left alone, and what failed.

    Raises:
        InterruptedRunError: Ctrl-C; nothing more is begun.
    """
    outcomes: dict[str, BakeOutcome] = {}
    failures: dict[Path, GoldenamiError] = {}
    for file in folder.files:
        image = file.release.image
        stops = [name for name in folder.parents(file) if not outcomes[name].lets_go_on]
        if stops:
            tell(f"{image} is left alone: its parent {stops[0]} {outcomes[stops[0]]}")
            outcomes[image] = BakeOutcome.LEFT
            continue
        try:
            outcomes[image] = bake(file)
        except InterruptedRunError:
            raise
        except GoldenamiError as error:
            if len(folder.files) > 1:
                tell(_of(file.path, error.message))
            stays = isinstance(error, FindingsError)
            outcomes[image] = BakeOutcome.STAYS if stays else BakeOutcome.FAILED
            failures[file.path] = error
    return Cascade(outcomes, failures)


def _of(path: Path, words: str) -> str:
    """Say of which file something is, unless it begins with that."""
    return words if words.startswith(f"{path}: ") else f"{path}: {words}"


def _together(failures: Mapping[Path, GoldenamiError], count: int) -> GoldenamiError:
    error = BakeError(
        f"{len(failures)} of {count} releases are not as they should be",
        notes=[_of(path, failure.with_fix) for path, failure in failures.items()],
    )
    codes = {failure.exit_code for failure in failures.values()}
    codes = codes - {FindingsError.exit_code} or codes
    error.exit_code = codes.pop() if len(codes) == 1 else error.exit_code
    return error
