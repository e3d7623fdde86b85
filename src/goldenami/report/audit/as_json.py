"""The audit's document itself (``goldenami.audit/v1``), never all of it in memory."""

from typing import TextIO

import msgspec

from goldenami.domain.audit.digest import Digest
from goldenami.domain.audit.document import Document
from goldenami.report.audit.items import encode, write_list


def write(document: Document, out: TextIO) -> None:
    """Write the document as JSON: its head indented, a line for each finding, its digest."""
    digest = Digest(document.audit)
    head = msgspec.json.format(encode(document.audit), indent=2).decode()
    out.write(head.removesuffix("\n}"))
    for name, items in (("findings", document.findings), ("waived", document.waived)):
        out.write(f',\n  "{name}": ')
        write_list(out, digest.including(name, items), indent="    ", end="  ")
    out.write(f',\n  "digest": "{digest.text}"\n}}\n')
