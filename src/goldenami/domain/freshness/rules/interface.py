"""What a rule of freshness is, and all that rules speak of."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from goldenami.domain.image import Image

__all__ = [
    "Evidence", "FreshnessRule", "Reason", "ReleaseState", "SourceState", "days_ago", "named",
]  # fmt: skip


class SourceState(Struct, frozen=True, kw_only=True):
    """What an image was baked from, and what it would be baked from now.

    Args:
        architecture: which of several; empty if the release has but one.
        golden: the golden image that it is baked from by the release file, empty if it is none.
        image: the newest version's image in the build region; None if it has none.
        recorded: the id of its source, as the build recorded it; empty if nothing tells.
        source: that source as it is now; None if it is not there any more.
        refused: why that source, a golden image, does not count as approved; empty if it does.
        current: what ``base.source`` stands for now; None if it stands for nothing.
        unresolved: why it stands for nothing.
    """

    architecture: str = ""
    golden: str = ""
    image: Image | None = None
    recorded: str = ""
    source: Image | None = None
    refused: str = ""
    current: Image | None = None
    unresolved: str = ""

    @property
    def moves(self) -> bool:
        """Whether the next bake begins with another source."""
        return self.current is not None and self.current.id != self.recorded


class ReleaseState(Struct, frozen=True, kw_only=True):
    """A release file and the newest version of its image.

    Args:
        at: the time that it is judged at.
        region: the build region.
        version: the newest version; empty if there is none.
        others: how many images of it there are that do not count, whatever their status.
        spec: the digest of what makes the image, of the file as it is now.
        recorded_specs: the same of the builds that made the version; empty if nothing tells.
        template: the SHA-256 of the Packer template, as it is now; empty if there is none.
        recorded_template: the same of the one that made the version.
        sources: of each architecture.
        unpublished: the places where the version is not published yet.
        parents: the outdated images of the same folder that it is baked from, and whether a bake
            mends each.
        max_age: how old the image may be; None for any age.
    """

    at: datetime
    region: str
    version: str = ""
    others: int = 0
    spec: str
    recorded_specs: frozenset[str] = frozenset()
    template: str = ""
    recorded_template: str = ""
    sources: tuple[SourceState, ...]
    unpublished: tuple[str, ...] = ()
    parents: Mapping[str, bool] = {}
    max_age: timedelta | None = None

    @property
    def with_images(self) -> Iterator[tuple[SourceState, Image]]:
        """The architectures that the version has an image of, each with the image."""
        return ((each, each.image) for each in self.sources if each.image)


class Evidence(Struct, frozen=True):
    """What a rule has noticed.

    Args:
        words: a sentence.
        facts: the ids and dates in it.
        architecture: of which it is, if there are several.
        bake_mends: whether another bake of the same release file mends it.
    """

    words: str
    facts: Mapping[str, str] = {}
    architecture: str = ""
    bake_mends: bool = True


class Reason(Struct, frozen=True, kw_only=True):
    """Why a release is outdated: what a rule has noticed."""

    rule: str
    words: str
    architecture: str = ""
    facts: Mapping[str, str] = {}
    bake_mends: bool = True


class FreshnessRule(Struct, frozen=True, kw_only=True):
    """One rule.

    Args:
        id: its name in reports.
        title: what it holds against a release, in a few words.
        anew: whether another image mends it, which what is baked from the image has to follow.
        test: yields what it holds against it. Pure.
    """

    id: str
    title: str
    anew: bool = True
    test: Callable[[ReleaseState], Iterator[Evidence]]

    def reasons(self, state: ReleaseState) -> Iterator[Reason]:
        """Yield why it takes the release for outdated."""
        for evidence in self.test(state):
            yield Reason(
                rule=self.id,
                words=evidence.words,
                architecture=evidence.architecture,
                facts=evidence.facts,
                bake_mends=evidence.bake_mends,
            )


def named(image: Image) -> str:
    """Return how sentences speak of an image."""
    return f"{image.id} ({image.name})" if image.name else image.id


def days_ago(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in days."""
    days = (now - then).days
    return f"{days} {'day' if days == 1 else 'days'} ago"
