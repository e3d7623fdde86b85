"""A caller in one region: what is asked there, and who is named in errors."""

from typing import TYPE_CHECKING, Any

from goldenami.aws.ask import Asking

if TYPE_CHECKING:
    from goldenami.aws.session import Aws


class RegionalAws(Asking):
    """One caller's AWS in one region.

    Args:
        aws: the caller.
        region: the region.
    """

    __slots__ = ("aws", "region")

    def __init__(self, aws: "Aws", region: str) -> None:
        self.aws = aws
        self.region = region

    @property
    def account(self) -> str:
        """The account's id."""
        return self.aws.account

    @property
    def where(self) -> str:
        """The region, and the account before it if it is another one than the caller's."""
        return "/".join(part for part in (self.aws.where, self.region) if part)

    def client(self, service: str) -> Any:
        """Return the client of a service in the region."""
        return self.aws.client(service, self.region)
