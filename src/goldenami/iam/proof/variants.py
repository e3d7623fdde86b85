"""Cases that a file describes together: several calls, and whatever they are tried with.

``ways`` has a call for each label, which takes the place of ``<way>`` in the case's name. ``each``
has lists of labels and values: in the name stands the label, in the call and its parameters the
value. A case is made of every combination.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

PLACEHOLDER = re.compile(r"<(\w+)>")
"""A name that something else takes the place of."""


def combinations(each: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, tuple[str, Any]]]:
    """Yield every choice of one label and its value for each name."""
    for chosen in product(*(values.items() for values in each.values())):
        yield dict(zip(each, chosen, strict=True))


def named(text: str, labels: Mapping[str, str]) -> str:
    """Return a name with every label filled in."""
    return PLACEHOLDER.sub(lambda name: labels.get(name[1], name[0]), text)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return parameters with every value filled in; what is no text stands alone in its place."""

    def fill(text: str) -> Any:
        alone = PLACEHOLDER.fullmatch(text)
        if alone and alone[1] in values:
            return values[alone[1]]
        return PLACEHOLDER.sub(lambda name: str(values.get(name[1], name[0])), text)

    return with_texts(value, fill)


def with_texts(value: Any, change: Callable[[str], Any]) -> Any:
    """Return parameters with every text in them changed, however deep, and every key."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(key): with_texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_texts(inner, change) for inner in value]
    return value
