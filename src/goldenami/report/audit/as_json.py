"""The audit's document itself (``goldenami.audit/v1``)."""

from typing import TextIO

import msgspec

from goldenami.domain.audit import Audit


def write(audit: Audit, out: TextIO) -> None:
    """Write the document as indented JSON."""
    out.write(msgspec.json.format(msgspec.json.encode(audit), indent=2).decode() + "\n")
