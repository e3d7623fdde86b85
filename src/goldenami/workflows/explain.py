"""`goldenami policy explain`: can somebody launch this image here, and which statement says so."""

from collections.abc import Callable
from typing import Any, Literal

from goldenami.aws import authorization_details, images
from goldenami.aws.session import Aws
from goldenami.domain.image import Image
from goldenami.errors import UsageError
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.decide import Verdict, decide_all
from goldenami.iam.evaluator.request import Value

Kind = Literal["user", "group", "role"]


def explain(
    aws: Aws, region: str, kind: Kind, name: str, image_id: str, call: str
) -> tuple[Verdict, tuple[str, ...]]:
    """Decide a launch of a real image by a real user, group or role, whenever and wherever.

    Raises:
        UsageError: there is no such principal, or no such image in the region.
    """
    account, notes = authorization_details.account(aws)
    one = account.named(kind, name)
    found = images.by_id(aws.in_region(region), [image_id])
    if not found:
        raise UsageError(
            f"there is no image {image_id} in {region}, or it is not shared with this account",
            fix="check the id and --region",
        )
    world = _OneImage(found[0], account.id, account.partition)
    principal = account.principal(one)
    launch = ApiCall(call, region, _launch(call, image_id))
    asked = requests(launch, principal.anywhere(), world)
    return decide_all(account.policies_of(one), asked), notes


class _OneImage:
    """A world with one image, and whatever a launch takes by default."""

    def __init__(self, image: Image, account: str, partition: str) -> None:
        self._image, self._account, self._partition = image, account, partition

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return the image, or anything else that a plain launch names."""
        if kind != "image":
            return None
        image = self._image
        keys: dict[str, Value] = {
            "ec2:ImageID": image.id,
            "ec2:ImageType": "machine",
            "ec2:Owner": image.owner_alias or image.owner,
            "ec2:Public": str(image.public).lower(),
            "ec2:RootDeviceType": "ebs",
        }
        tags = {
            f"{service}:ResourceTag/{key}": value
            for service in ("aws", "ec2")
            for key, value in image.tags.items()
        }
        devices = [
            {"DeviceName": f"/dev/{index}", "Ebs": {"SnapshotId": snapshot}}
            for index, snapshot in enumerate(image.snapshots)
        ]
        return Resource(
            arn=f"arn:{self._partition}:ec2:{region}::image/{name}",
            keys=keys | tags,
            details={"devices": devices},
        )


_LAUNCHES: dict[str, Callable[[str], dict[str, Any]]] = {
    "ec2:RunInstances": lambda image: {"ImageId": image},
    "ec2:RequestSpotInstances": lambda image: {"LaunchSpecification": {"ImageId": image}},
    "ec2:RequestSpotFleet": lambda image: {
        "SpotFleetRequestConfig": {"LaunchSpecifications": [{"ImageId": image}]}
    },
}


def _launch(call: str, image_id: str) -> dict[str, Any]:
    if call not in _LAUNCHES:
        raise UsageError(
            f"`{call}` is no launch that can be explained", fix=f"one of {', '.join(_LAUNCHES)}"
        )
    return _LAUNCHES[call](image_id)
