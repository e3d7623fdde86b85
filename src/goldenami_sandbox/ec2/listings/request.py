"""What a request wishes of a listing, and the answer that it gets.

What moto answers is read as moto's serializer reads it, so that only one page is written out.
"""

import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from moto.core.utils import get_service_model
from moto.ec2.exceptions import EC2ClientError
from msgspec import Struct

from goldenami_sandbox.ec2.errors import bad_combination, bad_value
from goldenami_sandbox.ec2.listings import paths
from goldenami_sandbox.ec2.listings.documented import DocumentedListing, Sizes, listing
from goldenami_sandbox.listing import matches
from goldenami_sandbox.serialization.picking import members_of

MOST_VALUES = 200
_TAGS = ("Tags", "TagSet")


class Item(NamedTuple):
    """One thing of a listing, and what it stands in, as moto has them."""

    value: Any
    holder: Any = None


class Wish(Struct, frozen=True):
    """What a request wishes of a listing.

    Args:
        listing: the operation.
        filters: names and values.
        size: of the page; None for everything.
        start: how many items the pages before had.
    """

    listing: DocumentedListing
    filters: tuple[tuple[str, Sequence[str]], ...]
    size: int | None
    start: int


def taken(operation: str, parameters: MutableMapping[str, Any]) -> Wish | None:
    """Take filters and page out of a request's parameters; None if it is for no listing.

    Raises:
        EC2ClientError: a filter that the operation does not have, a page of another size than it
            allows or beside ids, or a token that no page gave.
    """
    known = listing(operation)
    if known is None:
        return None
    filters = parameters.pop(known.filter_parameter, None) or ()
    checked = tuple(_checked(known, each) for each in filters)
    if sum(len(values) for _, values in checked) > MOST_VALUES:
        raise EC2ClientError(
            "FilterLimitExceeded",
            f"The maximum number of filter values specified on a single call is {MOST_VALUES}",
        )
    if known.sizes is None:
        return Wish(known, checked, None, 0)
    size, token = parameters.get("MaxResults"), parameters.pop("NextToken", None)
    parameters["MaxResults"] = sys.maxsize  # moto has sizes of its own where none is given
    if size is not None and known.ids and parameters.get(known.ids):
        raise bad_combination(
            f"The parameter {known.ids} cannot be used with the parameter MaxResults"
        )
    return Wish(known, checked, _size(known.sizes, size), _start(operation, token))


def answer(wish: Wish, result: Any) -> dict[str, Any]:
    """Return the part of moto's answer that a request wishes."""
    operation = wish.listing.operation
    shape: Any = get_service_model("ec2").operation_model(operation).output_shape
    item_shape = paths.item_shape(operation)
    tests = [(_path(operation, name), name, values) for name, values in wish.filters]
    matching = [
        item
        for item in _items(wish.listing.items, shape, result)
        if all(
            matches(_values(item, item_shape, path, name), values) for path, name, values in tests
        )
    ]
    end = len(matching) if wish.size is None else wish.start + wish.size
    page = matching[wish.start : end]
    outer = wish.listing.items[0]
    others = {name: _member(result, shape, name) for name in shape.members if name != outer}
    if "NextToken" in shape.members:
        others["NextToken"] = _token(operation, end) if end < len(matching) else None
    return others | {outer: _grouped(page, shape.members[outer].member)}


def _checked(known: DocumentedListing, each: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    name = each.get("Name", "null")
    tag = name.startswith("tag:") or name in ("tag-key", "tag-value")
    if name not in known.filters and not (tag and _has_tags(known.operation)):
        raise bad_value(f"The filter '{name}' is invalid")
    return name, [str(value) for value in each.get("Values", ())]


def _has_tags(operation: str) -> bool:
    members = paths.item_shape(operation).members
    return operation == "DescribeTags" or any(name in members for name in _TAGS)


def _size(sizes: Sizes, size: int | None) -> int | None:
    if size is None:
        return sizes.default
    refused = f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value"
    if size < sizes.least:
        raise bad_value(f"{refused} greater than {sizes.least}.")
    if size > sizes.most and not sizes.cuts:
        raise bad_value(f"{refused} smaller than {sizes.most}.")
    return min(size, sizes.most)


def _token(operation: str, end: int) -> str:
    return urlsafe_b64encode(f"{operation}/{end}".encode()).decode()


def _start(operation: str, token: str | None) -> int:
    if token is None:
        return 0
    try:
        name, _, end = urlsafe_b64decode(token).decode().partition("/")
        if name == operation:
            return int(end)
    except ValueError:
        pass
    raise bad_value(f"Invalid value '{token}' for nextToken")


def _path(operation: str, name: str) -> paths.Path | None:
    return None if name.startswith("tag") else paths.path(operation, name)


def _items(members: Sequence[str], shape: Any, result: Any) -> Iterator[Item]:
    outer, *inner = members
    shape_of_outer = shape.members[outer].member
    for value in _member(result, shape, outer) or ():
        if inner:
            yield from (
                Item(each, value) for each in _member(value, shape_of_outer, inner[0]) or ()
            )
        else:
            yield Item(value)


def _grouped(page: Iterable[Item], shape: Any) -> list[Any]:
    """Return a page's items; those of one reservation in it again."""
    grouped: list[Any] = []
    before = None
    for item in page:
        if item.holder is None:
            grouped.append(item.value)
            continue
        if item.holder is not before:
            others = {name: _member(item.holder, shape, name) for name in shape.members}
            grouped.append(others | {"Instances": []})
            before = item.holder
        grouped[-1]["Instances"].append(item.value)
    return grouped


def _values(item: Item, shape: Any, path: paths.Path | None, name: str) -> list[Any]:
    if name.startswith("tag"):
        return list(_tags(item.value, shape, name))
    if path is None:
        return []
    first, *rest = path
    if first.startswith(paths.OF_RESERVATION):
        reservation: Any = get_service_model("ec2").shape_for("Reservation")
        return list(_walk(item.holder, reservation, (first[1:], *rest)))
    return list(_walk(item.value, shape, path))


def _walk(value: Any, shape: Any, path: Sequence[str]) -> Iterator[Any]:
    if value is None:
        return
    if shape.type_name == "list":
        for each in value:
            yield from _walk(each, shape.member, path)
    elif path:
        yield from _walk(_member(value, shape, path[0]), shape.members[path[0]], path[1:])
    else:
        yield value


def _tags(value: Any, shape: Any, name: str) -> Iterator[Any]:
    member = next((each for each in _TAGS if each in shape.members), None)
    tags = (_member(value, shape, member) or ()) if member else [value]
    tag_shape = shape.members[member].member if member else shape
    kind, _, key = name.partition(":")
    for tag in tags:
        if kind != "tag" or _member(tag, tag_shape, "Key") == key:
            yield _member(tag, tag_shape, "Key" if kind == "tag-key" else "Value")


def _member(value: Any, shape: Any, name: str) -> Any:
    return members_of(shape).pick(value, name)
