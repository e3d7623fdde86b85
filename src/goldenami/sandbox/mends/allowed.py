"""Allowed AMIs: which images of others an account may find and launch in a region.

moto lacks it. The account's own images are always allowed.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow

if TYPE_CHECKING:
    from goldenami.sandbox.mends.image import Image

Criterion = Mapping[str, Any]


@dataclass
class AllowedImages:
    """The setting of one region. Each criterion allows what has all its properties."""

    state: str = "disabled"
    criteria: Sequence[Criterion] = ()

    def allow(self, image: "Image") -> bool:
        """Say whether an image satisfies the setting, whether it is enforced or not."""
        if image.owned or self.state == "disabled":
            return True
        return any(_satisfies(image, criterion) for criterion in self.criteria)

    def hide(self, image: "Image") -> bool:
        """Say whether an image can be neither found nor launched."""
        return self.state == "enabled" and not self.allow(image)


Test = Callable[["Image", Any], bool]


def _satisfies(image: "Image", criterion: Criterion) -> bool:
    tests: dict[str, Test] = {
        "ImageProviders": _by_provider,
        "ImageNames": lambda image, names: any(fnmatchcase(image.name, name) for name in names),
        "CreationDateCondition": lambda image, wish: _within(
            image.created, wish.get("MaximumDaysSinceCreated")
        ),
        "DeprecationTimeCondition": lambda image, wish: _within(
            image.deprecation_time, wish.get("MaximumDaysSinceDeprecated")
        ),
    }
    # An image of the sandbox has no product code, watermark or scan result: those fail.
    return all(name in tests and tests[name](image, wish) for name, wish in criterion.items())


def _by_provider(image: "Image", providers: Sequence[str]) -> bool:
    return image.owner_id in providers or image.owner_alias in providers


def _within(moment: datetime | None, days: int | None) -> bool:
    return moment is None or days is None or (utcnow() - moment).days <= days
