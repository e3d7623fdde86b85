"""What every part of the users' files is."""

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the release file: frozen, and a misspelt key is an error.

    ``refused_keys`` are keys that somebody may look for, and what to say to that.
    """

    refused_keys: ClassVar[Mapping[str, str]] = {}
