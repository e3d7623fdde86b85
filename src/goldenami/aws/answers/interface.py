"""The shape that all answers have, and how one is read."""

import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta, Struct

T = TypeVar("T")


Text = Annotated[str, Meta(min_length=1)]
"""A text that is always sent, and is never empty then: an id, a name, a state."""


class Row(Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """A part of an answer of a service that writes names ``LikeThis``."""


class CamelRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of an answer of a service that writes names ``likeThis``."""


class Answer(Struct, frozen=True, kw_only=True):
    """A whole answer; ``call`` is its operation: ``ec2:DescribeImages``.

    A type is named after its operation, of the ``SERVICE`` of its module, or says which it is of.
    """

    call: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        """Name the operation."""
        super().__init_subclass__(**options)
        service = getattr(sys.modules[cls.__module__], "SERVICE", "")
        if service and "call" not in cls.__dict__:
            cls.call = f"{service}:{cls.__name__}"


class TokenPage(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A page of a listing that goes on with ``NextToken``."""

    next_token: str | None = None  # absent on the last page

    @property
    def next_page(self) -> Mapping[str, str]:
        """The parameter that asks for the next page."""
        return {"NextToken": self.next_token} if self.next_token else {}


class CamelPage(Answer, frozen=True, kw_only=True, rename="camel"):
    """A page of a listing that goes on with ``nextToken``."""

    next_token: str | None = None  # absent on the last page

    @property
    def next_page(self) -> Mapping[str, str]:
        """The parameter that asks for the next page."""
        return {"nextToken": self.next_token} if self.next_token else {}


class MarkedPage(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A page of a listing that goes on with ``Marker``.

    It says whether there is more, so that a page that lost its marker can be told from the last.
    """

    is_truncated: bool
    marker: str | None = None  # absent on the last page

    def __post_init__(self) -> None:
        """Refuse a page that says there is more, and not where."""
        if self.is_truncated and not self.marker:
            raise ValueError

    @property
    def next_page(self) -> Mapping[str, str]:
        """The parameter that asks for the next page."""
        return {"Marker": self.marker} if self.is_truncated and self.marker else {}


Page = TokenPage | CamelPage | MarkedPage
"""A page of a listing; ``next_page`` is empty on the last one."""


class Tag(Row, frozen=True, kw_only=True):
    """A tag of a resource."""

    key: Text
    value: str


class Tagged(Row, frozen=True, kw_only=True):
    """A resource with tags."""

    tags: tuple[Tag, ...] = ()  # absent if there are none

    @property
    def tag_values(self) -> dict[str, str]:
        """The tags' values by their keys."""
        return {tag.key: tag.value for tag in self.tags}


class LazyRows(Iterable[dict[str, Any]]):
    """Rows of a page that are read as they are iterated."""


class OddAnswerError(ValueError):
    """An answer is not what its operation answers; the message quotes nothing of it."""


def read(kind: type[T], answer: Mapping[str, Any]) -> T:
    """Return an answer as its type.

    Raises:
        OddAnswerError: something that the operation always sends is missing, or of another type.
    """
    _prepare(kind)
    try:
        return msgspec.convert({name: _all(part) for name, part in answer.items()}, kind)
    except msgspec.ValidationError as error:
        problem = _without_values(str(error))
    raise OddAnswerError(problem)  # not from the error, whose words may quote the answer


_preparing = Lock()
_prepared: set[object] = set()


def _prepare(kind: object) -> None:
    """Have msgspec look at a type before several threads use it.

    It notes what it finds on the type itself, half of it first: two threads that use a new type at
    once end the process.
    """
    if kind in _prepared:
        return
    with _preparing, suppress(msgspec.ValidationError):
        msgspec.convert(None, kind)  # refused, but looked at
    _prepared.add(kind)


def read_all(kind: type[T], rows: list[dict[str, Any]]) -> list[T]:
    """Return rows of an answer as their type.

    Raises:
        OddAnswerError: one of them lacks something, or has something of another type.
    """
    _prepare(kind)
    try:
        return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        problem = _without_values(str(error))
    raise OddAnswerError(problem)


def _all(part: Any) -> Any:
    return list(part) if isinstance(part, LazyRows) else part


def read_json(kind: type[T], text: str) -> T:
    """Return what a text within an answer holds, as its type.

    Raises:
        OddAnswerError: it is no JSON, or holds something else.
    """
    _prepare(kind)
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        pass
    raise OddAnswerError(f"its {kind.__name__} is no JSON of that kind")


_MISSING = re.compile(r"Object missing required field `\w+`")
_TYPE = re.compile(r"Expected `[\w| ]+`, got `\w+`")
_AT = re.compile(r" - at `(?P<path>[^`]*)`$")


def _without_values(message: str) -> str:
    """Return what msgspec says, but for what it may quote of the answer."""
    what = _MISSING.match(message) or _TYPE.match(message)
    problem = what[0][0].lower() + what[0][1:] if what else "an odd value"
    at = _AT.search(message)
    return f"{problem} at `{at['path']}`" if at else problem
