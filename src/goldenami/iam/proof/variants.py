"""Cases that a file describes together: several calls, and whatever they are tried with.

``ways`` has a call for each label, which takes the place of ``<way>`` in the case's name. ``each``
has lists of labels and values: in the name stands the label, in the call and its parameters the
value. A case is made of every combination.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

_PLACEHOLDER = re.compile(r"<(\w+)>")


def combinations(each: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, tuple[str, Any]]]:
    """Yield every choice of one label and its value for each name."""
    for chosen in product(*(values.items() for values in each.values())):
        yield dict(zip(each, chosen, strict=True))


def named(text: str, labels: Mapping[str, str]) -> str:
    """Return a name with every label filled in."""
    return _PLACEHOLDER.sub(lambda name: labels.get(name[1], name[0]), text)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return parameters with every value filled in; what is no text stands alone in its place."""
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        if alone and alone[1] in values:
            return values[alone[1]]
        return _PLACEHOLDER.sub(lambda name: str(values.get(name[1], name[0])), value)
    if isinstance(value, Mapping):
        return {filled(key, values): filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values) for inner in value]
    return value
