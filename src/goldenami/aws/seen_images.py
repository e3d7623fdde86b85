"""What is known of the images that things run, and where those images came from."""

from collections.abc import Collection, Iterable, Mapping
from threading import Lock

from goldenami.aws.images import by_id
from goldenami.aws.session import RegionalAws
from goldenami.domain import tags
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.subject import INVISIBLE, ImageSeen
from goldenami.domain.image import Image

IMAGES_A_CALL = 200
GENERATIONS = 16
"""How far back the origin of an image is followed."""


class SeenImages:
    """The images of a region that were looked up; each is asked for once.

    Args:
        regional: whose, and where.
        known: images that were read already.
    """

    def __init__(self, regional: RegionalAws, known: Iterable[Image] = ()) -> None:
        self._regional = regional
        self._found: dict[str, Image | None] = {image.id: image for image in known}
        self._lock = Lock()

    def of(self, ids: Iterable[str]) -> Mapping[str, ImageSeen]:
        """Return what is known of these images; DescribeImages leaves out what it cannot show."""
        return {image_id: _seen(image_id, image) for image_id, image in self._images(ids).items()}

    def golden_ancestors(self, ids: Collection[str], approved: Approved) -> dict[str, str]:
        """Return the golden image that each of these was made from, where there is one.

        AWS notes the source of an image that is created or copied; goldenami notes it in a tag.
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify-source-ami-used-to-create-new-ami.html
        """
        ancestors: dict[str, str] = {}
        for image_id in ids:
            claims = approved.ancestors((self._regional.region, image_id))
            if released := next((claim.id for claim in claims if claim.released), ""):
                ancestors[image_id] = released
        at = {image_id: image_id for image_id in ids if image_id not in ancestors}
        for _ in range(GENERATIONS):
            images = self._images(at.values())
            further = {}
            for begin, image_id in at.items():
                region, source = _source(images[image_id])
                if source and approved.has_released(region, source):
                    ancestors[begin] = source
                elif source and region == self._regional.region:
                    further[begin] = source
            at = further
            if not at:
                break
        return ancestors

    def _images(self, ids: Iterable[str]) -> dict[str, Image | None]:
        unique_ids = dict.fromkeys(ids)
        with self._lock:
            missing = [image_id for image_id in unique_ids if image_id not in self._found]
            for start in range(0, len(missing), IMAGES_A_CALL):
                several = missing[start : start + IMAGES_A_CALL]
                described = {image.id: image for image in by_id(self._regional, several)}
                self._found |= {image_id: described.get(image_id) for image_id in several}
            return {image_id: self._found[image_id] for image_id in unique_ids}


def _source(image: Image | None) -> tuple[str, str]:
    if image is None:
        return "", ""
    if image.source_image:
        return image.source_region, image.source_image
    return image.region, image.tags.get(tags.SOURCE, "")


def _seen(image_id: str, image: Image | None) -> ImageSeen:
    if image is None:
        return ImageSeen(id=image_id, state=INVISIBLE)
    return ImageSeen(
        id=image_id,
        name=image.name,
        owner=image.owner,
        state=image.state,
        created=image.created,
        deprecated_at=image.deprecated_at,
        watermarks=image.watermarks,
    )
