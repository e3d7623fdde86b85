"""The shape that all answers have, and how one is read."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any, ClassVar, Generic, TypeVar, cast

import msgspec
from msgspec import Meta, Struct, field

T = TypeVar("T")


Text = Annotated[str, Meta(min_length=1)]
"""A text that is always sent, and is never empty then: an id, a name, a state."""


class Row(Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """A part of an answer of a service that writes names ``LikeThis``."""


class CamelRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of an answer of a service that writes names ``likeThis``."""


class Answer(Struct, frozen=True, kw_only=True):
    """A whole answer; ``call`` is its operation: ``ec2:DescribeImages``."""

    call: ClassVar[str] = ""


class Page(Answer, frozen=True, kw_only=True, rename="pascal"):
    """A page of a listing that goes on with the token of ``goes_on``."""

    goes_on: ClassVar[str] = "NextToken"
    next_token: str | None = None  # absent on the last page

    @property
    def next_page(self) -> Mapping[str, str]:
        """The parameter that asks for the next page; empty on the last one."""
        return {self.goes_on: self.next_token} if self.next_token else {}


class CamelPage(Page, frozen=True, kw_only=True, rename="camel"):
    """A page of a listing of a service that writes names ``likeThis``."""

    goes_on: ClassVar[str] = "nextToken"
    next_token: str | None = None


class MarkedPage(Page, frozen=True, kw_only=True):
    """A page of a listing that goes on with ``Marker``.

    It says whether there is more, so that a page that lost its marker can be told from the last.
    """

    goes_on: ClassVar[str] = "Marker"
    is_truncated: bool
    next_token: str | None = field(default=None, name="Marker")

    def __post_init__(self) -> None:
        """Refuse a page that says there is more, and not where."""
        if self.is_truncated and not self.next_token:
            raise ValueError

    @property
    def next_page(self) -> Mapping[str, str]:
        """The parameter that asks for the next page; empty on the last one."""
        return super().next_page if self.is_truncated else {}


class Listing(Page, Generic[T], frozen=True, kw_only=True):
    """A page of a listing that is one list: what `listing` returns, as types go."""

    rows: tuple[T, ...]


class Only(Row, Generic[T], frozen=True, kw_only=True):
    """A part of an answer of which one value is used: what `only` returns, as types go."""

    value: T


class Single(Answer, Generic[T], frozen=True, kw_only=True):
    """An answer of which one part is used: what `single` returns, as types go."""

    part: T


def listing(
    call: str, key: str, row: type[T], page: type[Answer] = Page, *, least: int = 0
) -> type[Listing[T]]:
    """Return the type of a page of a listing.

    Args:
        call: the operation.
        key: how AWS names the list.
        row: the type of what is in the list.
        page: how the listing goes on; Answer if it is not paged.
        least: how many there are at least.
    """
    rows = Annotated[tuple[_whole(row), ...], Meta(min_length=least)]  # type: ignore[misc, valid-type]
    return cast("type[Listing[T]]", _with_field(page, "rows", rows, key, call))


def only(key: str, kind: type[T]) -> type[Only[T]]:
    """Return the type of a part of an answer of which the value with this key is used."""
    return cast("type[Only[T]]", _with_field(Row, "value", _whole(kind), key))


def single(call: str, key: str, part: type[T]) -> type[Single[T]]:
    """Return the type of an answer of which the part with this key is used."""
    return cast("type[Single[T]]", _with_field(Answer, "part", _whole(part), key, call))


def _whole(kind: type) -> Any:
    """Return the type of a part: a text is never empty."""
    return Text if kind is str else kind


def _with_field(base: type[Struct], name: str, kind: Any, key: str, call: str = "") -> Any:
    """Return a type with one field more than its base, as a class statement would define it."""
    return msgspec.defstruct(
        call.rpartition(":")[2] + key, [(name, kind, field(name=key))],
        bases=(base,), module=__name__, namespace={"call": call}, frozen=True, kw_only=True,
    )  # fmt: skip


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

    @abstractmethod
    def texts(self, element: str) -> list[str]:
        """Return the texts of all elements of a name, in their order, without reading the rows."""


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
