"""Every instance of a region with what is known of its image."""

from collections.abc import Mapping
from typing import Any

from goldenami.aws.calls import pages
from goldenami.aws.errors import FORBIDDEN, NOT_AVAILABLE_HERE
from goldenami.aws.images import by_id, when
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.verdict import Instance
from goldenami.errors import AwsError

PAGE = 1000
IMAGES_A_CALL = 200
_ALIVE = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]


def instances(aws: Aws, region: str) -> list[Instance]:
    """Return every instance of a region that is not terminated.

    DescribeInstanceImageMetadata answers everything in one listing, even for images that are
    gone; where it is not available or not permitted, DescribeInstances and DescribeImages do.

    Raises:
        AwsError: a page could not be read.
    """
    try:
        return _with_metadata(aws, region)
    except AwsError as error:
        if error.code not in NOT_AVAILABLE_HERE | FORBIDDEN:
            raise
    return _with_images(aws, region)


def _with_metadata(aws: Aws, region: str) -> list[Instance]:
    found = pages(
        aws, "ec2", "describe_instance_image_metadata", "InstanceImageMetadata", region,
        "reading instances", Filters=_ALIVE, MaxResults=PAGE,
    )  # fmt: skip
    return [_from_metadata(region, one) for one in found]


def _from_metadata(region: str, told: Mapping[str, Any]) -> Instance:
    image = told.get("ImageMetadata", {})
    own = tags.from_aws(told.get("Tags"))
    return Instance(
        region=region,
        id=told["InstanceId"],
        state=told["State"]["Name"],
        account=told.get("OwnerId", ""),
        image_id=image.get("ImageId", ""),
        name=own.get("Name", ""),
        image_name=image.get("Name", ""),
        image_owner=image.get("OwnerId", ""),
        image_state=image.get("State", "deregistered"),
        image_deprecated_at=when(image.get("DeprecationTime")),
        launched=told.get("LaunchTime"),
        tags=own,
    )


def _with_images(aws: Aws, region: str) -> list[Instance]:
    found = pages(
        aws, "ec2", "describe_instances", "Reservations", region, "reading instances",
        Filters=_ALIVE, MaxResults=PAGE,
    )  # fmt: skip
    told = [(one["OwnerId"], instance) for one in found for instance in one["Instances"]]
    ids = sorted({instance["ImageId"] for _, instance in told})
    images = {
        image.id: image
        for start in range(0, len(ids), IMAGES_A_CALL)
        for image in by_id(aws, region, ids[start : start + IMAGES_A_CALL])
    }
    return [_from_instance(region, account, one, images) for account, one in told]


def _from_instance(
    region: str, account: str, told: Mapping[str, Any], images: Mapping[str, Any]
) -> Instance:
    image = images.get(told["ImageId"])
    own = tags.from_aws(told.get("Tags"))
    return Instance(
        region=region,
        id=told["InstanceId"],
        state=told["State"]["Name"],
        account=account,
        image_id=told["ImageId"],
        name=own.get("Name", ""),
        image_name=image.name if image else "",
        image_owner=image.owner if image else "",
        image_state=image.state if image else "deregistered",
        image_deprecated_at=image.deprecated_at if image else None,
        launched=told.get("LaunchTime"),
        tags=own,
    )
