"""Filter values with wildcards, and pages.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from goldenami_sandbox.ec2.errors import bad_value

T = TypeVar("T")
Described = Mapping[str, Any]


def matches(values: Iterable[Any], wishes: Sequence[str]) -> bool:
    r"""Say whether a value is as one of the wishes; ``*`` and ``?`` are wildcards, ``\*`` is none.

    Args:
        values: what a resource has, which may be times, numbers or nothing.
        wishes: the values of a filter.
    """
    texts = [_text(value) for value in values if value is not None]
    return any(_pattern(wish).fullmatch(text) for wish in wishes for text in texts)


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


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=512)
def _pattern(wish: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    parts = re.findall(r"\\[*?\\]|.", wish, re.DOTALL)
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)
