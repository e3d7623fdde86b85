"""The steps by which a version goes: it is unpublished and deprecated, disabled, deregistered.

Each step is what is still to be done of it: so one that was interrupted is gone on with by the same
command, and one that is done is empty. How far a version is, and since when, the records say: its
tags may be written by others.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, UnsetType, structs

from goldenami.aws import manifests, pointers
from goldenami.bake import pointing
from goldenami.domain import manifest
from goldenami.domain.life import Change
from goldenami.domain.plan import Action, of_part
from goldenami.domain.retention import Rung
from goldenami.domain.status import Status, state
from goldenami.workflows.lifecycle.deprecation import deprecating
from goldenami.workflows.lifecycle.disabling import disabling
from goldenami.workflows.lifecycle.guard import COOLDOWN, DEREGISTER, is_protected
from goldenami.workflows.lifecycle.pointers import Pointer
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version
from goldenami.workflows.lifecycle.transition import changing, decided

STATUS: dict[Rung, Status] = {
    Rung.DEPRECATE: Status.DEPRECATED,
    Rung.DISABLE: Status.DISABLED,
    Rung.DEREGISTER: Status.RETIRED,
}
"""What a version is after each step."""
UNPROTECT = "ec2:DisableImageDeregistrationProtection"


class Climber(Struct, frozen=True, kw_only=True):
    """A version that goes, and what its steps are made with.

    Args:
        version: the version.
        change: who, when and why; its status is that of each step.
        now: the time.
        naming: the parameters that name it, which are deleted first.
        binned: the images that the Recycle Bin is expected to keep.
    """

    version: Version
    change: Change
    now: datetime
    naming: Sequence[Pointer] = ()
    binned: Collection[str] = ()

    def step(self, rung: Rung, after: Sequence[str] = ()) -> tuple[Action, ...]:
        """Return what is still to be done of a step; nothing if the version is past it.

        Args:
            rung: the step.
            after: the ids of the actions that have to be done before.
        """
        there = recorded(self.version)
        if there is None or state(there).rank > state(STATUS[rung]).rank:
            return ()
        steps = {
            Rung.DEPRECATE: self._deprecate,
            Rung.DISABLE: self._disable,
            Rung.DEREGISTER: self._deregister,
        }
        return _named(f"{self.version.version}/{rung}", tuple(steps[rung]()), after)

    def since(self, rung: Rung) -> datetime | None:
        """Return since when a version waits for a step; None if that is not recorded."""
        waiting = (
            (Status.DISABLED, Status.REVOKED) if rung is Rung.DEREGISTER else (Status.DEPRECATED,)
        )
        moments = [
            datetime.fromisoformat(change.at)
            for build in self.version.builds.values()
            for change in build.recorded.record.life or ()
            if change.status in waiting
        ]
        return max(moments, default=None)

    @property
    def cooling(self) -> list[str]:
        """The images whose protection has a cooldown: they can go a day after it is taken off."""
        return [each.image.id for each in self.version.images if each.image.protection == COOLDOWN]

    def _become(self, status: Status) -> Change:
        return decided(self.version, structs.replace(self.change, status=status))

    def _deprecate(self) -> Iterator[Action]:
        unpublished = _ids([*map(_unpublish, self.naming)])
        yield from map(_unpublish, self.naming)
        for action in changing(self.version, self._become(Status.DEPRECATED), after=unpublished):
            yield structs.replace(action, settles=unpublished)
        yield from deprecating(self.version, self.now, self.now)

    def _disable(self) -> Iterator[Action]:
        changed = changing(self.version, self._become(Status.DISABLED))
        yield from changed
        yield from disabling(self.version, after=_ids(changed))

    def _deregister(self) -> Iterator[Action]:
        unprotected = [
            Action.at(
                each.place, f"unprotect:{each.place.name}:{each.image.id}", UNPROTECT,
                f"take the protection from deregistration off {each.image.id}",
                {"ImageId": each.image.id},
            )
            for each in self.version.images
            if is_protected(each)
        ]  # fmt: skip
        yield from unprotected
        if self.cooling:
            return
        changed = changing(self.version, self._become(Status.RETIRED), after=_ids(unprotected))
        yield from changed
        before = _ids([*unprotected, *changed])
        gone = [_deregister(each, before) for each in self.version.images]
        yield from gone
        yield from self._noted(_ids([*changed, *gone]))

    def _noted(self, after: Sequence[str]) -> Iterator[Action]:
        """Yield what notes in each manifest until when the Recycle Bin keeps its images."""
        roles = {each.place.account: each.place.role for each in self.version.images}
        for each in self.version.manifests:
            if not isinstance(each.manifest.recycle_bin, UnsetType):
                continue
            images: list[dict[str, Any]] = [
                {
                    "ImageId": placed.image_id,
                    "Place": {
                        "account": placed.account,
                        "region": placed.region,
                        "role": roles.get(placed.account, placed.role or ""),
                    },
                }
                for placed in each.manifest.images
            ]
            name = manifest.parameter(self.version.image, each.manifest.build)
            yield Action.at(
                each.place, f"bin:{each.manifest.build}", manifests.NOTE_BIN,
                f"note in {name} until when the Recycle Bin keeps them",
                {"Name": name, "Images": images, "Expected": sorted(self.binned)},
                permissions=(*manifests.PERMISSIONS, "ec2:ListImagesInRecycleBin"),
                after=tuple(after),
            )  # fmt: skip


def recorded(version: Version) -> Status | None:
    """Return how far a version is by its records; its tags may be written by others.

    A release without any record is as far as its tags say.
    """
    if changes := version.changes:
        return max((change.status for change in changes), key=lambda each: state(each).rank)
    there = version.status
    beyond = there is not None and state(there).rank > state(Status.APPROVED).rank
    return Status.APPROVED if version.builds and beyond else there


def _unpublish(pointer: Pointer) -> Action:
    """Return what deletes a parameter; it is there again if the plan fails before the record."""
    content = pointing.content(pointer.name, pointer.value, "", "")
    description = pointer.history[0].description if pointer.history else ""
    back = {"Name": pointer.name, "Value": pointer.value, "Before": ""}
    return Action.at(
        pointer.place, f"unpublish:{pointer.place.name}:{pointer.name}", pointers.MOVE,
        f"delete {pointer.name}, which names {pointer.value}",
        {"Name": pointer.name, "Value": "", "Before": pointer.value, "Content": {}},
        permissions=pointers.PERMISSIONS,
        undo=Action.at(
            pointer.place, f"publish:{pointer.place.name}:{pointer.name}", pointers.MOVE,
            f"let {pointer.name} name {pointer.value} again",
            {**back, "Content": {**content, "Description": description}},
            permissions=pointers.PERMISSIONS,
        ),
    )  # fmt: skip


def _deregister(each: ReleaseImage, after: Sequence[str]) -> Action:
    return Action.at(
        each.place, f"deregister:{each.place.name}:{each.image.id}", DEREGISTER,
        f"deregister {each.image.id}, and delete its snapshots",
        {"ImageId": each.image.id, "DeleteAssociatedSnapshots": True},
        permissions=(DEREGISTER, "ec2:DeleteSnapshot"),
        after=tuple(after),
    )  # fmt: skip


def _ids(actions: Sequence[Action]) -> tuple[str, ...]:
    return tuple(action.id for action in actions)


def _named(part: str, actions: Sequence[Action], after: Sequence[str]) -> tuple[Action, ...]:
    """Return the actions of a step as part of a larger plan, done after what comes before it."""
    return tuple(
        structs.replace(
            action,
            id=f"{part}/{action.id}",
            parameters=of_part(part, action.parameters),
            after=(*(f"{part}/{each}" for each in action.after), *after),
            settles=tuple(f"{part}/{each}" for each in action.settles),
        )
        for action in actions
    )
