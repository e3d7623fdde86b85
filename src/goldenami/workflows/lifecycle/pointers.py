"""The parameters that a golden image is published as: what each holds, and how it is moved.

Every name that a release was ever published under is one, and so is every channel, in each region
and account of the release.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct, structs

from goldenami.aws import parameters, pointers
from goldenami.aws.parallel import concurrently
from goldenami.aws.pointers import PointerEntry
from goldenami.aws.session import Aws
from goldenami.bake import pointing
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.channels import Publication
from goldenami.domain.check_result import CheckResult
from goldenami.domain.manifest import Manifest
from goldenami.domain.plan import Action
from goldenami.domain.pointers import named
from goldenami.workflows.lifecycle import releases
from goldenami.workflows.lifecycle.releases import ReleaseImage, Releases, Version

PERMISSIONS = pointers.READING
"""What reading them takes."""
CHECKS = parameters.CHECK_PERMISSIONS
TAKEN_BACK = "put back after a move that failed"
"""The description of a version that holds again what one before it held."""


class Pointer(Struct, frozen=True, kw_only=True):
    """A parameter that names an image of a golden image, or is to.

    Args:
        place: where it is.
        name: the parameter's name.
        channel: the channel, empty where there are none.
        architecture: the architecture of its images, empty where there is but one.
        current: whether the newest release is published there, and not only older ones were.
        history: its versions, the newest first; none if it is not there yet.
    """

    place: AccountRegion
    name: str
    channel: str = ""
    architecture: str = ""
    current: bool = False
    history: tuple[PointerEntry, ...] = ()

    @property
    def value(self) -> str:
        """The id of the image that it names now, empty if it is not there."""
        return self.history[0].value if self.history else ""

    @property
    def version(self) -> int:
        """The parameter's version, 0 if it is not there."""
        return self.history[0].version if self.history else 0

    @property
    def title(self) -> str:
        """How messages call it: ``/golden-ami/web-base/prod in eu-west-1``."""
        return f"{self.name} in {self.place.name}"


class Pointers(Struct, frozen=True, kw_only=True):
    """All parameters that a golden image is published as.

    Args:
        every: the parameters.
        publication: the names and channels, as the newest release has them; None if none says so.
        unread: those that could not be read, each with the reason.
    """

    every: tuple[Pointer, ...]
    publication: Publication | None = None
    unread: Mapping[str, str] = {}

    def of_channel(self, channel: str) -> tuple[Pointer, ...]:
        """Return the parameters of a channel that the newest release is published as."""
        return tuple(each for each in self.every if each.current and each.channel == channel)

    def naming(self, version: Version) -> tuple[Pointer, ...]:
        """Return the parameters that name an image of a version now."""
        there = {(str(each.place), each.image.id) for each in version.images}
        return tuple(each for each in self.every if (str(each.place), each.value) in there)

    def complete(self, purpose: str) -> None:
        """See to it that every parameter was read.

        Raises:
            IncompleteError: naming those that could not be.
        """
        releases.refuse_unread(self.unread, purpose)


class PointerMove(Struct, frozen=True, kw_only=True):
    """A parameter, and the image that it is to name."""

    pointer: Pointer
    image: ReleaseImage


class Choice(Struct, frozen=True, kw_only=True):
    """What parameters have to name for a version, and those for which it has no image."""

    moves: tuple[PointerMove, ...]
    without: tuple[Pointer, ...]


def read(aws: Aws, every: Releases, *, role: str = "") -> Pointers:
    """Read all parameters that releases of a golden image are or were published as.

    Args:
        aws: the caller.
        every: the releases.
        role: the name of the role in other accounts, for manifests that name none.
    """
    named = dict[tuple[str, str], Pointer]()
    for pointer in _named(aws, every, role):
        named.setdefault((str(pointer.place), pointer.name), pointer)
    histories, refused = concurrently(
        named.values(), lambda each: pointers.history(aws.at(each.place), each.name)
    )
    return Pointers(
        every=tuple(structs.replace(each, history=there) for each, there in histories.items()),
        publication=publication(every),
        unread={each.title: error.message for each, error in refused.items()},
    )


def publication(every: Releases) -> Publication | None:
    """Return the names and channels of a golden image: see `_newest`."""
    newest = _newest(every)
    return (newest.publish or None) if newest else None


def _newest(every: Releases) -> Manifest | None:
    """Return the manifest of the newest release that is approved, if possible of a whole one.

    What waits for its approval decides nothing, nor about which channels are restricted.
    """
    approved = [manifest for manifest in _manifests(every) if manifest.approval.by]
    whole = (manifest for manifest in approved if not manifest.missing)
    return next(whole, next(iter(approved), None))


def _manifests(every: Releases) -> Iterator[Manifest]:
    """Yield the manifests of all releases, the newest first."""
    for version in every.versions.values():
        yield from (kept.manifest for kept in version.manifests)


def _named(aws: Aws, every: Releases, role: str) -> Iterator[Pointer]:
    """Yield the parameters that manifests name, those that are current first."""
    newest = _newest(every)
    for manifest in (*([newest] if newest else []), *_manifests(every)):
        for placed in manifest.images:
            for channel, name in named(manifest, placed):
                yield Pointer(
                    place=releases.place_of(aws, placed, role),
                    name=name,
                    channel=channel,
                    architecture=placed.architecture or "",
                    current=manifest is newest,
                )


def choose(chosen: Iterable[Pointer], version: Version) -> Choice:
    """Return which image of a version each parameter has to name.

    Args:
        chosen: the parameters.
        version: the version.
    """
    moves, without = [], []
    for pointer in chosen:
        images = (each for each in version.images if _is_for(each, pointer))
        if image := next(images, None):
            moves.append(PointerMove(pointer=pointer, image=image))
        else:
            without.append(pointer)
    return Choice(moves=tuple(moves), without=tuple(without))


def _is_for(each: ReleaseImage, pointer: Pointer) -> bool:
    same_place = str(each.place) == str(pointer.place)
    return same_place and pointer.architecture in ("", each.image.architecture)


def checked(aws: Aws, moves: Sequence[PointerMove]) -> CheckResult:
    """Look whether parameters can be written, all of them, without changing anything."""
    results = [
        parameters.fits(move.pointer.history[0], f"parameter {move.pointer.title}")
        if move.pointer.history
        else CheckResult(fine=(f"parameter {move.pointer.title} is new",))
        for move in moves
    ]
    names = dict.fromkeys((move.pointer.place.role, move.pointer.name) for move in moves)

    def may_write(writer: tuple[str, str]) -> CheckResult:
        role, name = writer
        regions = [
            move.pointer.place.region
            for move in moves
            if (move.pointer.place.role, move.pointer.name) == writer
        ]
        return parameters.may_write(aws.acting_as(role), regions, name)

    allowed, _ = concurrently(names, may_write)
    return sum([*results, *allowed.values()], CheckResult())


def moving(
    version: Version,
    moves: Iterable[PointerMove],
    *,
    lasting: bool = False,
    after: Sequence[str] = (),
) -> tuple[Action, ...]:
    """Return what moves several parameters: all are written and read back, and then labelled.

    Args:
        version: the version that they name then.
        moves: the parameters, and their images.
        lasting: whether those that were moved stay so if another one fails.
        after: the ids of the actions that have to be done before.
    """
    parts = [
        moved(move.pointer, move.image, version, lasting=lasting, after=after) for move in moves
    ]
    reads = tuple(part[-2].id for part in parts if part)
    return tuple(
        action.following(*reads) if action.call == pointing.LABEL else action
        for action in chain.from_iterable(parts)
    )


def moved(
    pointer: Pointer,
    image: ReleaseImage,
    version: Version,
    *,
    lasting: bool = False,
    after: Sequence[str] = (),
) -> tuple[Action, ...]:
    """Return what moves a parameter to an image: it is written, read back, and labelled.

    What is so already is not done again. A move is refused if somebody else has written the
    parameter since it was read, and it is taken back if the plan fails.

    Args:
        pointer: the parameter.
        image: the image.
        version: the version whose image that is.
        lasting: whether it stays if the plan fails.
        after: the ids of the actions that have to be done before.
    """
    place, name, new = pointer.place, pointer.name, image.image
    there = pointer.history[0] if pointer.history else None
    if there and there.value == new.id and parameters.version_label(version.version) in (
        there.labels
    ):  # fmt: skip
        return ()
    content = pointing.content(name, new.id, new.name, new.tags.get(tags.BUILD, ""))
    key = f"{place.name}:{name}"
    put = Action.at(
        place, f"move:{key}", pointers.MOVE, f"let {name} name {version.name}, {new.id}",
        {"Name": name, "Value": new.id, "Before": pointer.value, "Content": content},
        permissions=pointers.PERMISSIONS,
        after=tuple(after),
        undo=None if lasting else _back(pointer, new.id),
    )  # fmt: skip
    return (put, *pointing.confirmed(place, put, version.version))


def _back(pointer: Pointer, new: str) -> Action:
    """Return what lets a parameter hold again what it held, unless it holds something else."""
    there, content = pointer.value, pointing.content(pointer.name, pointer.value, "", "")
    content["Description"] = TAKEN_BACK
    return Action.at(
        pointer.place, f"undo-move:{pointer.place.name}:{pointer.name}", pointers.MOVE,
        f"let {pointer.name} name {pointer.value} again" if there else f"delete {pointer.name}",
        {
            "Name": pointer.name,
            "Value": pointer.value,
            "Before": new,
            "Confirm": bool(there),
            "Content": content,
        },
        permissions=pointers.PERMISSIONS,
    )  # fmt: skip
