"""Where an image of a release is: a region of the caller's account, or of another one."""

from msgspec import Struct


class Place(Struct, frozen=True):
    """A region, and whose.

    Args:
        region: the region.
        account: the other account's id, empty for the caller's own.
        role: the ARN of the role by which the other account is reached.
    """

    region: str
    account: str = ""
    role: str = ""

    def __str__(self) -> str:
        """Name it as ids of actions and reports do: ``us-east-1``, ``444455556666/us-east-1``."""
        return f"{self.account}/{self.region}" if self.account else self.region
