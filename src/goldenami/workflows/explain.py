"""`goldenami policy explain`: can somebody launch this image here, and which statement says so."""

from collections.abc import Callable
from typing import Any

from goldenami.aws import authorization_details, images
from goldenami.aws.session import RegionalAws
from goldenami.domain.image import Image
from goldenami.errors import UsageError
from goldenami.iam.account import Kind
from goldenami.iam.authorization import resources
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.authorization.resources import Resource, Scope
from goldenami.iam.evaluator.decide import Verdict, decide_all


def explain(
    regional: RegionalAws, kind: Kind, name: str, image_id: str, call: str
) -> tuple[Verdict, tuple[str, ...]]:
    """Decide a launch of a real image by a real user, group or role, whenever and wherever.

    Raises:
        UsageError: there is no such principal, or no such image in the region.
    """
    account, notes = authorization_details.account(regional.aws)
    principal = account.named(kind, name)
    described = images.by_id(regional, [image_id])
    if not described:
        raise UsageError(
            f"there is no image {image_id} in {regional.region}, or it is not shared with this "
            "account",
            fix="check the id and --region",
        )
    lookup = ImageLookup(described[0], Scope(account.partition, regional.region, account.id))
    launch = ApiCall(call, regional.region, _launch(call, image_id))
    needed = requests(launch, account.principal(principal).anywhere(), lookup)
    return decide_all(account.policies_of(principal), needed), notes


class ImageLookup:
    """Finds one image, and nothing else: a plain launch takes defaults for the rest."""

    def __init__(self, image: Image, scope: Scope) -> None:
        self._image, self._scope = image, scope

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return the image, None of anything else."""
        if kind != "image":
            return None
        image = self._image
        devices = [
            {"DeviceName": f"/dev/{index}", "Ebs": {"SnapshotId": snapshot}}
            for index, snapshot in enumerate(image.snapshots)
        ]
        return resources.image(
            self._scope, image.id, image.tags,
            owner=image.owner_alias or image.owner, public=image.public, devices=devices,
        )  # fmt: skip


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
