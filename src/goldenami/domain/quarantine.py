"""The note on an instance in quarantine: which security groups each of its interfaces had."""

import re
from collections.abc import Mapping

from goldenami.domain.tags import QUARANTINED_FROM, VALUE_LENGTH

TAG = QUARANTINED_FROM
Note = Mapping[str, tuple[str, ...]]
"""The security groups by network interface."""

_ENTRY = re.compile(r"eni-[0-9a-f]+=sg-[0-9a-f]+(?:,sg-[0-9a-f]+)*")


def read(text: str) -> Note | None:
    """Return what a note says; None if it is none of goldenami's."""
    entries = text.split()
    if not all(_ENTRY.fullmatch(entry) for entry in entries):
        return None
    split = (entry.split("=") for entry in entries)
    return {interface: tuple(groups.split(",")) for interface, groups in split}


def written(note: Note) -> str | None:
    """Return a note as a tag's value; None if it does not fit into one."""
    text = " ".join(f"{interface}={','.join(groups)}" for interface, groups in note.items())
    return text if len(text) <= VALUE_LENGTH else None


def joined(note: Note, interfaces: Mapping[str, tuple[str, ...]], group: str) -> Note:
    """Return a note with the interfaces that it does not have yet, but for those in quarantine.

    What it has already stays: it is what they were before the first quarantine.

    Args:
        note: the note that is there.
        interfaces: the groups that each interface has now.
        group: the group of the quarantine.
    """
    further = {
        name: groups
        for name, groups in interfaces.items()
        if name not in note and groups != (group,)
    }
    return {**note, **further}
