"""Locks of snapshots: what is locked cannot be deleted; moto lacks them.

AWS does not publish the codes of these errors: here are those of EC2 for such mistakes elsewhere.
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshot-lock.html
https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-lock-concepts.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LockSnapshot.html
"""

from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_block_store import Snapshot
from msgspec import Struct
from msgspec.structs import replace

from goldenami_sandbox.ec2.errors import bad_combination, bad_value

GOVERNANCE, COMPLIANCE, COOLING, EXPIRED = (
    "governance",
    "compliance",
    "compliance-cooloff",
    "expired",
)
DAYS, HOURS = (1, 36_500), (1, 72)


class LockWish(Struct, frozen=True):
    """What LockSnapshot asks for: either days or the end, and hours only for ``compliance``.

    Raises:
        EC2ClientError: it asks for something else.
    """

    mode: str
    days: int | None = None
    expires: datetime | None = None
    hours: int | None = None

    def __post_init__(self) -> None:
        if (self.days is None) == (self.expires is None):
            raise bad_combination("Specify either LockDuration or ExpirationDate, but not both")
        if self.hours is not None and self.mode != COMPLIANCE:
            raise bad_combination("CoolOffPeriod can be specified only for the compliance mode")
        _check_range("LockDuration", self.days, *DAYS)
        _check_range("CoolOffPeriod", self.hours, *HOURS)
        if self.expires is not None and self.expires <= utcnow():
            raise bad_value("ExpirationDate must be in the future")


class Lock(Struct, frozen=True):
    """A lock of one snapshot, as it was last asked for.

    Args:
        mode: ``governance`` or ``compliance``.
        created: when the snapshot was locked.
        expires: when the lock ends.
        hours: how long a lock in compliance mode can be changed.
        cooled: until when that is.
    """

    mode: str
    created: datetime
    expires: datetime
    hours: int | None = None
    cooled: datetime | None = None

    @property
    def state(self) -> str:
        """The lock's state now."""
        if self.expires <= utcnow():
            return EXPIRED
        cooling = self.cooled is not None and self.cooled > utcnow()
        return COOLING if cooling else self.mode

    def described(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return it as EC2 describes it; its time begins once the snapshot is complete."""
        begun = snapshot.status == "completed"
        return {
            "SnapshotId": snapshot.id,
            "OwnerId": snapshot.owner_id,
            "LockState": self.state,
            "LockDuration": _days(self.expires - self.created),
            "CoolOffPeriod": self.hours,
            "CoolOffPeriodExpiresOn": self.cooled,
            "LockCreatedOn": self.created,
            "LockDurationStartTime": self.created if begun else None,
            "LockExpiresOn": self.expires if begun else None,
        }


def locked(before: Lock | None, wish: LockWish) -> Lock:
    """Return the lock that a request leads to.

    Args:
        before: the snapshot's lock, if it has one.
        wish: what is asked for.

    Raises:
        EC2ClientError: the lock that there is cannot be changed so.
    """
    now = utcnow()
    if before is None or before.state == EXPIRED:
        before = Lock(wish.mode, now, now)
    elif before.state == COMPLIANCE:
        return _extended(before, wish)
    cooled = now + timedelta(hours=wish.hours) if wish.hours else None
    return Lock(wish.mode, before.created, _end(before, wish), wish.hours, cooled)


def _extended(before: Lock, wish: LockWish) -> Lock:
    """Return a lock that can only be made longer."""
    if wish.mode != COMPLIANCE or wish.hours is not None or _end(before, wish) < before.expires:
        raise not_permitted(
            "The snapshot is locked in compliance mode and its cooling-off period has expired: "
            "the lock duration can only be increased."
        )
    return replace(before, expires=_end(before, wish))


def _end(lock: Lock, wish: LockWish) -> datetime:
    return wish.expires or lock.created + timedelta(days=wish.days or 0)


def not_permitted(message: str) -> EC2ClientError:
    """What a lock forbids."""
    return EC2ClientError("OperationNotPermitted", message)


def _days(duration: timedelta) -> int:
    return -(-duration // timedelta(days=1))


def _check_range(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise bad_value(f"Value ({value}) for {name} must be between {least} and {most}")
