"""Filters and pages, as every Describe call of EC2 has them.

moto refuses filters that AWS knows, and leaves most listings without pages.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-pagination.html
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from goldenami_sandbox.ec2.errors import bad_value

T = TypeVar("T")
Described = Mapping[str, Any]
Filters = Mapping[str, Sequence[str]]
Field = Callable[[Described], Any]


def filtered(
    described: Iterable[Described], filters: Filters, fields: Mapping[str, Field]
) -> list[Described]:
    """Return what matches all filters.

    Args:
        described: resources as AWS describes them.
        filters: filter name to values, of which one must match; ``*`` and ``?`` are wildcards.
        fields: the filters this call has, and where each finds its value. The tag filters
            ``tag:KEY``, ``tag-key`` and ``tag-value`` need not be named.

    Raises:
        EC2ClientError: InvalidParameterValue, for a filter the call does not have.
    """
    tests = [(_field(name, fields), values) for name, values in filters.items()]
    return [
        resource
        for resource in described
        if all(_matches(field(resource), wish) for field, wish in tests)
    ]


def page(items: Sequence[T], max_results: int | None, token: str | None) -> tuple[list[T], str]:
    """Return one page, and the token of the next (empty after the last).

    Raises:
        EC2ClientError: InvalidParameterValue, for a token that no page gave.
    """
    try:
        start = int((token or "page-0").removeprefix("page-"))
    except ValueError:
        raise bad_value(f"Invalid value '{token}' for nextToken") from None
    end = start + max_results if max_results else len(items)
    return list(items[start:end]), f"page-{end}" if end < len(items) else ""


def _field(name: str, fields: Mapping[str, Field]) -> Field:
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda resource: [
            tag["Value"] for tag in resource["Tags"] or [] if tag["Key"] == key
        ]
    if name in ("tag-key", "tag-value"):
        part = name.removeprefix("tag-").capitalize()
        return lambda resource: [tag[part] for tag in resource["Tags"] or []]
    if name not in fields:
        raise bad_value(f"The filter '{name}' is invalid")
    return fields[name]


def _matches(actual: Any, wishes: Sequence[str]) -> bool:
    values = actual if isinstance(actual, list) else [actual]
    texts = [_text(value) for value in values if value is not None]
    return any(_pattern(wish).fullmatch(text) for wish in wishes for text in texts)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=512)
def _pattern(wish: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(char) or re.escape(char) for char in wish), re.DOTALL)
