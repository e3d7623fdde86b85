"""A policy that IAM or Organizations keeps, as it is now."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from goldenami.domain import tags


class KeptPolicy(Struct, frozen=True, kw_only=True):
    """What the policies of both services have in common.

    Args:
        key: what it is known by before there is one: its ARN, or its name.
        reference: what calls name it by: its ARN, or its id.
        document: what it says; of several versions the default one.
        tags: its tags.
        prunable: the versions that must go before a new one fits.
        superseded: the versions beside the default one, which must go before the policy.
    """

    key: str
    reference: str
    document: dict[str, Any]
    tags: Mapping[str, str]
    prunable: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Tell whether goldenami made it."""
        return tags.POLICY in self.tags
