"""What unfinished builds have left in a region: everything carries the build's tags."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from goldenami.aws import builds, images, lease
from goldenami.aws.answers.ec2 import DescribeSnapshots
from goldenami.aws.answers.ec2_around import (
    DescribeKeyPairs,
    DescribeSecurityGroups,
    DescribeVolumes,
)
from goldenami.aws.answers.ssm import GetParametersByPath
from goldenami.aws.ask import ask, listed
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.image import Image
from goldenami.domain.tags import Status

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
)


class Leftover(Struct, frozen=True, kw_only=True):
    """One thing that an unfinished build has left.

    Args:
        region: where it is.
        kind: ``instance``, ``image``, ``snapshot``, ``volume``, ``key-pair``, ``security-group`` or
            ``lease``.
        id: its id, or its name.
        build: the build.
        build_region: where that build has its lease, if it is under way; empty if it is not known.
        state: EC2's word for how it is.
        after: the ids of what must be gone before.
        version: of a lease, the one that has lapsed.
    """

    region: str
    kind: str
    id: str
    build: str
    build_region: str
    state: str = ""
    after: tuple[str, ...] = ()
    version: int = 0


class Leases(Struct, frozen=True):
    """The leases of a region: those that have lapsed, and the builds that are under way."""

    lapsed: tuple[Leftover, ...]
    running: frozenset[str]


def read(aws: Aws, region: str) -> tuple[Leftover, ...]:
    """Return what is left in a region, but for leases; also of builds that are under way.

    Raises:
        AwsError: something could not be read.
    """
    made = images.produced(aws, region)
    found = [
        *_instances(aws, region),
        *(_image(one) for one in made if _unfinished(one)),
        *_snapshots(aws, region, made),
        *_volumes(aws, region),
        *_key_pairs(aws, region),
        *_groups(aws, region),
    ]
    unique = {(one.kind, one.id): one for one in reversed(found)}
    return tuple(reversed(unique.values()))


def leases(aws: Aws, region: str) -> Leases:
    """Return the leases of a region.

    Raises:
        AwsError: they could not be read, or one of them is not goldenami's.
    """
    pages = listed(aws, region, GetParametersByPath, "looking for leases", Path=lease.PREFIX)
    found = [
        (parameter.name, lease.held(aws, region, parameter, page.response))
        for page in pages
        for parameter in page.parameters
    ]
    lapsed = (
        Leftover(
            region=region, kind="lease", id=name, build=held.holder.build, build_region=region,
            version=held.version,
        )
        for name, held in found
        if held.lapsed
    )  # fmt: skip
    running = (held.holder.build for _, held in found if not held.lapsed)
    return Leases(tuple(lapsed), frozenset(running))


def _unfinished(image: Image) -> bool:
    return tags.BUILD in image.tags and (image.state in BROKEN or image.status == Status.BUILDING)


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


def _instances(aws: Aws, region: str) -> Iterator[Leftover]:
    for one in builds.instances(aws, region):
        yield _of_builder("instance", region, one.id, one.build, state=one.state)
        if one.key_name.startswith(TEMPORARY):
            yield _of_builder("key-pair", region, one.key_name, one.build)
        for group_id, name in one.groups:
            if name.startswith(TEMPORARY):
                yield _of_builder("security-group", region, group_id, one.build, after=(one.id,))


def _snapshots(aws: Aws, region: str, made: list[Image]) -> Iterator[Leftover]:
    used = {snapshot for image in made for snapshot in image.snapshots}
    pages = listed(
        aws, region, DescribeSnapshots, "looking for snapshots",
        OwnerIds=["self"], Filters=[_BUILD],
    )  # fmt: skip
    for snapshot in (snapshot for page in pages for snapshot in page.snapshots):
        written = snapshot.tag_values
        if snapshot.snapshot_id not in used and written.get(tags.STATUS) == Status.BUILDING:
            yield Leftover(
                region=region, kind="snapshot", id=snapshot.snapshot_id,
                build=written.get(tags.BUILD, ""), build_region="", state=snapshot.state,
            )  # fmt: skip


def _volumes(aws: Aws, region: str) -> Iterator[Leftover]:
    pages = listed(aws, region, DescribeVolumes, "looking for volumes", Filters=[_BUILD])
    for volume in (volume for page in pages for volume in page.volumes):
        written = volume.tag_values
        if volume.state == "available" and tags.SPEC in written:
            build = written.get(tags.BUILD, "")
            yield _of_builder("volume", region, volume.volume_id, build, state=volume.state)


def _key_pairs(aws: Aws, region: str) -> Iterator[Leftover]:
    packers = {"Name": "key-name", "Values": [f"{TEMPORARY}*"]}
    for wanted in (_BUILD, packers):
        answer = ask(aws, region, DescribeKeyPairs, "looking for key pairs", Filters=[wanted])
        for pair in answer.key_pairs:
            named = _OF_BUILD.match(pair.key_name)
            build = pair.tag_values.get(tags.BUILD) or (named and named["build"])
            if build:
                yield _of_builder("key-pair", region, pair.key_name, build)


def _groups(aws: Aws, region: str) -> Iterator[Leftover]:
    pages = listed(aws, region, DescribeSecurityGroups, "looking for groups", Filters=[_BUILD])
    for group in (group for page in pages for group in page.security_groups):
        build = group.tag_values.get(tags.BUILD, "")
        yield _of_builder("security-group", region, group.group_id, build)
