"""What an audit judges: whatever runs an image, or will launch one, or guards launches."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from goldenami.domain.image import ImageWatermark
from goldenami.domain.tags import Tags


class Kind(StrEnum):
    """What kind of thing it is; images and spot requests are judged by what events tell of them."""

    INSTANCE = "instance"
    LAUNCH_TEMPLATE = "launch-template"
    LAUNCH_CONFIGURATION = "launch-configuration"
    AUTO_SCALING_GROUP = "auto-scaling-group"
    FLEET = "ec2-fleet"
    SPOT_FLEET = "spot-fleet"
    NODE_GROUP = "eks-node-group"
    SETTING = "account-setting"
    GUARDRAIL = "guardrail"
    PARAMETER = "ssm-parameter"
    IMAGE = "image"
    SPOT_REQUEST = "spot-request"


LAUNCHES = (
    Kind.LAUNCH_TEMPLATE,
    Kind.LAUNCH_CONFIGURATION,
    Kind.AUTO_SCALING_GROUP,
    Kind.FLEET,
    Kind.SPOT_FLEET,
    Kind.NODE_GROUP,
    Kind.SPOT_REQUEST,
)
"""What will launch instances."""

DEREGISTERED = "deregistered"
INVISIBLE = "not-visible"
UNSEEN = "unseen"


class ImageSeen(Struct, frozen=True, kw_only=True, omit_defaults=True, cache_hash=True):
    """What is known of the image of a subject.

    ``state`` is ``deregistered`` if EC2 says that the image is gone, ``not-visible`` if it only
    does not show it (it is gone, or not shared any more), and ``unseen`` if it belongs to an
    account that cannot be looked into; its owner is then unknown.
    ``golden_ancestor`` is the golden image that it was made from, empty if none is known;
    ``revoked_ancestor`` is a revoked one, be it by way of others. ``watermarks`` tell where it
    comes from, be it somebody else's: they approve nothing.
    """

    id: str = ""
    name: str = ""
    owner: str = ""
    state: str = ""
    created: datetime | None = None
    deprecated_at: datetime | None = None
    golden_ancestor: str = ""
    revoked_ancestor: str = ""
    watermarks: tuple[ImageWatermark, ...] = ()

    @property
    def known(self) -> bool:
        """Tell whether the image is there to be looked at."""
        return self.state not in (DEREGISTERED, INVISIBLE) and bool(self.owner)


class Subject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is judged, in a region of an account.

    ``facts`` are what single rules look at: ``root-snapshot``, ``allowed-amis``,
    ``difference``, ``stale``, ``unresolved``, ``written``, and of events ``shared-with``,
    ``ended``, ``release``, ``tagged``. ``arn`` is there if it does not follow from the id.
    """

    kind: Kind
    account: str
    region: str
    id: str
    arn: str = ""
    name: str = ""
    state: str = ""
    image: ImageSeen = ImageSeen()
    launched: datetime | None = None
    tags: Tags = {}
    facts: Mapping[str, str] = {}

    @property
    def resource(self) -> str:
        """A name that is unique in all accounts: ``111122223333/us-east-1/instance/i-…``."""
        return f"{self.account}/{self.region}/{self.kind.value}/{self.id}"

    @property
    def without_image(self) -> bool:
        """Whether it is a launch template that leaves the image to whoever launches from it.

        Nothing can be said against it, and nothing for it. What launches from such a template and
        names none either is ``unresolved``.
        """
        return self.kind is Kind.LAUNCH_TEMPLATE and not self.image.id and not self.facts
