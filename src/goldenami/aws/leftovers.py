"""What unfinished builds seem to have left in a region: it carries their tags."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import builds, images, lease, records
from goldenami.aws.answers.ec2 import (
    DescribeKeyPairs,
    DescribeSecurityGroups,
    DescribeSnapshots,
    DescribeVolumes,
)
from goldenami.aws.answers.ssm import GetParametersByPath
from goldenami.aws.session import RegionalAws
from goldenami.domain import prefixes, tags
from goldenami.domain.identity import Recorded
from goldenami.domain.image import Image
from goldenami.domain.instance import Instance
from goldenami.domain.status import Status

BROKEN = ("failed", "error", "invalid")
TEMPORARY = "packer_"
"""How Packer names the key pairs and security groups that it makes for one build."""
_OF_BUILD = re.compile(rf"{TEMPORARY}(?P<build>\d{{8}}T\d{{6}}Z-[0-9a-f]+)-")
_BUILD = {"Name": "tag-key", "Values": [tags.BUILD]}
PERMISSIONS = (
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeVolumes",
    *lease.READ_PERMISSIONS,
    *records.LIST_PERMISSIONS,
)


class Leftover(Struct, frozen=True, kw_only=True):
    """One thing that an unfinished build has left.

    Args:
        region: where it is.
        kind: ``instance``, ``image``, ``snapshot``, ``volume``, ``key-pair``, ``security-group``,
            ``lease`` or ``record``.
        id: its id, or its name.
        build: the build.
        build_region: where that build has its lease, if it is under way; empty if it is not known.
        state: EC2's word for how it is.
        after: the ids of what must be gone before.
        version: of a lease or a record, the one that was read.
    """

    region: str
    kind: str
    id: str
    build: str
    build_region: str
    state: str = ""
    after: tuple[str, ...] = ()
    version: int = 0


class ClaimedLeftover(Struct, frozen=True):
    """A leftover, by its tags, and what EC2 says of it: of the image, or the instance behind it."""

    leftover: Leftover
    image: Image | None = None
    instance: Instance | None = None


class ClaimedLeftovers(Struct, frozen=True):
    """What unfinished builds seem to have left in a region; the builds that have more there."""

    leftovers: tuple[ClaimedLeftover, ...]
    finished: frozenset[str]


class RegionLeases(Struct, frozen=True):
    """The leases of a region: those that have lapsed, and the builds that are under way.

    ``images`` are the names of the golden images that are under way; ``records`` are those of the
    region's builds.
    """

    lapsed: tuple[Leftover, ...]
    running: frozenset[str]
    images: frozenset[str] = frozenset()
    records: Mapping[str, Recorded] = {}


def read(regional: RegionalAws) -> ClaimedLeftovers:
    """Return what seems to be left in a region but for leases; also of builds under way."""
    produced = images.produced(regional)
    alone = (_snapshots(regional, produced), _volumes(regional), _key_pairs(regional))
    claims = [
        *_instances(regional),
        *(ClaimedLeftover(_image(image), image=image) for image in produced if _unfinished(image)),
        *(
            ClaimedLeftover(leftover)
            for several in (*alone, _groups(regional))
            for leftover in several
        ),
    ]
    unique = {(claim.leftover.kind, claim.leftover.id): claim for claim in reversed(claims)}
    finished = (image.tags.get(tags.BUILD, "") for image in produced if not _unfinished(image))
    return ClaimedLeftovers(tuple(reversed(unique.values())), frozenset(finished))


def books(regional: RegionalAws) -> RegionLeases:
    """Return the leases and the records of a region.

    Raises:
        AwsError: they could not be read, or one of them is not goldenami's.
    """
    return structs.replace(leases(regional), records=records.every(regional))


def leases(regional: RegionalAws) -> RegionLeases:
    """Return the leases of a region, without its records.

    Raises:
        AwsError: they could not be read, or one of them is not goldenami's.
    """
    pages = regional.listed(GetParametersByPath, "looking for leases", Path=prefixes.LEASES)
    leases_by_name = [
        (parameter.name, lease.of_parameter(regional, parameter, page.response))
        for page in pages
        for parameter in page.parameters
    ]
    lapsed = (
        _of_builder(
            "lease", regional.region, name, held_lease.holder.build, version=held_lease.version
        )
        for name, held_lease in leases_by_name
        if held_lease.lapsed
    )
    running = {name: each.holder.build for name, each in leases_by_name if not each.lapsed}
    return RegionLeases(
        tuple(lapsed),
        frozenset(running.values()),
        frozenset(name.removeprefix(prefixes.LEASES) for name in running),
    )


def temporary(regional: RegionalAws, patterns: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of the key pairs, and the ids of the security groups, named like that."""
    purpose = "looking for what Packer left"
    pairs = regional.ask(
        DescribeKeyPairs, purpose, Filters=[{"Name": "key-name", "Values": patterns}]
    ).rows
    groups = regional.rows(
        DescribeSecurityGroups, purpose, Filters=[{"Name": "group-name", "Values": patterns}]
    )
    return [pair.key_name for pair in pairs], [group.group_id for group in groups]


def _unfinished(image: Image) -> bool:
    unmade = image.status in ("", Status.BUILDING)  # what lost its status is not taken for ended
    return tags.BUILD in image.tags and (image.state in BROKEN or unmade)


def _image(image: Image) -> Leftover:
    return Leftover(
        region=image.region, kind="image", id=image.id, build=image.tags[tags.BUILD],
        build_region=_build_region(image), state=image.state,
    )  # fmt: skip


def _build_region(image: Image) -> str:
    """Return where an image was built; empty for a copy of another account's within one region."""
    if image.source_instance:
        return image.region
    return "" if image.source_region == image.region else image.source_region


def _of_builder(kind: str, region: str, id_: str, build: str, **more: Any) -> Leftover:
    """Return a leftover that is only made where the image is built."""
    return Leftover(region=region, kind=kind, id=id_, build=build, build_region=region, **more)


def _instances(regional: RegionalAws) -> Iterator[ClaimedLeftover]:
    for instance in builds.instances(regional):
        for leftover in _around(regional.region, instance):
            yield ClaimedLeftover(leftover, instance=instance)


def _around(region: str, instance: Instance) -> Iterator[Leftover]:
    yield _of_builder("instance", region, instance.id, instance.build, state=instance.state)
    if instance.key_name.startswith(TEMPORARY):
        yield _of_builder("key-pair", region, instance.key_name, instance.build)
    for group_id, name in instance.groups:
        if name.startswith(TEMPORARY):
            yield _of_builder(
                "security-group", region, group_id, instance.build, after=(instance.id,)
            )


def _snapshots(regional: RegionalAws, produced: list[Image]) -> Iterator[Leftover]:
    used = {snapshot for image in produced for snapshot in image.snapshots}
    described = regional.rows(
        DescribeSnapshots, "looking for snapshots",
        OwnerIds=["self"], Filters=[_BUILD],
    )  # fmt: skip
    for snapshot in described:
        written = snapshot.tag_values
        if snapshot.snapshot_id not in used and written.get(tags.STATUS) == Status.BUILDING:
            yield Leftover(
                region=regional.region, kind="snapshot", id=snapshot.snapshot_id,
                build=written.get(tags.BUILD, ""), build_region="", state=snapshot.state,
            )  # fmt: skip


def _volumes(regional: RegionalAws) -> Iterator[Leftover]:
    for volume in regional.rows(DescribeVolumes, "looking for volumes", Filters=[_BUILD]):
        written = volume.tag_values
        if volume.state == "available" and tags.SPEC in written:
            build = written.get(tags.BUILD, "")
            yield _of_builder(
                "volume", regional.region, volume.volume_id, build, state=volume.state
            )


def _key_pairs(regional: RegionalAws) -> Iterator[Leftover]:
    packers = {"Name": "key-name", "Values": [f"{TEMPORARY}*"]}
    for key_filter in (_BUILD, packers):
        answer = regional.ask(DescribeKeyPairs, "looking for key pairs", Filters=[key_filter])
        for pair in answer.rows:
            named = _OF_BUILD.match(pair.key_name)
            build = pair.tag_values.get(tags.BUILD) or (named and named["build"])
            if build:
                yield _of_builder("key-pair", regional.region, pair.key_name, build)


def _groups(regional: RegionalAws) -> Iterator[Leftover]:
    for group in regional.rows(DescribeSecurityGroups, "looking for groups", Filters=[_BUILD]):
        build = group.tag_values.get(tags.BUILD, "")
        yield _of_builder("security-group", regional.region, group.group_id, build)
