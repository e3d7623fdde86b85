"""A caller in one region: what is asked there, and who is named in errors."""

from typing import TYPE_CHECKING, Any

from goldenami.aws.ask import Asking
from goldenami.domain.account_region import AccountRegion

if TYPE_CHECKING:
    from goldenami.aws.session import Aws


class RegionalAws(Asking):
    """One caller's AWS in one region.

    Args:
        aws: the caller.
        region: the region.
        place: the same with its account, if that is known already.
    """

    __slots__ = ("_place", "aws", "region")

    def __init__(self, aws: "Aws", region: str, place: AccountRegion | None = None) -> None:
        self.aws = aws
        self.region = region
        self._place = place

    @property
    def place(self) -> AccountRegion:
        """The region and its account, with the role by which the caller acts there."""
        return self._place or AccountRegion(self.aws.account, self.region)

    @property
    def account(self) -> str:
        """The account's id."""
        return self.place.account

    @property
    def where(self) -> str:
        """The region, and the account before it if it is another one than the caller's."""
        return "/".join(part for part in (self.aws.where, self.region) if part)

    def client(self, service: str) -> Any:
        """Return the client of a service in the region."""
        return self.aws.client(service, self.region)
