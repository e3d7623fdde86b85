"""Reading images: the registry, the source of a bake, names that are taken."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from goldenami.aws.answers import ec2
from goldenami.aws.answers.image_use import WatermarkAnswer
from goldenami.aws.answers.scan_results import ScanResults
from goldenami.aws.answers.ssm import GetParameter
from goldenami.aws.session import RegionalAws
from goldenami.domain import names, tags
from goldenami.domain.contents import content_kind
from goldenami.domain.image import Image, ImageDevice, ImageWatermark, LastScan
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import AwsError, GoldenamiError

if TYPE_CHECKING:
    from goldenami.spec.model import BaseSource, ImageFilter

FILTER_VALUES = 200
"""How many values EC2 takes for a filter."""
ALL_STATES = {"IncludeDeprecated": True, "IncludeDisabled": True}


def produced(regional: RegionalAws, *, image: str | None = None) -> list[Image]:
    """Return the images goldenami made in a region, the newest first.

    They are the account's own and carry ``goldenami:image``; disabled and deprecated ones count.
    A tag alone proves nothing about an image of somebody else, hence the owner.
    """
    tagged: dict[str, Any] = {"Name": "tag-key", "Values": [tags.IMAGE]}
    if image:
        tagged = {"Name": f"tag:{tags.IMAGE}", "Values": [image]}
    described = _described(
        regional, "reading golden images", Owners=["self"], Filters=[tagged], **ALL_STATES
    )
    return sorted(described, key=_newest_last, reverse=True)


def own(regional: RegionalAws) -> list[Image]:
    """Return all of the account's own images, whoever made them, whatever their state."""
    return _described(regional, "reading own images", Owners=["self"], **ALL_STATES)


def approved(images: list[Image], approval: ApprovalTag) -> list[Image]:
    """Return those that may be launched: available, and with the approval tag."""
    return [image for image in images if image.state == "available" and approval.on(image.tags)]


def by_id(regional: RegionalAws, image_ids: list[str]) -> list[Image]:
    """Return the images with these ids that exist and the account may see."""
    filters = [{"Name": "image-id", "Values": image_ids}]
    return _described(regional, "reading images", Filters=filters, **ALL_STATES)


def created(regional: RegionalAws, image_id: str) -> Image:
    """Return an image that was made just now.

    Raises:
        AwsError: it is not there (yet).
    """
    described = by_id(regional, [image_id])
    if not described:
        raise AwsError(
            f"{image_id} in {regional.region} is not there", code="InvalidAMIID.NotFound"
        )
    return described[0]


def named(regional: RegionalAws, name: str) -> list[Image]:
    """Return the account's own images of that very name (at most one, as AWS has it)."""
    filters = [{"Name": "name", "Values": [name]}]
    return _described(
        regional, "looking for the image name", Owners=["self"], Filters=filters, **ALL_STATES
    )


def resolve(regional: RegionalAws, source: "BaseSource") -> Image:
    """Return the image that a ``base.source`` names by parameter, id or filter, today.

    Raises:
        GoldenamiError: nothing matches, or it is not available.
        AwsError: it could not be read.
    """
    if source.ssm:
        image = _image_of(regional, _parameter(regional, source.ssm), f"SSM parameter {source.ssm}")
    elif source.ami:
        image = _image_of(regional, source.ami, "base.source.ami")
    else:
        assert source.filter is not None  # noqa: S101  the checks of the release file see to it
        image = _newest_of(regional, source.filter)
    if image.state != "available":
        raise GoldenamiError(
            f"base.source: {image.id} in {regional.region} is {image.state}, not available"
        )
    return image


def _image_of(regional: RegionalAws, image_id: str, told_by: str) -> Image:
    described = by_id(regional, [image_id])
    if not described:
        raise GoldenamiError(
            f"base.source: {told_by} names {image_id}, which does not exist in {regional.region} "
            "or is not shared with this account"
        )
    return described[0]


def _parameter(regional: RegionalAws, name: str) -> str:
    try:
        answer = regional.ask(GetParameter, f"reading SSM parameter {name}", Name=name)
    except AwsError as error:
        if error.code == "ParameterNotFound":
            raise GoldenamiError(
                f"base.source.ssm: there is no parameter {name} in {regional.region}",
                fix="`aws ssm get-parameters-by-path --path /aws/service/ami-amazon-linux-latest`"
                " lists Amazon's",
            ) from error
        raise
    value = answer.parameter.value
    if not names.AMI_ID.fullmatch(value):
        kind = content_kind(answer.parameter.type, value)
        further = f", such as `{name}/image_id`" if kind.startswith("JSON") else ""
        raise GoldenamiError(
            f"base.source.ssm: the parameter {name} in {regional.region} holds no image id: "
            f"it is {kind}",
            fix=f"name a parameter whose whole value is an id (`ami-…`){further}",
        )
    return value


def _newest_of(regional: RegionalAws, image_filter: "ImageFilter") -> Image:
    filters = [
        {"Name": "name", "Values": [image_filter.name]},
        {"Name": "state", "Values": ["available"]},
    ]
    if image_filter.architecture:
        filters.append({"Name": "architecture", "Values": [image_filter.architecture]})
    described = _described(
        regional, "reading images", Owners=list(image_filter.owners), Filters=filters
    )
    if not described:
        raise GoldenamiError(
            f"base.source.filter: no available image of {', '.join(image_filter.owners)} in "
            f"{regional.region} is named like `{image_filter.name}`"
        )
    return max(described, key=_newest_last)


def _described(regional: RegionalAws, purpose: str, **parameters: Any) -> list[Image]:
    images = regional.rows(ec2.DescribeImages, purpose, MaxResults=1000, **parameters)
    return [_image(regional.region, image) for image in images]


def watermarks(answers: Iterable[WatermarkAnswer]) -> tuple[ImageWatermark, ...]:
    """Return the watermarks of an image."""
    return tuple(
        ImageWatermark(
            key=answer.watermark_key,
            region=answer.source_image_region,
            image=answer.source_image_id,
        )
        for answer in answers
    )


def _newest_last(image: Image) -> tuple[tuple[float, str], str]:
    return (image.age, image.id)


def _image(region: str, answer: ec2.ImageAnswer) -> Image:
    return Image(
        region=region,
        id=answer.image_id,
        name=answer.name,
        owner=answer.owner_id,
        owner_alias=answer.image_owner_alias,
        public=answer.public,
        state=answer.state,
        architecture=answer.architecture,
        platform=answer.platform,
        platform_details=answer.platform_details,
        boot_mode=answer.boot_mode,
        tpm=answer.tpm_support,
        created=answer.creation_date,
        deprecated_at=answer.deprecation_time,
        launched=answer.last_launched_time,
        protection=answer.deregistration_protection,
        root_device=answer.root_device_name,
        tags=answer.tag_values,
        snapshots=tuple(answer.snapshot_ids),
        source_instance=answer.source_instance_id,
        source_image=answer.source_image_id,
        source_region=answer.source_image_region or region,
        watermarks=watermarks(answer.image_watermarks),
        scan=_scan(answer.scan_results),
        devices=tuple(
            ImageDevice(
                name=device.device_name,
                snapshot=device.ebs.snapshot_id,
                size_gib=device.ebs.volume_size,
                encrypted=device.ebs.encrypted,
            )
            for device in answer.block_device_mappings
            if device.ebs
        ),
    )


def _scan(results: ScanResults | None) -> LastScan | None:
    if results is None:
        return None
    return LastScan(
        scanned=results.finding_scan_date,
        critical_fix_since=results.critical_fix_available_since,
        high_fix_since=results.high_fix_available_since,
    )
