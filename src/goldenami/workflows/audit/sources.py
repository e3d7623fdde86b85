"""Where an audit reads from; `live.py`, `aggregator.py` and `saved.py` are the sources."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.lineage import Lineage
from goldenami.workflows.audit.account_regions import AuditedPlaces, UnreadPlaces
from goldenami.workflows.audit.question import AuditScope
from goldenami.workflows.audit.share import PlaceShare


class Batch(Struct, frozen=True, kw_only=True):
    """Some of what there is in a place.

    Args:
        subjects: what is to be judged.
        compliant: subjects without any finding that were counted and not read: what they are like,
            and how many there are.
        baking: instances of bakes under way, which are not judged.
        share: what another process has read and judged already.
    """

    subjects: Sequence[Subject] = ()
    compliant: tuple[tuple[Subject, int], ...] = ()
    baking: tuple[Subject, ...] = ()
    share: PlaceShare | None = None


Batches = Generator[Batch, None, None]
"""To be closed by whoever stops half-way: a listing holds one of the few places to read a page."""


class GoldenImages(Struct, frozen=True):
    """The images of each place that releases made, or seem to have made; what could not be read.

    ``builds`` are those of the caller's account; ``lineage`` is what own images were made from.
    """

    produced: Mapping[AccountRegion, Mapping[str, Produced]]
    unreadable: UnreadPlaces = {}
    builds: frozenset[str] = frozenset()
    lineage: Lineage = Lineage()


class AuditSelection(Struct, frozen=True, kw_only=True):
    """What is judged of everything that a question asks for.

    Args:
        places: these places alone.
        kinds: these kinds of things alone.
        instances: these instances alone; all if empty.
    """

    places: frozenset[AccountRegion]
    kinds: frozenset[Kind]
    instances: frozenset[str] = frozenset()


class AuditSource(Protocol):
    """One source of what there is to be judged."""

    name: str
    account: str
    """The account whose releases count."""

    scope: AuditScope

    def places(self) -> AuditedPlaces:
        """Return where to look.

        Raises:
            AwsError: that could not be read.
        """

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        """Return what releases made in these places."""

    def listed(self, region: str) -> Mapping[str, str]:
        """Return the ids that the approved list's parameters hold in a region, by their names.

        Raises:
            AwsError: they could not be read.
        """

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        """Yield what there is in a place, by what it is called in errors; each part in batches.

        A batch that cannot be read raises AwsError; the parts after it are tried all the same.
        """
