"""Names that people give: one that nothing has is an error, and never "there are none"."""

from collections.abc import Iterable

from goldenami.errors import UsageError
from goldenami.validation import closest

MOST = 8
"""How many names are listed, where none resembles the one that was given."""


def unknown(
    thing: str, name: str, known: Iterable[str], *, fix: str, notes: Iterable[str] = ()
) -> UsageError:
    """Return the error of a name that nothing has: what was probably meant, or what there is.

    Args:
        thing: what it should name, as a sentence has it: ``golden image``.
        name: the name.
        known: the names that there are.
        fix: what helps if none of them resembles it.
        notes: what else there is to know.
    """
    names = sorted(set(known))
    if close := closest(name, names):
        fix = f"did you mean `{close}`?"
    listed = f": there is {', '.join(names)}" if 0 < len(names) <= MOST and not close else ""
    return UsageError(f"there is no {thing} `{name}`{listed}", fix=fix, notes=notes)
