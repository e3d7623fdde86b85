"""What the two bakers have in common: from a source image to one image in the build region."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from goldenami.aws import watermarks
from goldenami.aws.action import Handler
from goldenami.aws.session import Aws
from goldenami.domain import names, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult
from goldenami.domain.image import Build, Image, build_id, new_nonce
from goldenami.domain.plan import Action
from goldenami.domain.status import Status
from goldenami.spec import Release, ReleaseFile


class Recipe(Struct, frozen=True, kw_only=True):
    """Everything a bake is made from, known before the first mutating call.

    ``instance_id`` is a base instance that is there already (``--instance``), else None.
    ``tokens`` are the client tokens of an earlier run's calls that still stand, by action, and
    ``attempt`` tells this run's other tokens from those of what was taken back.
    ``method`` is how the image is made; ``alone`` tells that only a base instance is launched.
    """

    aws: Aws
    file: ReleaseFile
    build: Build
    source: Image
    instance_id: str | None = None
    tokens: Mapping[str, str] = {}
    attempt: str = ""
    method: str = "create-image"
    alone: bool = False

    def token(self, action: str) -> str:
        """Return the client token of an action's call."""
        return self.tokens.get(action) or self.build.token(action + self.attempt)

    @property
    def base_key(self) -> str:
        """The key of the release file that names the source and the instance types."""
        architecture = self.build.architecture
        return f"architectures.{architecture}" if architecture else "base"

    @property
    def release(self) -> Release:
        """The release file's content."""
        return self.file.release

    @property
    def region(self) -> str:
        """The build region."""
        return self.release.build_region

    @property
    def watermark(self) -> str:
        """The watermark that the image gets: ``account:name``; empty if it gets none."""
        name = self.build.image
        return watermarks.key(self.aws.account, name) if self.release.watermark else ""

    @property
    def place(self) -> AccountRegion:
        """Where the image is made."""
        return AccountRegion(self.aws.account, self.region)

    @property
    def places(self) -> tuple[AccountRegion, ...]:
        """Where the image will be; it is made in the first place and copied to the others."""
        return self.release.places(self.aws.account, self.aws.partition)

    @property
    def parameter(self) -> str:
        """The SSM parameter that names its images from their release on, empty if none does."""
        if self.release.publish is None:
            return ""
        publication = self.release.publish.publication
        return publication.parameter(self.build.image, publication.first, self.build.architecture)

    @property
    def is_shared(self) -> bool:
        """Whether others may launch or copy it."""
        return bool(self.release.share.targets or self.release.copies)

    @property
    def proposed_places(self) -> tuple[AccountRegion, ...]:
        """Where the image is made before its approval: in the caller's own account."""
        if self.release.share_candidates:
            return self.places
        return tuple(place for place in self.places if place.is_home)

    def home_of(self, place: AccountRegion) -> AccountRegion:
        """Return the same region of the caller's own account."""
        return AccountRegion(self.aws.account, place.region)

    def keys(self, place: AccountRegion) -> tuple[str, ...]:
        """Return the KMS keys that the release file names for the image in a place."""
        if place == self.place:
            return tuple(volume.kms_key for volume in self.release.base.volumes if volume.kms_key)
        key = self.copy_key(place)
        return (key,) if key else ()

    def copy_key(self, place: AccountRegion) -> str | None:
        """Return the KMS key that the release file names for the copy into a place."""
        release = self.release
        return release.kms_key(place.region) if place.is_home else release.kms_key_of_copy(place)

    @property
    def description(self) -> str:
        """The description of the image."""
        return self.release.description or f"{self.build.ami_name}, made by goldenami"

    @property
    def tag_specifications(self) -> list[dict[str, object]]:
        """The tags of the image and its snapshots, as the calls that create them take them."""
        return [tags.specification(kind, self.image_tags) for kind in ("image", "snapshot")]

    @property
    def image_tags(self) -> dict[str, str]:
        """The tags of the image and its snapshots from the call that creates them.

        The approval tag is not among them, even if it is one of the user's own: it comes last.
        """
        approval = self.release.approval_tag
        own = {k: v for k, v in self.release.tags.items() if k != approval.key}
        return self.build.tags(own, source=self.source.id, status=Status.BUILDING)

    @property
    def base_tags(self) -> dict[str, str]:
        """The tags of the base instance, its volumes and its network interface.

        They have all that is needed to go on with a bake. Its Name is its own, so that it never
        looks golden.
        """
        build, release = self.build, self.release
        own = {k: v for k, v in release.tags.items() if k not in ("Name", release.approval_tag.key)}
        return {
            "Name": f"{build.ami_name} base",
            **own,
            tags.IMAGE: build.image,
            tags.BUILD: build.id,
            tags.SOURCE: self.source.id,
            tags.ROLE: tags.InstanceRole.BASE.value,
            **({} if self.alone else {tags.VERSION: build.version, tags.SPEC: build.spec}),
        }


class Baker(Protocol):
    """Makes the image of a recipe in the build region.

    Its actions end with one called ``image:REGION`` whose output ``image_id`` is the image;
    ``recorded`` is the id of the last of them that writes the record of the build.
    """

    recorded: ClassVar[str]

    def check(self) -> CheckResult:
        """Look, without changing anything, for what stands against the bake."""
        ...

    def actions(self) -> tuple[Action, ...]:
        """Return the actions, the last one being ``image:REGION``."""
        ...

    def cleanup(self) -> tuple[Action, ...]:
        """Return what follows once the image is available (terminating the base instance)."""
        ...

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Return what performs the baker's own actions, by call name."""
        ...


def new_build(file: ReleaseFile, now: datetime) -> Build:
    """Return a new build of a release file."""
    release = file.release
    version = names.calendar_version(now) if release.version == "auto" else release.version
    return Build(
        id=build_id(now.astimezone(UTC), secrets.randbelow(4096)),
        image=release.image,
        version=version,
        spec=file.spec,
        nonce=new_nonce(),
    )
