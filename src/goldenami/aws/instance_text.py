"""The instances of a page as text: what each of them has, before any of them is an object.

What is held against an instance depends on its image, and a fleet has few images. So a page is cut
into instances by a regular expression, these are grouped by what is said of their images, and only
those with findings become objects. That takes less time than a parser takes for the tree alone.

The expression is a grammar of what EC2 writes: elements without attributes that have either
elements in them or text, and are closed by their own names. A page that it matches from end to end
has the elements that a parser sees in it; one with anything else (a comment, CDATA, a document
type, an instance without an id) is read row by row. Who writes tags has no part in that: in their
texts ``<`` is ``&lt;``.
https://www.w3.org/TR/xml/#NT-element
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from functools import lru_cache
from html import unescape
from typing import Any, Final
from xml.etree.ElementTree import ParseError, fromstring

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.answers.interface import Tag, read_all
from goldenami.aws.instances_by_image import ByImage, InstanceElements, SomeInstances
from goldenami.aws.lean_parser import Items, compiled, moment
from goldenami.domain.audit.subject import ImageSeen, Subject
from goldenami.domain.instance import ENDED
from goldenami.errors import UnreadableAnswerError

DEPTH: Final = 6
"""How deep elements of an instance may be in each other: EC2's model has no deeper ones."""

_XML = r"""(?:<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?\?>\s*+)?"""
_ROOT = r"""<(?P<root>\w++)(?: xmlns="[^"<&]*+")?>\s*+"""
_ENTITY = re.compile("&[^;<]*+;?")
_XML_ENTITIES: Final = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"}
_CODE = r"(?:<code>\d++</code>\s*+)?"
_NAME, _TEXT, _SOME_TEXT = r"\w++", "[^<]*+", "[^<]++"
# Groups are not repeated possessively: until 3.11.4 Python lost what such a group has matched.


class UnlikeError(Exception):
    """A page is not written as EC2 writes them: it has to be read row by row."""


class PageOfInstances:
    """A page, from which instances are read by their numbers.

    Args:
        items: the page.
        elements: where it has what.
        mark: a text for which a page that has it anywhere is not read so.

    Raises:
        UnlikeError: it has to be read row by row.
    """

    def __init__(self, items: Items, elements: InstanceElements, mark: str) -> None:
        grammar = _grammar(items.list_name, elements)
        self._instances = _instances(_text(items.body, mark), grammar)
        rows = [instance.group(*elements.needed) for instance in self._instances]
        columns = [*zip(*rows, strict=True)] or [()] * len(elements.needed)
        if any(None in column for column in columns):
            raise UnlikeError
        self.ids, self.states, self.images, *_ = columns
        shape = items.item_shape
        self._members = (shape.members["Instances"].member if elements.group else shape).members

    def image(self, text: str) -> Any:
        """Return what a text of `images` tells of an image, as botocore has it.

        Raises:
            UnlikeError: it is no XML.
        """
        return self._read("ImageMetadata", f"<imageMetadata>{text}</imageMetadata>")

    def launched(self, number: int) -> datetime | None:
        """Return when an instance was launched, None if that is not told.

        Raises:
            ValueError: it is no time.
        """
        text = self._instances[number]["launchTime"]
        return None if text is None else moment(text)

    def tags(self, number: int) -> dict[str, str]:
        """Return the tags of an instance.

        Raises:
            OddAnswerError: one has no key, or no value.
            UnlikeError: they are no XML.
        """
        text = self._instances[number]["tagSet"] or ""
        pairs = _TAGS.findall(text)
        if "&#" in text or len(pairs) != text.count("<item>"):
            several = self._read("Tags", f"<tagSet>{text}</tagSet>")
            return {tag.key: tag.value for tag in read_all(Tag, several)}
        if "&" in text:
            return {unescape(key): unescape(value) for key, value in pairs}
        return dict(pairs)

    def _read(self, member: str, text: str) -> Any:
        try:
            element = fromstring(text)  # noqa: S314  as botocore does: AWS is no stranger
        except ParseError as error:
            raise UnlikeError from error
        return compiled(self._members[member], "")(element)


def _text(body: bytes, mark: str) -> str:
    """Return a page as text, in which lines end as a parser has them.

    Raises:
        UnlikeError: it is no text, names entities that XML does not have, or has the mark.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise UnlikeError from error
    others = set(_ENTITY.findall(text)) - _XML_ENTITIES
    if mark in text or (others and mark in unescape(text)):
        raise UnlikeError
    if not all(entity.startswith("&#") for entity in others):
        raise UnlikeError
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _instances(text: str, grammar: "_Grammar") -> Sequence[re.Match[str]]:
    """Return the instances of a page.

    Raises:
        UnlikeError: it is not written so.
    """
    begin, instances = grammar.begin.match(text), []
    at = begin.end() if begin else 0
    while instance := grammar.instance.match(text, at):
        instances.append(instance)
        at = instance.end()
    end = grammar.end.fullmatch(text, at)
    if begin is None or end is None or begin["root"] != end["root"]:
        raise UnlikeError
    return instances


class _Grammar(Struct, frozen=True):
    """How a page is written.

    Args:
        begin: what comes before its first instance.
        instance: an instance, and what is between the one before it and this one.
        end: what comes after its last instance.
    """

    begin: re.Pattern[str]
    instance: re.Pattern[str]
    end: re.Pattern[str]


@lru_cache(maxsize=8)
def _grammar(rows: str, elements: InstanceElements) -> _Grammar:
    """Return how pages are written that have their rows in an element of this name."""
    opened = closed = between = ""
    if group := elements.group:
        opened = f"<item>{_TEXT}{_others('o', group)}<{group}>{_TEXT}"
        closed = f"</{group}>{_TEXT}{_others('c', group)}</item>{_TEXT}"
        between = f"(?:{closed}{opened})?"
    tag = _tag(_SOME_TEXT, _TEXT)
    any_tag = f"(?:{tag}|(?!{tag}){_other('t')})"  # one way alone: else fifty of them have 2^50
    image = rf"\s*+{_others('i')}" if elements.described else "[^<&]++"
    inside = {
        "instanceId": "(?P<instanceId>[^<&]++)",
        "instanceState": rf"\s*+{_CODE}<name>(?P<instanceState>[^<&]++)</name>\s*+{_CODE}",
        "instanceType": "(?P<instanceType>[^<&]++)",
        "launchTime": "(?P<launchTime>[^<&]++)",
        "tagSet": rf"(?P<tagSet>\s*+(?:<{any_tag}\s*+)*)",
        elements.image: f"(?P<image>{image})",
    }
    known = [f"{name}>{content}</{name}>" for name, content in inside.items()]
    element = "|".join([*known, _other("e", *inside)])
    return _Grammar(
        re.compile(f"{_XML}{_ROOT}{_others('b', rows)}<{rows}>{_TEXT}{opened}", re.ASCII),
        re.compile(f"{between}<item>{_TEXT}(?:<(?:{element}){_TEXT})*</item>{_TEXT}", re.ASCII),
        re.compile(
            rf"{closed}</{rows}>{_TEXT}{_others('a', rows)}</(?P<root>{_NAME})>\s*+", re.ASCII
        ),
    )


def _others(label: str, *but: str, depth: int = DEPTH) -> str:
    """Return the expression of any elements but some; a label begins the names of its groups."""
    return f"(?:<{_other(label, *but, depth=depth)}{_TEXT})*"


def _other(label: str, *but: str, depth: int = DEPTH) -> str:
    """Return the expression of an element from behind its ``<`` on."""
    refused = rf"(?!(?:{'|'.join(but)})\b)" if but else ""
    group = f"{label}{depth}"
    end = f"</(?P={group})>"
    deeper = f"|(?:<{_other(label, depth=depth - 1)}{_TEXT})+{end}" if depth else ""
    return f"{refused}(?P<{group}>{_NAME})(?:>{_TEXT}(?:{end}{deeper})|/>)"


def _tag(key: str, value: str) -> str:
    return rf"item>\s*+<key>{key}</key>\s*+<value(?:>{value}</value>|/>)\s*+</item>"


_TAGS = re.compile(_tag(f"({_SOME_TEXT})", f"({_TEXT})"))


Images = Callable[["PageOfInstances", Iterable[str]], Mapping[str, ImageSeen]]
"""Says what is known of images, by what a page tells them by."""


def cut_ahead(rows: Iterable[Any], elements: InstanceElements, mark: str) -> None:
    """Cut a page that `some_of` will be given, as far as it is written so.

    Args:
        rows: the page.
        elements: where it has what.
        mark: see `ByImage`.
    """
    if isinstance(rows, Items):
        with suppress(UnlikeError):
            rows.cut = PageOfInstances(rows, elements, mark)


def some_of(
    rows: Iterable[Any],
    elements: InstanceElements,
    by_image: ByImage,
    images: Images,
    like: Subject,
    reading: Callable[[], AbstractContextManager[None]],
) -> SomeInstances | None:
    """Return the instances of a page as far as they have to be read.

    Args:
        rows: the page.
        elements: where it has what.
        by_image: tells which have to be read.
        images: says what is known of the images.
        like: what all instances of the listing have in common.
        reading: around all that reads the page; turns what is odd in it into an error.

    Returns:
        None if the page has to be read row by row.
    """
    if not isinstance(rows, Items):
        return None
    try:
        with reading():
            page = rows.cut or PageOfInstances(rows, elements, by_image.mark)
            rows.cut = None  # it takes several times as much memory as its text
            alive = [number for number, state in enumerate(page.states) if state not in ENDED]
            numbers = Counter(page.images[number] for number in alive)
            seen = images(page, numbers)
            samples = [replace(like, image=seen[image]) for image in numbers]
            if len({sample.image.id for sample in samples}) < len(samples):
                return None  # an image changed meanwhile: each instance is told with what it had
            judged = dict(zip(numbers, by_image.judge(samples), strict=True))
            return SomeInstances(
                subjects=[
                    _subject(page, number, sample)
                    for number in alive
                    for sample, is_read in [judged[page.images[number]]]
                    if is_read
                ],
                compliant=tuple(
                    (sample, numbers[image])
                    for image, (sample, is_read) in judged.items()
                    if not is_read
                ),
            )
    except (UnlikeError, UnreadableAnswerError):
        return None  # if that is no good either, it says what is wrong with which row


def _subject(page: PageOfInstances, number: int, sample: Subject) -> Subject:
    tags = page.tags(number)
    return replace(
        sample,
        id=page.ids[number],
        name=tags.get("Name", ""),
        state=page.states[number],
        launched=page.launched(number),
        tags=tags,
    )
