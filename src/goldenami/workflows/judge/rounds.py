"""What is judged together: of a place, and no thing twice."""

from collections.abc import Sequence

from msgspec import Struct

from goldenami.aws.images import FILTER_VALUES
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import Subject
from goldenami.domain.events.event import Event


class AboutThese(Struct, frozen=True):
    """An event, and what it is about."""

    event: Event
    place: AccountRegion
    subjects: Sequence[Subject]


class Round(Struct, frozen=True):
    """A place, and which of the things there: see `Rounds`."""

    place: AccountRegion
    number: int


class Rounds:
    """The things of several events, so that each is judged once as each event tells it.

    Several events may tell different things of one image, each of which is judged by itself. So
    many as EC2 takes for a filter are looked up at once.
    """

    def __init__(self) -> None:
        self.subjects: dict[Round, list[Subject]] = {}
        self._round: dict[str, list[tuple[Subject, Round]]] = {}
        self._looked_up: dict[Round, int] = {}

    def add(self, about: AboutThese) -> None:
        """Take in what an event is about."""
        for subject in about.subjects:
            known = self._round.setdefault(subject.resource, [])
            if not any(same == subject for same, _ in known):
                fitting = self._fitting(about.place, subject, {each for _, each in known})
                self.subjects.setdefault(fitting, []).append(subject)
                known.append((subject, fitting))

    def of(self, subject: Subject) -> Round:
        """Return in which round a thing is judged."""
        return next(each for same, each in self._round[subject.resource] if same == subject)

    def _fitting(self, place: AccountRegion, subject: Subject, taken: set[Round]) -> Round:
        """Return the first round of a place that has room, and nothing else of the thing."""
        number, looked_up = 0, not subject.image.id
        while True:
            fitting = Round(place, number)
            count = self._looked_up.get(fitting, 0)
            if fitting not in taken and not (looked_up and count >= FILTER_VALUES):
                self._looked_up[fitting] = count + looked_up
                return fitting
            number += 1
