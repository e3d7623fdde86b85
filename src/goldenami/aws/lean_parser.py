"""Reads EC2's large listings several times faster than botocore's own parser, to the same answer.

botocore walks the model's shapes anew for each element of each answer. Here the shape of a
listing is turned once into a table of functions by element name, and a page goes straight from
expat's C tree through that table. A page is read when it is iterated: until then only its token is
known, so that the next page can be asked for while this one is being read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.sax.saxutils import unescape

from goldenami.aws.answers.interface import LazyRows
from goldenami.aws.botocore_private import (
    EC2QueryParser,
    ResponseParserError,
    ResponseParserFactory,
    parse_timestamp,
)

Read = Callable[[Element], Any]

LISTINGS: Final = {
    "DescribeInstanceImageMetadataResult": "InstanceImageMetadata",
    "DescribeInstancesResult": "Reservations",
    "DescribeImagesResult": "Images",
}
"""The answers that are read this way, and the list in each."""

CHUNK_BYTES = 64 * 1024

_TOKEN = re.compile(rb"<nextToken>([^<]*)</nextToken>")
_REQUEST_ID = re.compile(rb"<requestId>([^<]*)</requestId>")
_NAMESPACE = re.compile(rb"""<Describe[^>]*\sxmlns=["']([^"']*)["']""")
_XML_ENTITIES = {"&quot;": '"', "&apos;": "'"}


class LeanFactory(ResponseParserFactory):
    """Makes botocore's parsers, and for the EC2 protocol the lean one."""

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol."""
        if protocol_name == "ec2":
            return LeanParser()
        return super().create_parser(protocol_name)


class LeanParser(EC2QueryParser):
    """botocore's parser of EC2 answers, but for the listings above.

    It takes over only where it cannot differ: an error, an answer that does not end, or an
    operation that nobody lists in bulk is read by botocore, whose behavior is then kept with all
    its corners. A test holds both to the same answer for arbitrary pages. The listing is no list
    but is read again by each iteration, since the objects of a page take ten times its text, and
    pages are asked for ahead: they have to wait as text.
    """

    def parse(self, response: Any, shape: Any) -> Any:
        """Parse an answer; errors, broken pages and other operations are botocore's."""
        name = shape.name if shape is not None else ""
        body = response["body"]
        whole = body.rstrip().endswith(b"Response>")
        if name not in LISTINGS or response["status_code"] != 200 or not whole:
            return super().parse(response, shape)
        answer: dict[str, Any] = {LISTINGS[name]: Items(body, shape)}
        if (token := _text(_TOKEN, body, body.rfind(b"<nextToken>"))) is not None:
            answer["NextToken"] = token
        answer["ResponseMetadata"] = {
            "RequestId": _text(_REQUEST_ID, body) or "",
            "HTTPStatusCode": 200,
            "HTTPHeaders": {key.lower(): value for key, value in response["headers"].items()},
            "RetryAttempts": 0,
        }
        return answer


class Items(LazyRows):
    """The items of one page, read each time they are iterated; none is kept.

    Args:
        body: the page.
        shape: what the operation answers.
    """

    def __init__(self, body: bytes, shape: Any) -> None:
        self.body = body
        listed = shape.members[LISTINGS[shape.name]]
        self.list_name: str = listed.serialization["name"]
        self.item_shape = listed.member
        self.cut: Any = None
        """What the page was cut into ahead, by who will read it so."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the items as botocore has them.

        Raises:
            ResponseParserError: the page is no XML, or has no such list.
        """
        match = _NAMESPACE.search(self.body)
        namespace = f"{{{match[1].decode()}}}" if match else ""
        tag, read = namespace + self.list_name, compiled(self.item_shape, namespace)
        # The document grows into an element that is open already, so that it can be looked at, and
        # what has been read be dropped, before all of it is there.
        builder = TreeBuilder()
        page = builder.start("page", {})
        parser = XMLParser(target=builder)  # noqa: S314  as botocore does: AWS is no stranger
        try:
            for start in range(0, len(self.body), CHUNK_BYTES):
                parser.feed(self.body[start : start + CHUNK_BYTES])
                if (items := page.find(f"*/{tag}")) is not None:
                    yield from map(read, items[:-1])  # the last one still grows
                    del items[:-1]
            builder.end("page")
            parser.close()
        except ParseError as error:
            raise ResponseParserError(f"the page is no XML: {error}") from error
        items = page.find(f"*/{tag}")
        if items is None:
            raise ResponseParserError("the page has no list")
        yield from map(read, items)

    def texts(self, element: str) -> list[str]:
        """Return the texts of all elements of a name: of ids and names, which are never escaped."""
        pattern = re.compile(rb"<%b>([^<]*)</%b>" % ((element.encode(),) * 2))
        return b"\n".join(pattern.findall(self.body)).decode().splitlines()


def _text(pattern: re.Pattern[bytes], body: bytes, start: int = 0) -> str | None:
    match = pattern.search(body, start) if start >= 0 else None
    return unescape(match[1].decode(), _XML_ENTITIES) if match else None


@lru_cache(maxsize=64)
def compiled(shape: Any, namespace: str) -> Read:
    """Return what reads an element of a shape, of either library's trees.

    Args:
        shape: the shape, as botocore has it.
        namespace: what the names of its elements begin with: ``{http://…}``, or nothing.
    """
    if shape.type_name == "structure":
        fields = {
            namespace + member.serialization.get("name", name): (name, compiled(member, namespace))
            for name, member in shape.members.items()
        }
        return _structure(fields)
    if shape.type_name == "list":
        read = compiled(shape.member, namespace)
        return lambda element: [read(child) for child in element]
    return _SCALARS[shape.type_name]


def _structure(fields: Mapping[str, tuple[str, Read]]) -> Read:
    get = fields.get

    def read(element: Element) -> dict[str, Any]:
        values = {}
        for child in element:
            field = get(child.tag)
            if field is not None:
                values[field[0]] = field[1](child)
        return values

    return read


def moment(text: str) -> datetime:
    """Return a time as EC2 writes it, or as botocore reads it.

    Raises:
        ValueError: it is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parse_timestamp(text)


_SCALARS: Final[Mapping[str, Read]] = {
    "string": lambda element: element.text or "",
    "integer": lambda element: int(element.text or ""),
    "long": lambda element: int(element.text or ""),
    "boolean": lambda element: element.text == "true",
    "timestamp": lambda element: moment(element.text or ""),
}
