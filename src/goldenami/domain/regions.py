"""Regions by name: which partition has one, and which one was meant."""

from collections.abc import Collection, Mapping
from itertools import takewhile

Partitions = Mapping[str, Collection[str]]
"""The regions of each partition, as far as they are known."""


def not_enabled(region: str, partition: str, partitions: Partitions) -> str:
    """Say why an account cannot use a region that is not enabled for it, and what to do.

    Args:
        region: its name.
        partition: the caller's.
        partitions: all that is known.
    """
    home = next((name for name, known in partitions.items() if region in known), "")
    if home == partition:
        return f"region `{region}` is not enabled for this account: enable it, or leave it out"
    if home:
        return f"region `{region}` is one of {home}, and the caller's account is of {partition}"
    meant = misspelt(region, partitions.get(partition, ()))
    hint = f"; did you mean `{meant}`?" if meant else ""
    return f"region `{region}` is not enabled for this account, and not known here{hint}"


def misspelt(region: str, known: Collection[str]) -> str:
    """Return the only known region that a name is one slip away from; empty if there is none.

    Another number is no slip, nor is another area: AWS opens regions that nobody knows here yet.
    """
    area = region.partition("-")[0]
    areas = {name.partition("-")[0] for name in known}
    close = [
        name
        for name in known
        if (area not in areas or name.startswith(f"{area}-")) and _is_slip(region, name)
    ]
    return close[0] if len(close) == 1 else ""


def _is_slip(text: str, name: str) -> bool:
    """Say whether a letter is wrong, missing or too many, or two letters are exchanged."""
    start = _common(text, name)
    wrong, right = text[start:], name[start:]
    end = _common(wrong[::-1], right[::-1])
    wrong, right = wrong[: len(wrong) - end], right[: len(right) - end]
    exchanged = len(wrong) == len(right) == 2 and wrong == right[::-1]
    numbers = wrong.isdigit() and right.isdigit()
    return exchanged or (len(wrong) <= 1 and len(right) <= 1 and not numbers)


def _common(text: str, name: str) -> int:
    """Return how many letters two words begin with together."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, name, strict=False)))
