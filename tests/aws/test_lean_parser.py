"""The lean parser reads what botocore's own reads, from any page."""

from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from xml.sax.saxutils import escape

import pytest
from botocore.parsers import ResponseParserError, create_parser
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from goldenami.aws.lean_parser import CHUNK_BYTES, LISTINGS, LeanFactory, LeanParser

OPERATIONS = ("DescribeInstanceImageMetadata", "DescribeInstances", "DescribeImages")
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)
TIMES = st.integers(1_136_073_600_000, 4_102_444_800_000).map(
    lambda ms: datetime.fromtimestamp(ms / 1000, UTC)
)
SCALARS: dict[str, st.SearchStrategy[str]] = {
    "string": TEXT,
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "long": st.integers(0, 2**63 - 1).map(str),
    "boolean": st.sampled_from(["true", "false"]),
    "timestamp": TIMES.map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"),
}


@cache
def output(operation: str) -> Any:
    return get_session().get_service_model("ec2").operation_model(operation).output_shape


@cache
def element(shape: Any) -> st.SearchStrategy[str]:
    """What can stand within an element of this shape."""
    if shape.type_name == "structure":
        return st.sets(st.sampled_from(sorted(shape.members)), max_size=6).flatmap(
            lambda names: members(shape, names)
        )
    if shape.type_name == "list":
        return st.lists(element(shape.member), max_size=3).map(
            lambda items: "\n".join(f"<item>{item}</item>" for item in items)
        )
    return SCALARS[shape.type_name].map(lambda text: escape(text, {'"': "&quot;"}))


def members(shape: Any, names: set[str]) -> st.SearchStrategy[str]:
    """Some of a structure's members, in their order; the others are absent."""
    drawn = []
    for name in sorted(names):
        member = shape.members[name]
        tag = member.serialization.get("name", name)
        drawn.append(element(member).map(partial(_enclosed, tag)))
    return st.tuples(*drawn).map("\n    ".join)


def _enclosed(tag: str, inside: str) -> str:
    return f"<{tag}>{inside}</{tag}>"


def page(operation: str, items: list[str], token: str | None, namespace: str = NAMESPACE) -> bytes:
    listing = output(operation).members[LISTINGS[output(operation).name]].serialization["name"]
    told = "".join(f"\n  <item>{item}</item>" for item in items)
    more = "" if token is None else f"<nextToken>{escape(token)}</nextToken>"
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{operation}Response{xmlns}>\n'
        f"<requestId>59dbff89&amp;1</requestId><{listing}>{told}\n</{listing}>{more}\n"
        f"</{operation}Response>\n"
    ).encode()


def both(operation: str, body: bytes, status: int = 200) -> tuple[Any, Any]:
    """What botocore reads, and what the lean parser does."""
    response = {"body": body, "status_code": status, "headers": {"Date": "now"}, "context": {}}
    expected = create_parser("ec2").parse(response, output(operation))
    found = LeanParser().parse(response, output(operation))
    listing = LISTINGS[output(operation).name]
    if listing in found:
        found[listing] = list(found[listing])
        found["ResponseMetadata"].pop("RetryAttempts")
    return expected, found


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=120)
@given(data=st.data())
def test_any_page_is_read_as_botocore_reads_it(operation: str, data: st.DataObject) -> None:
    item = output(operation).members[LISTINGS[output(operation).name]].member
    items = data.draw(st.lists(element(item), max_size=4))
    token = data.draw(st.none() | TEXT)
    expected, found = both(operation, page(operation, items, token))
    assert found == expected


FIFTY_TAGS = "".join(
    f"<item><key>k{n}</key><value>ключ &lt;{n}&gt; &amp; \N{GRINNING FACE}</value></item>"
    for n in range(50)
)
INSTANCE = (
    "<instanceId>i-1</instanceId><launchTime>2026-11-23T14:05:09Z</launchTime><instanceState>"
    f"<code>16</code><name>running</name></instanceState><tagSet>{FIFTY_TAGS}</tagSet>"
)
PAGES: dict[str, tuple[str, bytes]] = {
    "fifty tags, unicode and entities": (
        OPERATIONS[0], page(OPERATIONS[0], [INSTANCE] * 30, "a&b<c>\"'"),
    ),
    "a page of many chunks": (
        OPERATIONS[0], page(OPERATIONS[0], [INSTANCE] * (4 * CHUNK_BYTES // len(INSTANCE)), None),
    ),
    "no items": (OPERATIONS[0], page(OPERATIONS[0], [], None)),
    "no namespace": (OPERATIONS[0], page(OPERATIONS[0], [INSTANCE], None, namespace="")),
    "elements that the model does not know": (
        OPERATIONS[0], page(OPERATIONS[0], ["<new><item>1</item></new>" + INSTANCE], None),
    ),
    "a time in another form": (
        OPERATIONS[0], page(OPERATIONS[0], ["<launchTime>1763906709</launchTime>"], None),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "body"), PAGES.values(), ids=PAGES.keys())
def test_a_page_is_read_as_botocore_reads_it(operation: str, body: bytes) -> None:
    expected, found = both(operation, body)
    assert found == expected


def test_a_page_without_its_list_is_not_an_empty_one() -> None:
    body = f'<DescribeInstancesResponse xmlns="{NAMESPACE}"><requestId>1</requestId>'
    body += "</DescribeInstancesResponse>"
    with pytest.raises(ResponseParserError, match="the page has no list"):
        both(OPERATIONS[1], body.encode())


def test_a_page_can_be_read_twice() -> None:
    response = {"body": PAGES["fifty tags, unicode and entities"][1], "status_code": 200}
    items = LeanParser().parse({**response, "headers": {}}, output(OPERATIONS[0]))
    listed = items["InstanceImageMetadata"]
    assert list(listed) == list(listed)


def test_an_error_is_botocores() -> None:
    body = (
        b"<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow</Message></Error>"
        b"</Errors><RequestID>1</RequestID></Response>"
    )
    expected, found = both(OPERATIONS[0], body, status=503)
    assert found == expected
    assert found["Error"]["Code"] == "RequestLimitExceeded"


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_half_a_page_is_an_error_before_anything_is_read_of_it(cut: int) -> None:
    body = page(OPERATIONS[0], [INSTANCE], None)[:-cut].rstrip(b">")
    with pytest.raises(ResponseParserError):
        both(OPERATIONS[0], body)


def test_a_broken_page_is_an_error_when_it_is_read() -> None:
    body = page(OPERATIONS[0], ["<instanceId>i-1</wrong>"], None)
    response = {"body": body, "status_code": 200, "headers": {}}
    items = LeanParser().parse(response, output(OPERATIONS[0]))["InstanceImageMetadata"]
    with pytest.raises(ResponseParserError, match="the page is no XML"):
        list(items)


def test_other_protocols_keep_their_parsers() -> None:
    assert isinstance(LeanFactory().create_parser("ec2"), LeanParser)
    assert not isinstance(LeanFactory().create_parser("json"), LeanParser)
