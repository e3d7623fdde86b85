"""When Python looks for garbage: seldom, since that takes a tenth of a start.

Modules, AWS's models and its answers are many objects, and next to none of them in a cycle.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

COLLECT_AFTER = 200_000
"""How many new objects Python looks for cycles after."""


def collect_seldom() -> None:
    """Look for cycles seldom from now on."""
    gc.set_threshold(COLLECT_AFTER, 50, 100)


@contextmanager
def never_collected() -> Iterator[None]:
    """Look for none in the block, which has next to no garbage and ends soon."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
