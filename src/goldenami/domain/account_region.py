"""Where something is: a region of an account, and by which role it is reached."""

from msgspec import Struct


class AccountRegion(Struct, frozen=True):
    """One region of one account.

    Args:
        account: the account's id; always there, the caller's own included.
        region: the region.
        role: the ARN of the role by which another account is reached; empty for the caller's own.
    """

    account: str
    region: str
    role: str = ""

    @property
    def is_home(self) -> bool:
        """Whether it is reached without a role: in the caller's own account."""
        return not self.role

    @property
    def name(self) -> str:
        """Its short name, of which the account is a part only where a role is needed."""
        return str(self) if self.role else self.region

    def __str__(self) -> str:
        """Name it in full: ``444455556666/us-east-1``."""
        return f"{self.account}/{self.region}"
