"""The instances of a page by column: what each of them has, before any of them is an object.

What is held against an instance depends on its image, and a fleet has few images. So a page is
grouped by image first, and only instances with findings become objects. Of 1,000 instances lxml
makes a tree and these columns in a third of the time that objects of all of them take.

A page is read so only if each of its instances has each column exactly once, which is counted: with
one element too few or too many, what follows would stand beside the wrong instance.
https://lxml.de/xpathxslt.html#the-xpath-class
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from lxml import etree
from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.answers.interface import Tag, read_all
from goldenami.aws.instances_by_image import ByImage, Columns, SomeInstances
from goldenami.aws.lean_parser import Items, compiled, moment
from goldenami.domain.audit.subject import ImageSeen, Subject
from goldenami.domain.instance import ENDED
from goldenami.errors import UnreadableAnswerError

XPath = Callable[..., Any]


class UnevenError(Exception):
    """A page has to be read row by row."""


class PageOfInstances:
    """A page as a tree, from which instances are read by their numbers.

    Args:
        items: the page.
        columns: where it has what.
        mark: a text for which a page that has it anywhere is not read so.

    Raises:
        UnevenError: it has to be read row by row.
    """

    def __init__(self, items: Items, columns: Columns, mark: str) -> None:
        listed = _listed(items)
        namespace = etree.QName(listed).namespace or ""
        paths = _paths(columns, namespace)
        if paths.contains(listed, text=mark):
            raise UnevenError
        self._instances = paths.instances(listed)
        self.ids, self.states, self._images, *_ = (
            column.of(listed, len(self._instances)) for column in paths.columns
        )
        self.images: Sequence[Hashable] = (
            list(map(etree.tostring, self._images)) if columns.described else self._images
        )
        shape = items.item_shape
        self._members = (shape.members["Instances"].member if columns.groups else shape).members
        self._prefix = f"{{{namespace}}}" if namespace else ""

    def image(self, number: int) -> Any:
        """Return what is told of the image of an instance, as botocore has it."""
        return self._read("ImageMetadata", self._images[number])

    def launched(self, number: int) -> datetime | None:
        """Return when an instance was launched, None if that is not told.

        Raises:
            ValueError: it is no time.
        """
        element = self._last(number, "launchTime")
        return None if element is None else moment(element.text or "")

    def tags(self, number: int) -> dict[str, str]:
        """Return the tags of an instance.

        Raises:
            OddAnswerError: one has no key, or no value.
        """
        listed = self._last(number, "tagSet")
        if listed is None:
            return {}
        names, tags = [self._prefix + "key", self._prefix + "value"], {}
        for tag in listed:
            parts = list(tag)
            if [part.tag for part in parts] != names or not (key := parts[0].text):
                return {tag.key: tag.value for tag in read_all(Tag, self._read("Tags", listed))}
            tags[key] = parts[1].text or ""
        return tags

    def _last(self, number: int, name: str) -> Any:
        """Return the last element of this name that an instance has: botocore goes by that, too."""
        elements = list(self._instances[number].iterchildren(self._prefix + name))
        return elements[-1] if elements else None

    def _read(self, member: str, element: Any) -> Any:
        return compiled(self._members[member], self._prefix)(element)


def _listed(items: Items) -> Any:
    """Return the element of a page that has its rows.

    Raises:
        UnevenError: there is no such element, or the page is nothing that EC2 writes.
    """
    parser = etree.XMLParser(  # of its own: threads that share one wait for each other
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(items.body, parser)
    except etree.XMLSyntaxError as error:
        raise UnevenError from error
    namespace = etree.QName(root).namespace
    lists = root.findall(f"{{{namespace}}}{items.list_name}" if namespace else items.list_name)
    if len(lists) != 1 or root.getroottree().docinfo.doctype:
        raise UnevenError
    return lists[0]


class _Column:
    """Elements that each of several others has exactly once, or the texts in them.

    Args:
        compiled: makes an XPath.
        base: the path to those others.
        steps: the path on from each of them.
        text: whether it is their texts, which each of them has to begin with.
    """

    def __init__(
        self, compiled: Callable[[str], XPath], base: str, steps: str, *, text: bool
    ) -> None:
        names = steps.split("/")
        ways = ["/".join([base, *names[:end]]) for end in range(1, len(names) + 1)]
        begin = ["node()[1][self::text()]"] * text
        firsts = "/".join([base, *(f"{name}[1]" for name in names), *begin])
        self._all = compiled("/".join([ways[-1], *["text()"] * text]))
        self._once = compiled(" and ".join(f"count({way}) = $n" for way in (*ways, firsts)))

    def of(self, listed: Any, number: int) -> list[Any]:
        """Return them in their order.

        Raises:
            UnevenError: one is missing, or there is one too many.
        """
        column: list[Any] = self._all(listed)
        if len(column) != number or not self._once(listed, n=number):
            raise UnevenError
        return column


class _Paths(Struct, frozen=True):
    """What is looked for in a page, from its list on."""

    contains: XPath
    instances: Callable[[Any], list[Any]]
    columns: Sequence[_Column]


@lru_cache(maxsize=8)
def _paths(columns: Columns, namespace: str) -> _Paths:
    names = {"e": namespace} if namespace else None
    compiled = partial(etree.XPath, namespaces=names, smart_strings=False)
    e = "e:" if namespace else ""
    base = f"*/{e}{columns.groups}/*" if columns.groups else "*"
    texts = ("instanceId", f"instanceState/{e}name", *columns.further)
    ids, states, *further = (_Column(compiled, base, e + path, text=True) for path in texts)
    images = _Column(compiled, base, e + columns.image, text=not columns.described)
    every = compiled(base)
    if not columns.groups:
        return _Paths(compiled("contains(., $text)"), every, (ids, states, images, *further))
    groups = _Column(compiled, "*", e + columns.groups, text=False)

    def instances(listed: Any) -> list[Any]:
        groups.of(listed, len(listed))
        elements: list[Any] = every(listed)
        return elements

    return _Paths(compiled("contains(., $text)"), instances, (ids, states, images, *further))


Images = Callable[["PageOfInstances", Iterable[Hashable]], Mapping[Hashable, ImageSeen]]
"""Says what is known of images, by what a page tells them by."""


def some_of(
    rows: Iterable[Any],
    columns: Columns,
    by_image: ByImage,
    images: Images,
    like: Subject,
    reading: Callable[[], AbstractContextManager[None]],
) -> SomeInstances | None:
    """Return the instances of a page as far as they have to be read.

    Args:
        rows: the page.
        columns: where it has what.
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
            page = PageOfInstances(rows, columns, by_image.mark)
            keys = [
                None if state in ENDED else key
                for key, state in zip(page.images, page.states, strict=True)
            ]
            numbers = Counter(key for key in keys if key is not None)
            seen = images(page, numbers)
    except (UnevenError, UnreadableAnswerError):
        return None  # if that is no good either, it says what is wrong with which row
    samples = [replace(like, image=seen[key]) for key in numbers]
    if len({sample.image.id for sample in samples}) < len(samples):
        return None  # an image changed meanwhile: each instance is told with what it had
    judged = dict(zip(numbers, by_image.judge(samples), strict=True))
    with reading():
        return SomeInstances(
            subjects=[
                _subject(page, number, judged[key][0])
                for number, key in enumerate(keys)
                if key is not None and judged[key][1]
            ],
            compliant=tuple(
                (sample, numbers[key]) for key, (sample, is_read) in judged.items() if not is_read
            ),
        )


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
