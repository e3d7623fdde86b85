"""Launch templates: which image a version names."""

from collections.abc import Iterable, Iterator, Mapping
from threading import RLock
from typing import Any

from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.errors import UNKNOWN_TEMPLATE, explained
from goldenami.aws.session import Aws
from goldenami.errors import AwsError

NAMED = ("$Default", "$Latest")
"""The versions that a template's own settings name; others are numbers."""

_RESOLVE = "resolve:ssm:"


class Reference(Struct, frozen=True, kw_only=True):
    """What something launches: an image, a version of a template, or a launch configuration.

    ``why`` says why no image is known.
    """

    image: str = ""
    template: str = ""
    version: str = ""
    configuration: str = ""
    why: str = ""

    @property
    def parameter(self) -> str:
        """The SSM parameter that holds the image, empty if the image is named itself.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
        """
        return self.image.removeprefix(_RESOLVE) if self.image.startswith(_RESOLVE) else ""


def of_template(told: Mapping[str, Any]) -> Reference:
    """Return the version of a template that a ``LaunchTemplateSpecification`` names."""
    named = told.get("LaunchTemplateId") or told.get("LaunchTemplateName", "")
    return Reference(template=named, version=told.get("Version") or NAMED[0])


def of_overrides(overrides: Iterable[Mapping[str, Any]]) -> list[Reference]:
    """Return the images that overrides, or launch specifications, name themselves."""
    return [Reference(image=each["ImageId"]) for each in overrides if each.get("ImageId")]


class Version(Struct, frozen=True, kw_only=True):
    """A version of a launch template: its number, what it launches, and on which type if it says.

    ``default`` is whether it is the template's default version.
    """

    id: str
    name: str
    version: str
    reference: Reference
    instance_type: str = ""
    default: bool = False


class Templates:
    """The launch templates of a region; each version is asked for once, by several threads."""

    def __init__(self, aws: Aws, region: str) -> None:
        self._aws = aws
        self._region = region
        self._named: list[Version] | None = None
        self._versions: dict[tuple[str, str], Reference] = {}
        self._configurations: dict[str, str] | None = None
        self._lock = RLock()

    def listed(self) -> list[Version]:
        """Return the default and the latest version of every template.

        Raises:
            AwsError: they could not be read.
        """
        with self._lock:
            if self._named is None:
                told = pages(
                    self._aws, "ec2", "describe_launch_template_versions",
                    "LaunchTemplateVersions", self._region, "reading launch templates",
                    Versions=list(NAMED),
                )  # fmt: skip
                found = {
                    (one["LaunchTemplateId"], one["VersionNumber"]): _version(one) for one in told
                }
                self._named = list(found.values())
                self._remember(self._named)
            return self._named

    def configurations(self) -> Iterator[Any]:
        """Yield the launch configurations, as they are told.

        Raises:
            AwsError: they could not be read.
        """
        return pages(
            self._aws, "autoscaling", "describe_launch_configurations", "LaunchConfigurations",
            self._region, "reading launch configurations",
        )  # fmt: skip

    def resolved(self, reference: Reference) -> Reference:
        """Follow a reference to what it launches.

        Raises:
            AwsError: a template or configuration could not be read.
        """
        if reference.configuration:
            image = self._configured().get(reference.configuration, "")
            why = f"there is no launch configuration {reference.configuration}"
            return Reference(image=image, why="" if image else why)
        if not reference.template:
            return reference
        key = (reference.template, reference.version)
        with self._lock:
            self.listed()
            if key not in self._versions:
                self._versions[key] = self._read(*key)
            return self._versions[key]

    def _remember(self, versions: list[Version]) -> None:
        for one in versions:
            for named in (one.id, one.name):
                self._versions[named, one.version] = one.reference
                if one.default:
                    self._versions[named, "$Default"] = one.reference
        for one in sorted(versions, key=lambda each: int(each.version)):
            for named in (one.id, one.name):
                self._versions[named, "$Latest"] = one.reference

    def _read(self, template: str, version: str) -> Reference:
        found = read_version(self._aws, self._region, template, version)
        if found is None:
            return Reference(why=f"there is no version {version} of launch template {template}")
        return found.reference

    def _configured(self) -> dict[str, str]:
        with self._lock:
            if self._configurations is None:
                self._configurations = {
                    one["LaunchConfigurationName"]: one["ImageId"] for one in self.configurations()
                }
            return self._configurations


def read_version(aws: Aws, region: str, template: str, version: str) -> Version | None:
    """Return a version of a launch template, None if there is no such one.

    Args:
        aws: whose.
        region: where.
        template: its id or name.
        version: a number, ``$Default`` or ``$Latest``.

    Raises:
        AwsError: it could not be read.
    """
    by = "LaunchTemplateId" if template.startswith("lt-") else "LaunchTemplateName"
    try:
        with explained(f"reading launch template {template}", region):
            told = aws.client("ec2", region).describe_launch_template_versions(
                Versions=[version], **{by: template}
            )["LaunchTemplateVersions"]
    except AwsError as error:
        if error.code in UNKNOWN_TEMPLATE:
            return None
        raise
    return _version(told[0]) if told else None


def _version(told: dict[str, Any]) -> Version:
    data = told.get("LaunchTemplateData", {})
    return Version(
        id=told["LaunchTemplateId"],
        name=told["LaunchTemplateName"],
        version=str(told["VersionNumber"]),
        reference=Reference(image=data.get("ImageId", "")),
        instance_type=data.get("InstanceType", ""),
        default=bool(told.get("DefaultVersion")),
    )
