"""`goldenami channels`: which version each channel holds, where, since when, and by whom.

A channel's history is that of its parameter, which SSM keeps: at most 100 versions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from goldenami.aws.answers.ssm import ParameterVersion
from goldenami.domain import names
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.status import Status
from goldenami.workflows.lifecycle.pointers import Pointer, PointerMove, Pointers
from goldenami.workflows.lifecycle.releases import Releases

UNKNOWN = "unknown"
"""The status of an image that no release is known to have made, or that is gone."""


class ChannelEntry(Struct, frozen=True, kw_only=True):
    """What a channel names in one place: now, or at some time."""

    channel: str
    architecture: str
    account: str
    region: str
    parameter: str
    version: str
    image_id: str
    status: str
    parameter_version: int
    since: str
    by: str


class Listed(Struct, frozen=True, kw_only=True):
    """What channels name, and what is not as it should be."""

    entries: tuple[ChannelEntry, ...]
    findings: tuple[str, ...] = ()


class VersionSeen(Struct, frozen=True):
    """The version of an image, its status, what became of it in words, and whether it is golden."""

    version: str
    status: str
    words: str = ""
    golden: bool = False


class Versions:
    """Which version an image of a place is of: by the image itself, else by a manifest.

    Args:
        every: the releases of a golden image.
    """

    def __init__(self, every: Releases) -> None:
        self._known: dict[tuple[str, str], VersionSeen] = {}
        for version in every.versions.values():
            for kept in version.manifests:
                for placed in kept.manifest.images:
                    place = str(AccountRegion(placed.account, placed.region))
                    self._known[place, placed.image_id] = VersionSeen(version.version, UNKNOWN)
            for each in version.images:
                change = each.produced.change
                words = change.words if change else f"{each.status}, and not golden"
                self._known[str(each.place), each.image.id] = VersionSeen(
                    version.version, each.status, words, each.produced.golden
                )

    def of(self, pointer: Pointer, image_id: str) -> VersionSeen:
        """Return the version of an image that a parameter names or has named; empty if unknown."""
        return self._known.get((str(pointer.place), image_id), VersionSeen("", UNKNOWN))


def listed(every: Releases, there: Pointers, *, history: bool = False) -> Listed:
    """List what the channels of a golden image name, and whether they agree.

    Args:
        every: its releases.
        there: its parameters.
        history: whether to list what they have named before, too.
    """
    versions = Versions(every)
    return Listed(
        entries=tuple(
            _entry(pointer, each, versions)
            for pointer in _ordered(there)
            for each in (pointer.history if history else pointer.history[:1]) or (None,)
        ),
        findings=(*_differing(there, versions), *_bad(there, versions)),
    )


def moved(moves: Iterable[PointerMove], version: str) -> list[ChannelEntry]:
    """List what parameters name once they have been moved to a version."""
    return [
        ChannelEntry(
            channel=move.pointer.channel,
            architecture=move.pointer.architecture,
            account=move.pointer.place.account,
            region=move.pointer.place.region,
            parameter=move.pointer.name,
            version=version,
            image_id=move.image.image.id,
            status=Status.APPROVED.value,
            parameter_version=0,
            since="",
            by="",
        )
        for move in moves
    ]


def _ordered(there: Pointers) -> list[Pointer]:
    """Return parameters in the order of their channels, former ones at the end."""
    channels = there.publication.channels if there.publication else ()
    order = {channel: number for number, channel in enumerate(channels)}

    def key(pointer: Pointer) -> tuple[bool, int, str, str]:
        rank = order.get(pointer.channel, len(order))
        return (not pointer.current, rank, pointer.name, str(pointer.place))

    return sorted(there.every, key=key)


def _entry(pointer: Pointer, each: ParameterVersion | None, versions: Versions) -> ChannelEntry:
    known = versions.of(pointer, each.value) if each else VersionSeen("", "")
    return ChannelEntry(
        channel=pointer.channel,
        architecture=pointer.architecture,
        account=pointer.place.account,
        region=pointer.place.region,
        parameter=pointer.name,
        version=known.version,
        image_id=each.value if each else "",
        status=known.status,
        parameter_version=each.version if each else 0,
        since=names.moment(each.last_modified_date) if each else "",
        by=each.last_modified_user if each else "",
    )


def _differing(there: Pointers, versions: Versions) -> Iterator[str]:
    """Yield the channels that do not name one version everywhere."""
    groups: Mapping[str, dict[Pointer, str]] = defaultdict(dict)
    for pointer in there.every:
        if pointer.current:
            known = versions.of(pointer, pointer.value).version or pointer.value or "nothing"
            groups[pointer.channel or "the parameter"][pointer] = known
    for channel, named in groups.items():
        if len({*named.values()}) > 1:
            each = (f"{version} in {pointer.place.name}" for pointer, version in named.items())
            yield f"{channel} names not one version everywhere: {', '.join(each)}"


def _bad(there: Pointers, versions: Versions) -> Iterator[str]:
    """Yield what a parameter names that is not approved."""
    for pointer in there.every:
        known = versions.of(pointer, pointer.value)
        if not (pointer.current and pointer.value) or known.golden:
            continue
        what = f"{known.version}, {pointer.value}" if known.version else pointer.value
        why = known.words or "no image of a release that is there"
        yield f"{pointer.title} names {what}: {why}"
