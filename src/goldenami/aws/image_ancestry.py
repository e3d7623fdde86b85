"""What an image was made of, as EC2 has recorded it, and nobody can write.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-ancestry.html
"""

from msgspec import Struct

from goldenami.aws.answers.image_use import GetImageAncestry
from goldenami.aws.session import RegionalAws


class Ancestor(Struct, frozen=True, kw_only=True):
    """An image that another one was made of, be it there still or not.

    Args:
        image: its id.
        region: where it is; empty if EC2 does not tell.
    """

    image: str
    region: str


def ancestors(regional: RegionalAws, image: str) -> list[Ancestor]:
    """Return what an image was made of, the nearest first; none if EC2 has recorded nothing.

    EC2 tells of 50 images at most, and of none behind a verified provider's.

    Raises:
        AwsError: it could not be read.
    """
    entries = regional.ask(
        GetImageAncestry, f"tracing what {image} was made of", ImageId=image
    ).rows
    return [
        Ancestor(image=entry.source_image_id, region=entry.source_image_region)
        for entry in entries
        if entry.source_image_id
    ]
