"""One AWS call as the sandbox saw it, and the error a guard may answer it with."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

Protocol = Literal["ec2", "query", "json", "rest-json", "rest-xml"]


class Call(Struct, frozen=True):
    """A request, read: who asked which operation of which service in which region.

    ``parameters`` has the names and the shape that boto3 gives them. ``access_key_id`` is empty
    if the request is not signed.
    """

    service: str
    operation: str
    region: str
    access_key_id: str
    parameters: Mapping[str, Any]
    protocol: Protocol = "query"

    @property
    def name(self) -> str:
        """``service:Operation``, as IAM names it."""
        return f"{self.service}:{self.operation}"


class Sent(Struct, frozen=True, kw_only=True):
    """An answer on its way: HTTP status, headers and body.

    ``ends_after`` is how many bytes of the body are sent before the connection ends; None for all.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    ends_after: int | None = None


Damage = Callable[[Call, Sent], Sent]
"""What happens to an answer on its way."""


class Refusal(Struct, frozen=True):
    """An error answer. ``applied`` refusals come after the call has taken effect.

    ``reset`` closes the connection instead of answering. One without a code only delays the call,
    by ``delay_s``, or has its answer damaged.
    """

    code: str
    message: str
    status: int = 400
    applied: bool = False
    reset: bool = False
    delay_s: float = 0.0
    damage: Damage | None = None

    @property
    def passes(self) -> bool:
        """Whether the call is answered as if nothing had happened."""
        return not self.code and not self.reset and self.damage is None


Guard = Callable[[Call], Refusal | None]
