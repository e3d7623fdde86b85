"""What is said at the head of a document."""

import textwrap
from collections.abc import Iterable

WIDTH = 98


def listed(title: str, items: Iterable[str]) -> str:
    """Return a title with an item below it for each text; empty if there is none."""
    lines = [line for item in items for line in _wrapped(item)]
    return "\n".join([f"{title}:", *lines]) if lines else ""


def _wrapped(item: str) -> list[str]:
    return textwrap.wrap(
        item,
        WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
