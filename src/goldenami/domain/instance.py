"""An instance that says that a build launched it."""

from datetime import datetime

from msgspec import Struct

from goldenami.domain import platforms, tags

ALIVE = ("pending", "running", "stopping", "stopped")
ENDED = ("shutting-down", "terminated")


class Instance(Struct, frozen=True, kw_only=True):
    """An instance with the tags of a build, as DescribeInstances tells it.

    ``groups`` are id and name of its security groups.
    """

    region: str
    id: str
    state: str
    tags: tags.Tags
    image_id: str = ""
    platform: str = ""
    platform_details: str = ""
    token: str = ""
    launched: datetime | None = None
    key_name: str = ""
    groups: tuple[tuple[str, str], ...] = ()

    @property
    def is_windows(self) -> bool:
        """Whether it runs Windows."""
        return platforms.is_windows(self.platform, self.platform_details)

    @property
    def role(self) -> str:
        """What it is for."""
        return self.tags.get(tags.ROLE, "")

    @property
    def build(self) -> str:
        """The build that it says it belongs to."""
        return self.tags.get(tags.BUILD, "")

    @property
    def alive(self) -> bool:
        """Whether it is not terminated."""
        return self.state in ALIVE
