"""The audit as one message to people: its subject, then what is wrong, new and unread."""

from typing import TextIO

from goldenami.domain.audit.document import Document
from goldenami.report import notification


def write(document: Document, out: TextIO) -> None:
    """Write the message as `goldenami audit --notify` sends it: subject, empty line, text."""
    message = notification.of_audit(document)
    out.write(f"{message.subject}\n\n{message.text}\n")
