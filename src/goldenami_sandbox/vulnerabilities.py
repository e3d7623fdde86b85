"""What the sandbox's Amazon Inspector finds on instances: a test or a rehearsal says it."""

from typing import Literal

from msgspec import Struct


class Vulnerability(Struct, frozen=True, kw_only=True):
    """A vulnerability in one package, with its version and release (``5.6.0-1.amzn2023``).

    ``fixed_in`` is empty while there is no fix. ``suppressed`` is what a suppression rule of the
    account hides.
    """

    id: str
    severity: Literal["UNTRIAGED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
    package: str
    version: str
    fixed_in: str = ""
    suppressed: bool = False
