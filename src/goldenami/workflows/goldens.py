"""Which images are golden: the one answer that the audit, a refresh and ``base.source`` go by."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from goldenami.aws import images, instances
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import lineage, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit import approved
from goldenami.domain.audit.approved import Produced
from goldenami.domain.image import Image
from goldenami.domain.lineage import ImageKey, Lineage
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import GoldenamiError, RefusedError
from goldenami.workflows.build_records import recorded_builds

if TYPE_CHECKING:
    from goldenami.spec.model import BaseSource


def read(
    aws: Aws,
    own: Mapping[AccountRegion, Sequence[Image]],
    approval: ApprovalTag,
    *,
    builds: frozenset[str] = frozenset(),
) -> dict[AccountRegion, dict[str, Produced]]:
    """Return what releases made in each place, by image id: `Produced.golden` is what counts.

    What somebody forged is told as such: by where EC2 says that the image comes from, the record
    and the manifest of its build, its other tags, and for a copy in another account by the builds
    that the caller's account knows.

    Args:
        aws: the caller, whose account's releases count.
        own: each place's own images.
        approval: the approval tag.
        builds: builds of the caller's account beside those that ``own`` tells of.

    Raises:
        AwsError: records or manifests could not be read.
    """
    every = [image for several in own.values() for image in several]
    home = recorded_builds(aws, every, approval)
    elsewhere = structs.replace(home, known=builds | known_builds(aws, own))
    return {
        place: approved.produced(
            several, approval, home if place.account == aws.account else elsewhere
        )
        for place, several in own.items()
    }


def lineage_of(
    own: Mapping[AccountRegion, Sequence[Image]],
    produced: Mapping[AccountRegion, Mapping[str, Produced]],
) -> Lineage:
    """Return what own images were made from: as EC2 notes it, and as the records of builds do."""
    every = (image for several in own.values() for image in several)
    recorded = (
        ((place.region, each.id), (place.region, each.source))
        for place, several in produced.items()
        for each in several.values()
        if each.source
    )
    return lineage.of(lineage.noted(every), recorded)


def known_builds(aws: Aws, own: Mapping[AccountRegion, Sequence[Image]]) -> frozenset[str]:
    """Return the builds that images of the caller's own account name."""
    return frozenset(
        image.tags.get(tags.BUILD, "")
        for place, several in own.items()
        if place.account == aws.account
        for image in several
    )


def versions(regional: RegionalAws, image: str, approval: ApprovalTag) -> list[Image]:
    """Return the golden versions of an image in a region of the caller's account, newest first.

    Raises:
        AwsError: images, records or manifests could not be read.
    """
    return _golden(regional, images.produced(regional, image=image), approval)


def base_image(
    regional: RegionalAws,
    source: "BaseSource",
    approval: ApprovalTag,
    *,
    architecture: str = "",
    instance_type: str = "",
) -> Image:
    """Return the image that a release file's ``base.source`` stands for today: no revoked one.

    Args:
        regional: whose, and where.
        source: the source.
        approval: the approval tag.
        architecture: which of a golden version's images is meant, if the release file says so.
        instance_type: what is to run the image; else it says so.

    Raises:
        GoldenamiError: nothing matches, or it is not available.
        RefusedError: it is revoked, or was made from a revoked image.
        AwsError: it could not be read.
    """
    if source.golden:
        image = _newest(regional, source, approval, architecture, instance_type)
    else:
        image = images.resolve(regional, source)
    refuse_revoked(regional, image, approval)
    return image


def _newest(
    regional: RegionalAws,
    source: "BaseSource",
    approval: ApprovalTag,
    architecture: str,
    instance_type: str,
) -> Image:
    every = images.produced(regional, image=source.golden)
    golden = [
        image
        for image in _golden(regional, every, approval)
        if architecture in ("", image.architecture)
    ]
    if not golden:
        for image in every:
            refuse_revoked(regional, image, approval)
        kind = f" for {architecture}" if architecture else ""
        raise GoldenamiError(
            f"base.source.golden: no approved image `{source.golden}`{kind} in {regional.region} "
            f"({len(every)} of any status)",
            fix=f"bake `{source.golden}` first, with {regional.region} among its regions",
        )
    newest = [image for image in golden if image.version == golden[0].version]
    if len(newest) > 1 and instance_type:
        known = instances.architectures(regional, instance_type, "looking at the instance type")
        newest = [image for image in newest if image.architecture in known] or newest
    return newest[0]


def refuse_revoked(regional: RegionalAws, image: Image, approval: ApprovalTag) -> None:
    """Refuse a source that is revoked, or was made from a revoked image, over all generations.

    What is behind images of other accounts cannot be looked at, but for their watermarks.

    Raises:
        RefusedError: saying by whom, when, why, and what follows.
        AwsError: it could not be read.
    """
    aws = regional.aws
    seen, waiting = set[ImageKey](), [image]
    while waiting:
        each = waiting.pop(0)
        seen.add(lineage.key(each))
        for mark in each.watermarks:
            if mark.account == aws.account and (mark.region, mark.image) not in seen:
                waiting += images.by_id(aws.in_region(mark.region), [mark.image])
        if each.owner != aws.account:
            continue
        place = AccountRegion(aws.account, each.region)
        claims = read(aws, {place: [each]}, approval)
        if claim := claims[place].get(each.id):
            _refuse_if_revoked(image, each, claim)
        known = lineage_of({place: [each]}, claims)
        for region, source in known.ancestors(lineage.key(each)):  # its sources alone
            if (region, source) not in seen:
                waiting += images.by_id(aws.in_region(region), [source])


def _refuse_if_revoked(image: Image, ancestor: Image, claim: Produced) -> None:
    if not claim.change or not claim.revoked:
        return
    by_way_of = "is" if ancestor.id == image.id else f"was made from {ancestor.id}, that is"
    successor = claim.change.successor
    raise RefusedError(
        f"base.source: {image.id} in {image.region} {by_way_of} {claim.name}, which is "
        f"{claim.change.words}",
        fix=(f"bake from its successor, {successor}" if successor else "bake from another source")
        + "; `goldenami restore` takes a revocation back",
    )


def _golden(
    regional: RegionalAws, newest_first: Sequence[Image], approval: ApprovalTag
) -> list[Image]:
    place = AccountRegion(regional.account, regional.region)
    produced = read(regional.aws, {place: newest_first}, approval)[place]
    return [
        image for image in newest_first if image.state == "available" and produced[image.id].golden
    ]
