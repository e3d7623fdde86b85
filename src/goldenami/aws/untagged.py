"""What builds of Packer have made and nobody could tag any more: the record tells of what.

A template need not write the build's tags: they are written when Packer has launched its instance,
and when it has ended. Whoever is killed in between leaves an instance, an image or copies of it
that carry none, and the instance that the record names.
"""

from collections.abc import Iterable, Sequence

from goldenami.aws import images, instances
from goldenami.aws.leftovers import ClaimedLeftover, Leftover
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import tags
from goldenami.domain.identity import Recorded
from goldenami.domain.image import Image, started
from goldenami.domain.record import Record

_PURPOSE = "looking for what Packer has left"


def of_records(
    aws: Aws, by_region: Iterable[tuple[str, Sequence[Recorded]]], where: Sequence[str]
) -> list[ClaimedLeftover]:
    """Return what builds without an image seem to have left untagged, in these regions.

    Args:
        aws: whose account.
        by_region: the records of builds, by their build region.
        where: the regions that are looked at.

    Raises:
        AwsError: a build region could not be read.
    """
    claims: list[ClaimedLeftover] = []
    for region, several in by_region:
        records = [each.record for each in several if _is_open(each.record)]
        if records and region in where:
            claims += _at_home(aws.in_region(region), records)
    originals = {
        (claim.image.region, claim.image.id): claim.leftover.build
        for claim in claims
        if claim.image
    }
    if originals:
        answers = in_regions(where, lambda name: images.own(aws.in_region(name)))
        for copy in (image for several in answers.read.values() for image in several):
            build = originals.get((copy.source_region, copy.source_image), "")
            if build and not copy.source_instance and tags.BUILD not in copy.tags:
                claims.append(ClaimedLeftover(_leftover(copy, build), image=copy))
    return claims


def _is_open(record: Record) -> bool:
    return record.method == "packer" and not record.image_id


def _at_home(regional: RegionalAws, records: Sequence[Record]) -> list[ClaimedLeftover]:
    by_instance = {each.instance_id: each.build for each in records if each.instance_id}
    claims = [
        ClaimedLeftover(
            Leftover(
                region=regional.region, kind="instance", id=instance.id, state=instance.state,
                build=by_instance[instance.id], build_region=regional.region,
            ),
            instance=instance,
        )
        for instance in instances.having(regional, "instance-id", list(by_instance), _PURPOSE)
        if instance.alive and tags.BUILD not in instance.tags
    ]  # fmt: skip
    for image in images.own(regional):
        build = by_instance.get(image.source_instance) or _by_name(image, records)
        if build and tags.BUILD not in image.tags:
            claims.append(ClaimedLeftover(_leftover(image, build), image=image))
    return claims


def _by_name(image: Image, records: Sequence[Record]) -> str:
    """Return the newest build that an image has the name of, and that it is younger than."""
    builds = sorted(
        each.build
        for each in records
        if image.name == each.as_build.ami_name
        and image.created
        and (begun := started(each.build))
        and image.created >= begun
    )
    return builds[-1] if builds else ""


def _leftover(image: Image, build: str) -> Leftover:
    return Leftover(
        region=image.region, kind="image", id=image.id, build=build,
        build_region=image.source_region if image.source_image else image.region,
        state=image.state,
    )  # fmt: skip
