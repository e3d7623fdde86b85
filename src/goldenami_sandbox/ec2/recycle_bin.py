"""What the Recycle Bin keeps of an account in a region: deregistered images, deleted snapshots.

What is kept can be listed, restored and tagged, and nothing else. It has a tag of AWS's own there.
When it is restored, it has its tags and its launch or volume permissions as before.
https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html
https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-working-with-amis.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from moto.ec2.models.elastic_block_store import Snapshot

from goldenami_sandbox import clock
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.retention_rules import retention

IN_BIN = "aws:recycle-bin:resource-in-bin"
"""The tag of what is in the bin."""


class Kept(NamedTuple):
    """A thing in the bin, and its time there."""

    thing: SandboxImage | Snapshot
    entered: datetime
    exits: datetime


class Discarding(Protocol):
    """The account and region whose bin it is."""

    account_id: str
    region_name: str
    tags: dict[str, dict[str, str]]


class RecycleBin:
    """The bin of one account in one region.

    Args:
        store: the account and region.
    """

    def __init__(self, store: Discarding) -> None:
        self._store = store
        self._kept: dict[str, Kept] = {}
        self._recovering: dict[str, Countdown] = {}

    def enter(self, resource_type: str, thing: SandboxImage | Snapshot) -> None:
        """Keep what is deleted, if a retention rule says so.

        Args:
            resource_type: Recycle Bin's name of its kind.
            thing: an image or a snapshot.
        """
        store = self._store
        tags = store.tags.get(thing.id, {})
        period = retention(store.account_id, store.region_name, resource_type, tags)
        if period is None:
            return
        now = clock.now().replace(microsecond=0)
        self._kept[thing.id] = Kept(thing, now, now + period)
        store.tags.setdefault(thing.id, {})[IN_BIN] = "true"

    def take(self, thing_id: str) -> None:
        """Take something out of the bin, to be used again."""
        thing = self._kept.pop(thing_id).thing
        self._store.tags[thing_id].pop(IN_BIN, None)
        if isinstance(thing, Snapshot):
            self._recovering[thing_id] = Countdown()

    def is_recovering(self, snapshot_id: str) -> bool:
        """Say whether a snapshot was restored just now."""
        return snapshot_id in self._recovering and not self._recovering[snapshot_id].ended

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all that is in the bin."""
        return frozenset(self._current())

    @property
    def images(self) -> list[tuple[SandboxImage, Kept]]:
        """The images in the bin."""
        kept = self._current().values()
        return [(each.thing, each) for each in kept if isinstance(each.thing, SandboxImage)]

    @property
    def snapshots(self) -> list[tuple[Snapshot, Kept]]:
        """The snapshots in the bin."""
        kept = self._current().values()
        return [(each.thing, each) for each in kept if isinstance(each.thing, Snapshot)]

    def image(self, image_id: str) -> SandboxImage | None:
        """Return an image in the bin, None if it has none of that id."""
        return next((image for image, _ in self.images if image.id == image_id), None)

    def snapshot(self, snapshot_id: str) -> Snapshot | None:
        """Return a snapshot in the bin, None if it has none of that id."""
        return next((each for each, _ in self.snapshots if each.id == snapshot_id), None)

    def _current(self) -> Mapping[str, Kept]:
        """Return what has not reached its end; the rest is gone for good, with its tags."""
        now = clock.now()
        for thing_id in [name for name, kept in self._kept.items() if kept.exits <= now]:
            del self._kept[thing_id]
            self._store.tags.pop(thing_id, None)
        return self._kept
