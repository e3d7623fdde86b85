"""What a release file can get wrong about `publish` across its keys: names and channels."""

from collections.abc import Iterator
from typing import Final

from goldenami.domain import names
from goldenami.domain.channels import CHANNEL
from goldenami.spec.model import Release
from goldenami.validation import Problem, Rule

Problems = Iterator[Problem]
_NAME = "$.publish.ssm_parameter"


def _architecture(release: Release) -> Problems:
    name = release.publish.ssm_parameter if release.publish else ""
    if name and release.architectures and names.ARCH not in name:
        yield Problem(
            _NAME,
            f"one parameter cannot name the images of several architectures: put `{names.ARCH}` "
            f"into it, such as `{name}/{names.ARCH}`",
        )
    if names.ARCH in name and not release.architectures:
        yield Problem(
            _NAME, f"`{names.ARCH}` stands for one of `architectures`, and the file has none"
        )


def _channel(release: Release) -> Problems:
    publish = release.publish
    if publish and publish.channels and CHANNEL not in publish.ssm_parameter:
        yield Problem(
            _NAME,
            f"each channel has a parameter of its own: put `{CHANNEL}` into it, such as "
            f"`{publish.ssm_parameter}/{CHANNEL}`",
        )
    if publish and CHANNEL in publish.ssm_parameter and not publish.channels:
        yield Problem(
            _NAME, f"`{CHANNEL}` stands for one of `publish.channels`, and there are none"
        )


def _filled(release: Release) -> Problems:
    """Refuse what only the names that stand in it make one of AWS's."""
    for name in release.parameters:
        if names.of_aws(name) and not names.of_aws(_form(release)):
            yield Problem(_NAME, f"`{name}`: {names.OF_AWS}")


def _form(release: Release) -> str:
    return release.publish.ssm_parameter if release.publish else ""


def _restricted(release: Release) -> Problems:
    publish = release.publish
    for index, channel in enumerate(publish.restricted if publish else ()):
        channels = publish.channels if publish else ()
        if channel not in channels:
            yield Problem(f"$.publish.restricted[{index}]", f"`{channel}` is none of `channels`")
        elif channel == channels[0]:
            yield Problem(
                f"$.publish.restricted[{index}]",
                f"a release lands in `{channel}` by itself, the first one: restrict a later one",
            )


def _manifest(release: Release) -> Problems:
    if release.publish and release.publish.channels and not release.publish.manifest:
        yield Problem(
            "$.publish.manifest",
            "the manifest says which channels there are: leave this out, or `channels`",
        )


RULES: Final[tuple[Rule[Release], ...]] = (
    _architecture, _channel, _filled, _restricted, _manifest,
)  # fmt: skip
