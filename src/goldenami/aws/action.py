"""What an action of a plan is performed with."""

from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import Any, TypeVar

from msgspec import Struct

from goldenami.aws.answers.interface import Answer, Listing
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain.plan import PATIENCE_S

A = TypeVar("A", bound=Answer)
T = TypeVar("T")


class ActionContext(Struct, frozen=True, kw_only=True):
    """What one action is performed with.

    Args:
        regional: whose AWS, and where.
        summary: what the action does, as messages name it.
        parameters: those of the action, with the results of earlier ones in them.
        cancelled: set once nothing more is to be waited for.
        progress: is told how far it is.
        patience_s: how long a call may be made again that AWS is too busy for.
    """

    regional: RegionalAws
    summary: str
    parameters: Mapping[str, Any]
    cancelled: Event
    progress: Callable[[str], None]
    patience_s: float = PATIENCE_S

    @property
    def aws(self) -> Aws:
        """Whose AWS, for what belongs to no region."""
        return self.regional.aws

    @property
    def region(self) -> str:
        """The region."""
        return self.regional.region

    @property
    def headline(self) -> str:
        """What is done and where, as messages begin."""
        return f"{self.summary} in {self.region}"

    def ask(self, kind: type[A], /, **parameters: Any) -> A:
        """Call the operation of an answer for this action; see `goldenami.aws.ask.Asking.ask`."""
        return self.regional.ask(kind, self.summary, **parameters)

    def rows(self, kind: type[Listing[T]], /, **parameters: Any) -> Iterator[T]:
        """Yield what a listing lists for this action; see `goldenami.aws.ask.Asking.rows`."""
        return self.regional.rows(kind, self.summary, **parameters)


Handler = Callable[[ActionContext], Mapping[str, Any]]
"""Performs an action, and returns its outputs."""
