"""What unfinished builds have left in a region: everything carries the build's tags."""

import re
from collections.abc import Iterator

from msgspec import Struct

from goldenami.aws import builds, images, lease
from goldenami.aws.answers.ec2 import (
    DescribeKeyPairs,
    DescribeSecurityGroups,
    DescribeSnapshots,
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
    "ssm:GetParametersByPath",
)


class Leftover(Struct, frozen=True, kw_only=True):
    """One thing that an unfinished build has left.

    ``kind`` is ``instance``, ``image``, ``snapshot``, ``volume``, ``key-pair``,
    ``security-group`` or ``lease``; ``after`` are the ids of what must be gone before.
    """

    region: str
    kind: str
    id: str
    build: str
    state: str = ""
    after: tuple[str, ...] = ()


class InRegion(Struct, frozen=True):
    """What is left in a region, and the builds that are under way right now."""

    leftovers: tuple[Leftover, ...]
    running: frozenset[str]


def read(aws: Aws, region: str) -> InRegion:
    """Return what is left in a region.

    Raises:
        AwsError: something could not be read.
    """
    leases = list(_leases(aws, region))
    made = images.produced(aws, region)
    found = [
        *_instances(aws, region),
        *(_image(one) for one in made if _unfinished(one)),
        *_snapshots(aws, region, made),
        *_volumes(aws, region),
        *_key_pairs(aws, region),
        *_groups(aws, region),
        *(
            Leftover(region=region, kind="lease", id=name, build=held.holder.build)
            for name, held in leases
            if held.lapsed
        ),
    ]
    unique = {(one.kind, one.id): one for one in reversed(found)}
    running = {held.holder.build for _, held in leases if not held.lapsed}
    return InRegion(tuple(reversed(unique.values())), frozenset(running))


def _leases(aws: Aws, region: str) -> Iterator[tuple[str, lease.Held]]:
    for page in listed(aws, region, GetParametersByPath, "looking for leases", Path=lease.PREFIX):
        for parameter in page.parameters:
            yield parameter.name, lease.held(parameter, page.response, region)


def _unfinished(image: Image) -> bool:
    return tags.BUILD in image.tags and (image.state in BROKEN or image.status == Status.BUILDING)


def _image(image: Image) -> Leftover:
    return Leftover(
        region=image.region, kind="image", id=image.id, build=image.tags[tags.BUILD],
        state=image.state,
    )  # fmt: skip


def _instances(aws: Aws, region: str) -> Iterator[Leftover]:
    for one in builds.instances(aws, region):
        yield Leftover(region=region, kind="instance", id=one.id, build=one.build, state=one.state)
        if one.key_name.startswith(TEMPORARY):
            yield Leftover(region=region, kind="key-pair", id=one.key_name, build=one.build)
        for group_id, name in one.groups:
            if name.startswith(TEMPORARY):
                yield Leftover(
                    region=region, kind="security-group", id=group_id, build=one.build,
                    after=(one.id,),
                )  # fmt: skip


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
                build=written.get(tags.BUILD, ""), state=snapshot.state,
            )  # fmt: skip


def _volumes(aws: Aws, region: str) -> Iterator[Leftover]:
    pages = listed(aws, region, DescribeVolumes, "looking for volumes", Filters=[_BUILD])
    for volume in (volume for page in pages for volume in page.volumes):
        written = volume.tag_values
        if volume.state == "available" and tags.SPEC in written:
            yield Leftover(
                region=region, kind="volume", id=volume.volume_id,
                build=written.get(tags.BUILD, ""), state=volume.state,
            )  # fmt: skip


def _key_pairs(aws: Aws, region: str) -> Iterator[Leftover]:
    packers = {"Name": "key-name", "Values": [f"{TEMPORARY}*"]}
    for wanted in (_BUILD, packers):
        answer = ask(aws, region, DescribeKeyPairs, "looking for key pairs", Filters=[wanted])
        for pair in answer.key_pairs:
            named = _OF_BUILD.match(pair.key_name)
            build = pair.tag_values.get(tags.BUILD) or (named and named["build"])
            if build:
                yield Leftover(region=region, kind="key-pair", id=pair.key_name, build=build)


def _groups(aws: Aws, region: str) -> Iterator[Leftover]:
    pages = listed(aws, region, DescribeSecurityGroups, "looking for groups", Filters=[_BUILD])
    for group in (group for page in pages for group in page.security_groups):
        build = group.tag_values.get(tags.BUILD, "")
        yield Leftover(region=region, kind="security-group", id=group.group_id, build=build)
