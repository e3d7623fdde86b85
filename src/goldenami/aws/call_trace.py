"""What calls were made: where, how each ended, and how long it took; nothing of what was in them.

A parameter or an answer may be a secret, or name one.
"""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from msgspec import Struct

from goldenami.aws import botocore_private as private

_BEGUN = "goldenami_begun"


class TracedCall(Struct, frozen=True, kw_only=True):
    """One call of AWS, with all its attempts.

    ``status`` is that of HTTP, with AWS's code behind it if that is an error, or why no answer
    came.
    """

    operation: str
    region: str
    status: str
    milliseconds: int
    retries: int = 0

    def __str__(self) -> str:
        """Show it as one line."""
        line = f"{self.operation} {self.region} {self.status} {self.milliseconds} ms"
        retries = f", {self.retries} {'retry' if self.retries == 1 else 'retries'}"
        return f"{line}{retries}" if self.retries else line


Heard = Callable[[TracedCall], None]


def follow(session: Any, heard: Heard) -> None:
    """Have every call of a botocore session told, once it has ended, from whichever thread."""

    def begin(model: Any, context: dict[str, Any], **_: Any) -> None:
        operation = f"{model.service_model.service_name}:{model.name}"
        context[_BEGUN] = (operation, monotonic())

    def end(context: Mapping[str, Any], status: str, retries: int = 0) -> None:
        operation, begun = context[_BEGUN]
        heard(
            TracedCall(
                operation=operation,
                region=str(context.get("client_region", "")),
                status=status,
                milliseconds=round(1_000 * (monotonic() - begun)),
                retries=retries,
            )
        )

    def answered(context: Mapping[str, Any], http_response: Any, parsed: Any, **_: Any) -> None:
        code = parsed.get("Error", {}).get("Code", "") if http_response.status_code >= 300 else ""
        retries = parsed.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        end(context, f"{http_response.status_code} {code}".strip(), retries)

    def failed(exception: Exception, context: Mapping[str, Any], **_: Any) -> None:
        if _BEGUN in context:
            end(context, type(exception).__name__)

    private.around_calls(session, begin, answered, failed)
