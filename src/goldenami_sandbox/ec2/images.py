"""DescribeImages.

Mended: deprecated and disabled images are hidden as on AWS, all filters, pages, unknown ids.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
"""

from collections.abc import Iterable

from moto.core.responses import ActionResult
from moto.ec2.exceptions import MalformedAMIIdError

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import no_such_image
from goldenami_sandbox.ec2.image import PUBLIC, Image, iso
from goldenami_sandbox.listing import Described, Field, filtered


def _same(name: str) -> Field:
    return lambda image: image[name]


def _of_devices(name: str) -> Field:
    return lambda image: [device["Ebs"][name] for device in image["BlockDeviceMappings"]]


_FIELDS = {
    "architecture": _same("Architecture"),
    "block-device-mapping.delete-on-termination": _of_devices("DeleteOnTermination"),
    "block-device-mapping.encrypted": _of_devices("Encrypted"),
    "block-device-mapping.snapshot-id": _of_devices("SnapshotId"),
    "block-device-mapping.volume-size": _of_devices("VolumeSize"),
    "block-device-mapping.volume-type": _of_devices("VolumeType"),
    "creation-date": lambda image: iso(image["CreationDate"]),
    "description": _same("Description"),
    "ena-support": _same("EnaSupport"),
    "hypervisor": _same("Hypervisor"),
    "image-allowed": _same("ImageAllowed"),
    "image-id": _same("ImageId"),
    "image-type": _same("ImageType"),
    "is-public": _same("Public"),
    "name": _same("Name"),
    "owner-alias": _same("ImageOwnerAlias"),
    "owner-id": _same("OwnerId"),
    "platform": _same("Platform"),
    "root-device-name": _same("RootDeviceName"),
    "root-device-type": _same("RootDeviceType"),
    "source-image-id": _same("SourceImageId"),
    "source-image-region": _same("SourceImageRegion"),
    "source-instance-id": _same("SourceInstanceId"),
    "state": _same("State"),
    "virtualization-type": _same("VirtualizationType"),
}


class ImageListingResponse(Ec2Base):
    """DescribeImages, and who finds what."""

    def describe_images(self) -> ActionResult:
        """List the images that the account can see."""
        self.error_on_dryrun()
        ids = self._get_param("ImageIds", [])
        images = [self._visible(image_id) for image_id in ids] or [
            image
            for image in (*self.store.images.values(), *self.store.shared_images.values())
            if self._listed(image)
        ]
        told = [image.described() for image in images if self._wanted_image(image)]
        return self.paged("Images", self._filtered_images(told))

    def _visible(self, image_id: str) -> Image:
        if not image_id.startswith("ami-"):
            raise MalformedAMIIdError([image_id])
        image = self.store.images.get(image_id) or self.store.shared_images.get(image_id)
        if image is None or self.store.allowed_images.hide(image):
            raise no_such_image(image_id)
        return image

    def _listed(self, image: Image) -> bool:
        """Say whether an image shows up for somebody who does not name it."""
        if self.store.allowed_images.hide(image):
            return False
        return image.owned or not image.deprecated or self._get_param("IncludeDeprecated", False)

    def _wanted_image(self, image: Image) -> bool:
        if image.disabled and not self._get_param("IncludeDisabled", False):
            return False
        return self._owned_by_wish(image) and self._launchable_by_wish(image)

    def _owned_by_wish(self, image: Image) -> bool:
        owners = self._get_param("Owners", [])
        names = {image.owner_id, image.owner_alias, "self" if image.owned else None}
        return not owners or not names.isdisjoint(owners)

    def _launchable_by_wish(self, image: Image) -> bool:
        users = self._get_param("ExecutableUsers", [])
        wished: list[dict[str, str]] = [
            dict(PUBLIC)
            if user == "all"
            else {"UserId": self.current_account if user == "self" else user}
            for user in users
        ]
        return not users or any(one in image.permissions for one in wished)

    def _filtered_images(self, told: Iterable[Described]) -> list[Described]:
        return filtered(told, self._filters_from_querystring(), _FIELDS)
