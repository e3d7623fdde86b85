"""Under which names a release is published."""

from goldenami.domain.channels import Publication
from goldenami.spec import types
from goldenami.spec.part import Part


class Publish(Part, frozen=True):
    """The SSM parameter that names the current image in every region.

    Args:
        ssm_parameter: its name, in which `{image}` stands for the golden image, `{arch}` for the
            architecture where there are several, `{channel}` for the channel where there are some.
        channels: such as `[dev, stage, prod]`: a release lands in the first of them.
        restricted: channels that take a version from the channel before them alone.
        manifest: whether each release's manifest is kept as a parameter in the build region.
    """

    ssm_parameter: types.SsmParameter
    channels: types.Channels = ()
    restricted: types.Channels = ()
    manifest: bool = True

    @property
    def publication(self) -> Publication:
        """The names that it stands for."""
        return Publication(
            ssm_parameter=self.ssm_parameter, channels=self.channels, restricted=self.restricted
        )
