"""Launch templates: which image a version names."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from threading import RLock
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws.answers.interface import read
from goldenami.aws.answers.launches import (
    DescribeLaunchConfigurations,
    DescribeLaunchTemplateVersions,
    LaunchConfiguration,
    Override,
    TemplateVersion,
    TemplateVersionName,
)
from goldenami.aws.errors import unless_gone
from goldenami.aws.session import RegionalAws

NAMED = ("$Default", "$Latest")
"""The versions that a template's own settings name; others are numbers."""

_RESOLVE = "resolve:ssm:"


class ImageReference(Struct, frozen=True, kw_only=True):
    """What something launches: an image, a version of a template, or a launch configuration.

    A template is named by its id, or ``by_name``: one template's name may look like another's id.
    ``why`` says why no image is known. All of it is empty if a template names no image.
    """

    image: str = ""
    template: str = ""
    by_name: bool = False
    version: str = ""
    configuration: str = ""
    why: str = ""

    @property
    def parameter(self) -> str:
        """The SSM parameter that holds the image, empty if the image is named itself.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
        """
        return self.image.removeprefix(_RESOLVE) if self.image.startswith(_RESOLVE) else ""

    @property
    def words(self) -> str:
        """The template's version or the configuration that it names, in words."""
        if self.configuration:
            return f"launch configuration {self.configuration}"
        return f"version {self.version} of launch template {self.template}"


def of_template(named: TemplateVersionName | Mapping[str, Any]) -> ImageReference:
    """Return the version of a template that a ``LaunchTemplateSpecification`` names."""
    if isinstance(named, Mapping):
        named = read(TemplateVersionName, named)
    return ImageReference(
        template=named.launch_template_id or named.launch_template_name,
        by_name=not named.launch_template_id,
        version=named.version or NAMED[0],
    )


def of_overrides(overrides: Iterable[Override]) -> list[ImageReference]:
    """Return the images that overrides, or launch specifications, name themselves."""
    return [ImageReference(image=override.image_id) for override in overrides if override.image_id]


class LaunchTemplateVersion(Struct, frozen=True, kw_only=True):
    """A version of a launch template: its number, what it launches, and on which type if it says.

    ``default`` is whether it is the template's default version.
    """

    id: str
    name: str
    version: str
    reference: ImageReference
    instance_type: str = ""
    default: bool = False
    description: str = ""

    def named(self, version: str) -> Iterator[ImageReference]:
        """Yield the ways to name its template, with a version."""
        yield ImageReference(template=self.id, version=version)
        yield ImageReference(template=self.name, by_name=True, version=version)


class LaunchTemplates:
    """The launch templates of a region; each version is asked for once, by several threads."""

    def __init__(self, regional: RegionalAws) -> None:
        self._regional = regional
        self._named: list[LaunchTemplateVersion] | None = None
        self._versions: dict[ImageReference, ImageReference] = {}
        self._configurations: dict[str, str] | None = None
        self._lock = RLock()

    def listed(self) -> list[LaunchTemplateVersion]:
        """Return the default and the latest version of every template."""
        with self._lock:
            if self._named is None:
                answers = self._regional.rows(
                    DescribeLaunchTemplateVersions,
                    "reading launch templates", Versions=list(NAMED),
                )  # fmt: skip
                versions = {
                    (version.launch_template_id, version.version_number): _version(version)
                    for version in answers
                }
                self._named = list(versions.values())
                self._remember(self._named)
            return self._named

    def configurations(self) -> Iterator[LaunchConfiguration]:
        """Yield the launch configurations."""
        purpose = "reading launch configurations"
        return self._regional.rows(DescribeLaunchConfigurations, purpose)

    def resolved(self, reference: ImageReference) -> ImageReference:
        """Follow a reference to what it launches."""
        if reference.configuration:
            image = self._configured().get(reference.configuration)
            why = f"there is no {reference.words}" if image is None else ""
            return ImageReference(image=image or "", why=why)
        if not reference.template:
            return reference
        with self._lock:
            self.listed()
            if reference not in self._versions:
                version = read_version(self._regional, reference)
                missing = ImageReference(why=f"there is no {self._missing(reference)}")
                self._versions[reference] = version.reference if version else missing
            return self._versions[reference]

    def _missing(self, reference: ImageReference) -> str:
        latest = replace(reference, version="$Latest")
        words = reference.words
        return words if latest in self._versions else f"launch {words.rpartition(' launch ')[2]}"

    def _remember(self, versions: list[LaunchTemplateVersion]) -> None:
        for version in sorted(versions, key=lambda each: int(each.version)):
            names = [version.version, "$Latest", *(["$Default"] if version.default else [])]
            for reference in chain.from_iterable(map(version.named, names)):
                self._versions[reference] = version.reference

    def _configured(self) -> dict[str, str]:
        with self._lock:
            if self._configurations is None:
                self._configurations = {
                    configuration.launch_configuration_name: configuration.image_id
                    for configuration in self.configurations()
                }
            return self._configurations


def versions(regional: RegionalAws, template: str) -> list[LaunchTemplateVersion]:
    """Return every version of a launch template, by its id."""
    answers = regional.rows(
        DescribeLaunchTemplateVersions, f"reading launch template {template}",
        LaunchTemplateId=template,
    )  # fmt: skip
    return [_version(version) for version in answers]


def read_version(regional: RegionalAws, named: ImageReference) -> LaunchTemplateVersion | None:
    """Return a version of a launch template, None if there is no such one.

    Args:
        regional: whose, and where.
        named: the template, and a number, ``$Default`` or ``$Latest``.
    """
    by = "LaunchTemplateName" if named.by_name else "LaunchTemplateId"
    answer = unless_gone(
        lambda: regional.ask(
            DescribeLaunchTemplateVersions, f"reading launch template {named.template}",
            Versions=[named.version], **{by: named.template},
        )
    )  # fmt: skip
    return _version(answer.rows[0]) if answer and answer.rows else None


def _version(answer: TemplateVersion) -> LaunchTemplateVersion:
    return LaunchTemplateVersion(
        id=answer.launch_template_id,
        name=answer.launch_template_name,
        version=str(answer.version_number),
        reference=ImageReference(image=answer.launch_template_data.image_id),
        instance_type=answer.launch_template_data.instance_type,
        default=answer.default_version,
        description=answer.version_description,
    )
