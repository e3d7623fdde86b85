"""What botocore's documentation says of a listing: items, filters, and sizes of pages."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from typing import Any

from moto.core.utils import get_service_model
from msgspec import Struct

LEAST, MOST = 5, 1000
"""The sizes of a page where the documentation does not tell them."""
_UNTOLD: Mapping[str, tuple[int, int]] = {
    "DescribeFleets": (1, MOST),
    "DescribeImages": (1, MOST),
    "DescribeSpotFleetRequests": (1, MOST),
    "DescribeSpotPriceHistory": (1, MOST),
}
_ITEMS: Mapping[str, tuple[str, ...]] = {"DescribeInstances": ("Reservations", "Instances")}
LEFT_TO_MOTO: Mapping[str, str] = {
    "DescribeVpcEndpointServices": "it lists the same services twice, by name and at length",
    "SearchTransitGatewayRoutes": "its filters are the search itself",
}
"""Operations with filters that are no listing, and why."""
_NESTING = re.compile(
    r"<ul>|</ul>|<li>\s*<p>\s*<code>([^<]+)</code>|You can also use (.+?) as the filter name"
)
_CODE = re.compile(r"<code>([^<]+)</code>")
_ONCE_DOCUMENTED: Mapping[str, tuple[str, ...]] = {"DescribeVpcs": ("isDefault",)}
"""Filters that older versions of the documentation name, and that EC2 still takes."""
_RANGE = re.compile(r"between ([\d,]+) and ([\d,]+)")
_LARGEST = re.compile(r"(?:up to a limit of|maximum is) ([\d,]+)")
_CUT = re.compile(r"only [\d,]+ (?:results|items)")
_DEFAULT = re.compile(r"Default: ([\d,]+)")


_NOT_OF_ITEMS = (
    "DescribeImageReferences",
    "DescribeImageUsageReportEntries",
    "DescribeImageUsageReports",
)
"""Operations whose ids are not those of what they list, and go together with a page's size."""


class Sizes(Struct, frozen=True):
    """How many items a page may have. ``cuts``: a larger wish is no error, and gets ``most``."""

    least: int
    most: int
    default: int | None
    cuts: bool


class DocumentedListing(Struct, frozen=True):
    """An operation that lists things.

    Args:
        operation: its name.
        items: the members of the answer that lead to the items.
        filter_parameter: the parameter with the filters; empty if it has none.
        filters: the names of its filters, but for those of tags.
        sizes: of its pages; None if it has none.
        ids: the parameter with ids of items; empty if it has none.
    """

    operation: str
    items: tuple[str, ...]
    filter_parameter: str
    filters: tuple[str, ...]
    sizes: Sizes | None
    ids: str


@cache
def listing(operation: str) -> DocumentedListing | None:
    """Return what an operation of EC2 lists; None if it is no listing."""
    model: Any = get_service_model("ec2").operation_model(operation)
    if model.input_shape is None or model.output_shape is None or operation in LEFT_TO_MOTO:
        return None
    inputs: Mapping[str, Any] = model.input_shape.members
    filtered = next((name for name in ("Filters", "Filter") if name in inputs), "")
    lists = [
        name
        for name, shape in model.output_shape.members.items()
        if shape.type_name == "list" and shape.member.type_name == "structure"
    ]
    if len(lists) != 1 or not (filtered or "MaxResults" in inputs):
        return None
    return DocumentedListing(
        operation,
        _ITEMS.get(operation, (lists[0],)),
        filtered,
        _all_filters(operation, inputs[filtered].documentation) if filtered else (),
        _sizes(operation, inputs["MaxResults"]) if "MaxResults" in inputs else None,
        _ids(operation, inputs),
    )


def _ids(operation: str, inputs: Mapping[str, Any]) -> str:
    names = () if operation in _NOT_OF_ITEMS else inputs
    return next((name for name in names if name.endswith("Ids") and name != "OwnerIds"), "")


def _all_filters(operation: str, documentation: str) -> tuple[str, ...]:
    return (*_filters(documentation), *_ONCE_DOCUMENTED.get(operation, ()))


def _filters(documentation: str) -> Iterator[str]:
    """Yield the names in the outer list of a text; inner ones list a filter's values."""
    depth = 0
    for match in _NESTING.finditer(documentation):
        depth += {"<ul>": 1, "</ul>": -1}.get(match[0], 0)
        name = unescape(match[1] or "").strip()
        if name and depth == 1 and not name.startswith("tag"):
            yield name
        yield from _CODE.findall(match[2] or "")


def _sizes(operation: str, shape: Any) -> Sizes:
    text, known = shape.documentation, shape.metadata
    least, most = _UNTOLD.get(operation, (LEAST, MOST))
    if ends := _RANGE.search(text):
        least, most = (_number(end) for end in ends.groups())
    if largest := _LARGEST.search(text):
        most = _number(largest[1])
    default = _DEFAULT.search(text)
    return Sizes(
        known.get("min", least),
        known.get("max", most),
        _number(default[1]) if default else None,
        _CUT.search(text) is not None,
    )


def _number(text: str) -> int:
    return int(text.replace(",", ""))
