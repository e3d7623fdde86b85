"""The parameters that a release is published as: one for each channel and architecture."""

from typing import Final

from msgspec import Struct

from goldenami.domain import names

IMAGE: Final = "{image}"
CHANNEL: Final = "{channel}"
"""What stands in the name of what is published for the golden image, and for the channel."""


class Publication(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Under which names a golden image is published.

    Args:
        ssm_parameter: the name of the parameter, with what stands in it for image, channel and
            architecture.
        channels: the channels, in the order in which a version goes through them.
        restricted: those that take a version from the channel before them alone.
    """

    ssm_parameter: str
    channels: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """The channel that a release lands in by itself, empty if there are none."""
        return self.channels[0] if self.channels else ""

    def before(self, channel: str) -> str:
        """Return the channel that a restricted one takes its versions from; else none."""
        return self.channels[self.channels.index(channel) - 1] if channel in self.restricted else ""

    def parameter(self, image: str, channel: str, architecture: str = "") -> str:
        """Return the name of the parameter of a channel, for an architecture if there are several.

        What is not known stays as it stands in the name.
        """
        filled = {IMAGE: image, CHANNEL: channel, names.ARCH: architecture}
        name = self.ssm_parameter
        for placeholder, value in filled.items():
            name = name.replace(placeholder, value) if value else name
        return name
