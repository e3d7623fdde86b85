"""A policy that IAM or Organizations keeps, as it is now."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, Literal

from msgspec import Struct

from goldenami.domain import tags

HolderKind = Literal["group", "role-boundary", "organization-target"]
"""Group, role that it is the boundary of, or root, unit or account: what it can be bound to."""


class KeptPolicy(Struct, frozen=True, kw_only=True):
    """A managed policy of an account, or a policy of an organization.

    Args:
        key: what it is known by before there is one: its ARN, or its name.
        reference: what calls name it by: its ARN, or its id.
        document: what it says; of several versions the default one.
        tags: its tags.
        prunable: the versions that must go before a new one fits.
        superseded: the versions beside the default one, which must go before the policy.
        newest: the number of its newest version, 0 if it has none.
        holders: the names of those that it is attached to, by their kind.
        elsewhere: in words, what else it is attached to.
    """

    key: str
    reference: str
    document: dict[str, Any]
    tags: Mapping[str, str]
    prunable: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    newest: int = 0
    holders: Mapping[HolderKind, tuple[str, ...]] = {}
    elsewhere: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, which is the end of its ARN."""
        return self.key.rpartition("/")[2]

    @property
    def ours(self) -> bool:
        """Tell whether goldenami made it."""
        return tags.POLICY in self.tags

    @property
    def enforcement(self) -> str:
        """The enforcement whose name it carries, empty if it carries none."""
        return self.tags.get(tags.ENFORCED_BY, "")

    @property
    def of_organization(self) -> bool:
        """Tell whether an organization keeps it."""
        return "organization-target" in self.holders

    @property
    def attached(self) -> bool:
        """Tell whether it is attached to anything."""
        return bool(self.all_holders or self.elsewhere)

    @property
    def all_holders(self) -> tuple[str, ...]:
        """The names of its holders of all kinds."""
        return tuple(chain.from_iterable(self.holders.values()))
