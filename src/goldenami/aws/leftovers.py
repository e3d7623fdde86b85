"""What unfinished builds have left in a region: everything carries the build's tags."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from goldenami.aws import builds, images, lease
from goldenami.aws.calls import pages
from goldenami.aws.errors import explained
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
    found = pages(
        aws, "ssm", "get_parameters_by_path", "Parameters", region, "looking for leases",
        Path=lease.PREFIX,
    )  # fmt: skip
    for one in found:
        yield one["Name"], lease.held(one, region)


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
    for one in _with_build(
        aws, region, "describe_snapshots", "Snapshots", "snapshots", OwnerIds=["self"]
    ):
        written = tags.from_aws(one["Tags"])
        if one["SnapshotId"] not in used and written.get(tags.STATUS) == Status.BUILDING:
            yield Leftover(
                region=region, kind="snapshot", id=one["SnapshotId"],
                build=written[tags.BUILD], state=one["State"],
            )  # fmt: skip


def _volumes(aws: Aws, region: str) -> Iterator[Leftover]:
    for one in _with_build(aws, region, "describe_volumes", "Volumes", "volumes"):
        written = tags.from_aws(one["Tags"])
        if one["State"] == "available" and tags.SPEC in written:
            yield Leftover(
                region=region, kind="volume", id=one["VolumeId"], build=written[tags.BUILD],
                state=one["State"],
            )  # fmt: skip


def _key_pairs(aws: Aws, region: str) -> Iterator[Leftover]:
    client = aws.client("ec2", region)
    packers = {"Name": "key-name", "Values": [f"{TEMPORARY}*"]}
    with explained("looking for key pairs", region):  # all on one page
        found = client.describe_key_pairs(Filters=[_BUILD])["KeyPairs"]
        found += client.describe_key_pairs(Filters=[packers])["KeyPairs"]
    for one in found:
        named = _OF_BUILD.match(one["KeyName"])
        build = tags.from_aws(one.get("Tags")).get(tags.BUILD) or (named and named["build"])
        if build:
            yield Leftover(region=region, kind="key-pair", id=one["KeyName"], build=build)


def _groups(aws: Aws, region: str) -> Iterator[Leftover]:
    for one in _with_build(aws, region, "describe_security_groups", "SecurityGroups", "groups"):
        build = tags.from_aws(one["Tags"])[tags.BUILD]
        yield Leftover(region=region, kind="security-group", id=one["GroupId"], build=build)


def _with_build(
    aws: Aws, region: str, operation: str, key: str, what: str, **parameters: Any
) -> Iterator[Any]:
    return pages(
        aws, "ec2", operation, key, region, f"looking for {what}", Filters=[_BUILD], **parameters
    )
