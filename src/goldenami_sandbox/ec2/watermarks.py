"""Watermarks: what says, in an image and all that is made of it, where it comes from.

moto lacks them.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-watermark.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageWatermark.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageWatermarkFilterRequest.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from goldenami_sandbox import clock

NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
KEY = re.compile(rf"\d{{12}}:{NAME.pattern}")
MOST = 5


class Watermark(Struct, frozen=True):
    """A watermark, which keeps what it was first attached to.

    Args:
        key: ``account:name``, of the account that attached it.
        region: where it was attached.
        image_id: the image it was attached to.
        image_created: when that image was made.
        created: when it was attached.
    """

    key: str
    region: str
    image_id: str
    image_created: datetime
    created: datetime

    def described(self) -> dict[str, Any]:
        """Return it as EC2 describes it."""
        return {
            "WatermarkKey": self.key,
            "SourceImageRegion": self.region,
            "SourceImageId": self.image_id,
            "SourceImageCreationTime": self.image_created,
            "WatermarkCreationTime": self.created,
        }


def described(watermarks: Sequence[Watermark]) -> list[dict[str, Any]] | None:
    """Return an image's watermarks as EC2 describes them; without any it leaves them out."""
    return [watermark.described() for watermark in watermarks] or None


def satisfy(watermarks: Sequence[Watermark], filters: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether one watermark has all that one of Allowed AMIs' filters asks for."""
    return any(
        all(_TESTS[name](watermark, wish) for name, wish in each.items())
        for each in filters
        for watermark in watermarks
    )


def like(text: str, pattern: str) -> bool:
    """Say whether a text is as a pattern of Allowed AMIs, in which ``*`` and ``?`` are wild."""
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, text) is not None


def within(moment: datetime | None, days: int | None) -> bool:
    """Say whether a time is no more days ago than allowed; what has no time, or no limit, is."""
    return moment is None or days is None or clock.now() - moment <= timedelta(days=days)


_TESTS: Mapping[str, Callable[[Watermark, Any], bool]] = {
    "WatermarkKey": lambda watermark, wish: like(watermark.key, wish),
    "SourceImageRegion": lambda watermark, wish: like(watermark.region, wish),
    "MaximumDaysSinceSourceImageCreated": lambda watermark, wish: within(
        watermark.image_created, wish
    ),
    "MaximumDaysSinceWatermarkCreated": lambda watermark, wish: within(watermark.created, wish),
}
