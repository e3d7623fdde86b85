"""A caller in one region: what is asked there, and who is named in errors."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from goldenami.aws.answers.interface import Answer, Page
from goldenami.aws.ask import ask, listed

if TYPE_CHECKING:
    from goldenami.aws.session import Aws

A = TypeVar("A", bound=Answer)
P = TypeVar("P", bound=Page)


class RegionalAws:
    """One caller's AWS in one region.

    Args:
        aws: the caller.
        region: the region.
    """

    __slots__ = ("aws", "region")

    def __init__(self, aws: "Aws", region: str) -> None:
        self.aws = aws
        self.region = region

    @property
    def account(self) -> str:
        """The account's id."""
        return self.aws.account

    def ask(self, kind: type[A], doing: str, /, **parameters: Any) -> A:
        """Call the operation of an answer here; see `goldenami.aws.ask.ask`."""
        return ask(self.aws, self.region, kind, doing, **parameters)

    def listed(self, kind: type[P], doing: str, /, **parameters: Any) -> Iterator[P]:
        """Yield every page of a listing here; see `goldenami.aws.ask.listed`."""
        return listed(self.aws, self.region, kind, doing, **parameters)
