"""What tells a whole document of an audit from one that was cut, mended by hand or mixed up.

It is no signature: anybody can compute it. What acts on a document judges again.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from goldenami.domain.audit.document import Audit, Saved

T = TypeVar("T")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Digest:
    """The SHA-256 of a document, whatever its white space and the order of its keys.

    Args:
        audit: all but its findings.
    """

    def __init__(self, audit: Audit) -> None:
        self._hash = hashlib.sha256(_encode(audit))

    def including(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items of one of its lists, and take them in as they go by."""
        self._hash.update(f"\n{name}".encode())
        for item in items:
            self._hash.update(b"\n")
            self._hash.update(_encode(item))
            yield item

    @property
    def text(self) -> str:
        """What the document ends with, once all its lists have gone by."""
        return f"sha256:{self._hash.hexdigest()}"


def of_document(saved: Saved) -> str:
    """Return the digest of a document that was read back."""
    head = {name: getattr(saved, name) for name in Audit.__struct_fields__}
    digest = Digest(Audit(**head))
    for name, items in (("findings", saved.findings), ("waived", saved.waived)):
        for _ in digest.including(name, items):
            pass
    return digest.text
