"""A question to AWS, whose answer is believed only if it is whole.

This is the only way to call AWS. What comes back is a type of `goldenami.aws.answers`; what cannot
be read is asked for again, like what is throttled, and is then an error: never "there are none".
"""

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from goldenami.aws.answers.interface import Answer, Listing, Page, read
from goldenami.aws.errors import explained
from goldenami.errors import UnreadableAnswerError

T = TypeVar("T")
A = TypeVar("A", bound=Answer)
P = TypeVar("P", bound=Page)

DELAYS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How long to wait before each further attempt at an answer that cannot be read."""


class Asking(ABC):
    """Who calls AWS: in a region, or for what belongs to none."""

    __slots__ = ()

    @property
    @abstractmethod
    def where(self) -> str:
        """The place as errors name it."""

    @abstractmethod
    def client(self, service: str) -> Any:
        """Return the client of a service."""

    def ask(self, kind: type[A], purpose: str, /, **parameters: Any) -> A:
        """Call the operation of an answer.

        Args:
            kind: the answer's type, which names its operation.
            purpose: what it is called for, as a sentence starts: ``reading images``.
            parameters: those of the operation, as AWS names them.

        Raises:
            AwsError: AWS refused it or could not be reached.
            UnreadableAnswerError: no whole answer came, although it was asked for several times.
        """

        def attempt() -> A:
            with explained(purpose, self.where, kind.call):
                return read(kind, self.raw(kind.call, parameters))

        return again(attempt)

    def listed(self, kind: type[P], purpose: str, /, **parameters: Any) -> Iterator[P]:
        """Yield every page of a listing.

        botocore's own paginators take a tenth of a second to be made: they look for their models.

        Raises:
            AwsError: a page could not be read; nothing after it is known.
        """
        further: Mapping[str, str] = {}
        while True:
            page = self.ask(kind, purpose, **parameters, **further)
            yield page
            before, further = further, page.next_page
            if not further:
                return
            if further == before:
                raise UnreadableAnswerError(
                    f"{purpose}: {kind.call}: a page names itself as the next one"
                )

    def rows(self, kind: type[Listing[T]], purpose: str, /, **parameters: Any) -> Iterator[T]:
        """Yield what a listing lists, page after page; see `listed`."""
        for page in self.listed(kind, purpose, **parameters):
            yield from page.rows

    def raw(self, call: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer as botocore has it: for a listing that is too large to be read at once.

        It belongs into a block of `explained`, with all that is done with it.
        """
        from goldenami.aws.botocore_private import xform_name

        service, _, operation = call.partition(":")
        answer: dict[str, Any] = getattr(self.client(service), xform_name(operation))(**parameters)
        return answer


def again(make: Callable[[], T]) -> T:
    """Ask, and ask again as long as no readable answer comes.

    Raises:
        UnreadableAnswerError: none has come.
    """
    for delay_s in DELAYS_S:
        try:
            return make()
        except UnreadableAnswerError as error:
            if error.tried:
                raise
        time.sleep(delay_s * random.uniform(0.8, 1.2))  # noqa: S311
    return make()
