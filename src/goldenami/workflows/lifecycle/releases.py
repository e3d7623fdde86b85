"""All releases of a golden image: their images in every region and account, records, manifests.

They are found without a release file: by tags, and by the parameters that only the pipeline writes.
What is not a release's own, whatever its tags say, is left alone, and told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import images, manifests, records, regions
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import lookup, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit import approved
from goldenami.domain.audit.approved import Builds, Known, Produced
from goldenami.domain.identity import Recorded
from goldenami.domain.image import Image, bake_of
from goldenami.domain.life import Change
from goldenami.domain.manifest import Manifest, Placed
from goldenami.domain.status import Status, state
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import IncompleteError
from goldenami.workflows import golden_names

PERMISSIONS = (
    "ec2:DescribeImages",
    "ec2:DescribeRegions",
    "ssm:GetParametersByPath",
)
"""What finding releases takes."""
ELSEWHERE = ("ec2:DescribeImages",)
"""What that takes of a role of another account with copies."""


class ListedImage(Struct, frozen=True, kw_only=True):
    """An image of a version, as commands list it."""

    image: str
    version: str
    account: str
    region: str
    id: str
    status: str


class ReleaseImage(Struct, frozen=True, kw_only=True):
    """An image of a release, in its place, as far as that is known to be true."""

    place: AccountRegion
    image: Image
    produced: Produced

    @property
    def status(self) -> str:
        """Its status: what is recorded or tagged, whichever is the worse."""
        change = self.produced.change
        return change.status.value if change else self.image.status

    def listed(self, status: str = "") -> ListedImage:
        """Return it as commands list it, with another status if one is named."""
        return ListedImage(
            image=self.image.image,
            version=self.image.version,
            account=self.place.account,
            region=self.place.region,
            id=self.image.id,
            status=status or self.status,
        )


class RecordedBuild(Struct, frozen=True, kw_only=True):
    """The record of a build, and the build region, where it lies."""

    place: AccountRegion
    recorded: Recorded


class KeptManifest(Struct, frozen=True, kw_only=True):
    """The manifest of a bake, and the build region, where it lies."""

    place: AccountRegion
    manifest: Manifest


class Version(Struct, frozen=True, kw_only=True):
    """One released version of a golden image.

    Args:
        image: the golden image.
        version: the version.
        images: its images, the caller's own first; of all architectures. What is building still,
            or was left so, is none of it.
        builds: the records of its builds, by build.
        manifests: the manifests of its bakes, the newest first.
    """

    image: str
    version: str
    images: tuple[ReleaseImage, ...]
    builds: Mapping[str, RecordedBuild]
    manifests: tuple[KeptManifest, ...]

    @property
    def name(self) -> str:
        """How people call it: ``web-base 1.0``."""
        return f"{self.image} {self.version}"

    @property
    def status(self) -> Status | None:
        """How far it has come, by whichever of its images or records says the farthest."""
        statuses = [each.status for each in self.images]
        statuses += [each.status.value for each in self.changes]
        known = [Status(status) for status in statuses if status in set(Status)]
        return max(known, key=lambda status: state(status).rank, default=None)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The last change of each of its builds after the approval."""
        lasts = (each.recorded.record.last for each in self.builds.values())
        return tuple(each for each in lasts if each)

    @property
    def approval_tag(self) -> ApprovalTag:
        """What marks it as approved, as its manifest says."""
        for kept in self.manifests:
            key, equals, value = kept.manifest.approval.tag.partition("=")
            if equals:
                return ApprovalTag(key, value)
        return ApprovalTag()

    def listed(self, status: str = "") -> list[ListedImage]:
        """Return its images as commands list them, with another status if one is named."""
        return [each.listed(status) for each in self.images]

    @property
    def started(self) -> str:
        """What versions are ordered by: when its newest build was started."""
        builds = [each.image.tags.get(tags.BUILD, "") for each in self.images]
        builds += [kept.manifest.build for kept in self.manifests]
        return max((bake_of(build) for build in builds), default="")


class Releases(Struct, frozen=True, kw_only=True):
    """All releases of a golden image.

    Args:
        image: the golden image.
        versions: its versions, the newest first, by name.
        left_alone: what says that it is of them, and is not, each with the reason.
        unread: the places that could not be read, each with the reason.
    """

    image: str
    versions: Mapping[str, Version]
    left_alone: tuple[str, ...] = ()
    unread: Mapping[str, str] = {}

    def version(self, name: str) -> Version:
        """Return a version.

        Raises:
            UsageError: there is none of that name.
            IncompleteError: none was found, and a place could not be read.
        """
        if name in self.versions:
            return self.versions[name]
        self.complete(f"looking for {self.image} {name}")
        raise lookup.unknown(
            f"version of {self.image}",
            name,
            self.versions,
            fix=f"`goldenami history {self.image}` lists all",
            notes=self.left_alone,
        )

    def good(self) -> list[Version]:
        """Return the versions that are approved wherever they are, the newest first."""
        return [
            version
            for version in self.versions.values()
            if version.status is Status.APPROVED
            and all(each.produced.golden for each in version.images)
        ]

    def complete(self, purpose: str) -> None:
        """See to it that every place was read.

        Raises:
            IncompleteError: naming those that could not be.
        """
        refuse_unread(self.unread, purpose)


def refuse_unread(unread: Mapping[str, str], purpose: str) -> None:
    """See to it that everything was read.

    Args:
        unread: what was not, be it a place or one thing of it, each with the reason.
        purpose: what it was read for.

    Raises:
        IncompleteError: naming what could not be.
    """
    if unread:
        raise incomplete(unread, purpose)


def incomplete(unread: Mapping[str, str], purpose: str) -> IncompleteError:
    """Return the error that names what could not be read for a purpose."""
    return IncompleteError(
        f"{purpose}: not everything could be read, so there may be more",
        notes=[f"{what}: {why}" for what, why in unread.items()],
        fix="give the caller access to these, and run the same command again",
    )


class _Place(Struct, frozen=True):
    """What a region of the caller's own account has of a golden image."""

    images: Sequence[Image]
    records: Sequence[Recorded]
    manifests: Sequence[Manifest]


def read(aws: Aws, image: str, *, role: str = "", new: bool = False) -> Releases:
    """Read all releases of a golden image, in every enabled region and every account with copies.

    Args:
        aws: the caller, whose account's releases count.
        image: the golden image.
        role: the name of the role in other accounts, for manifests that name none.
        new: whether there may be none of it yet, as a release file says what is to come.

    Raises:
        UsageError: there is no golden image of that name.
        IncompleteError: none was found, and a place could not be read.
        AwsError: the regions, or the records of builds, could not be read.
    """
    home, errors = concurrently(regions.places(aws), lambda place: _read(aws.at(place), image))
    kept = [
        KeptManifest(place=place, manifest=manifest)
        for place, each in home.items()
        for manifest in each.manifests
    ]
    others = _other_places(aws, kept, role)
    elsewhere, refused = concurrently(
        others, lambda place: images.produced(aws.at(place), image=image)
    )
    unread = {str(place): error.message for place, error in (errors | refused).items()}
    own = {**{place: each.images for place, each in home.items()}, **elsewhere}
    builds = {
        recorded.record.build: RecordedBuild(place=place, recorded=recorded)
        for place, each in home.items()
        for recorded in each.records
    }
    every = _releases(aws, image, own, builds, kept, unread)
    if not (new or every.versions):
        every.complete(f"looking for {image}")
        golden_names.refuse_unknown(aws, image)
    return every


def _read(regional: RegionalAws, image: str) -> _Place:
    """Read what a region has of a golden image, all at once.

    Raises:
        AwsError: something of it could not be read.
    """
    readers: dict[str, Callable[[], Sequence[Any]]] = {
        "images": lambda: images.produced(regional, image=image),
        "records": lambda: [*records.every(regional, image).values()],
        "manifests": lambda: manifests.of_image(regional, image),
    }
    answers, errors = concurrently(readers, lambda name: readers[name]())
    for error in errors.values():
        raise error
    return _Place(**answers)


def _other_places(aws: Aws, kept: Iterable[KeptManifest], role: str) -> list[AccountRegion]:
    """Return the places of other accounts that manifests name, each with the role to reach it."""
    places = {
        str(place): place
        for each in kept
        for placed in each.manifest.images
        if placed.account != aws.account
        for place in [place_of(aws, placed, role)]
    }
    return list(places.values())


def place_of(aws: Aws, placed: Placed, role: str) -> AccountRegion:
    """Return where a manifest says that an image is.

    Args:
        aws: the caller.
        placed: what the manifest says.
        role: the name of the role in other accounts, if the manifest names none.
    """
    named = aws.role_in(placed.account, role) if role else ""
    return AccountRegion(placed.account, placed.region, placed.role or named)


def _releases(
    aws: Aws,
    image: str,
    own: Mapping[AccountRegion, Sequence[Image]],
    builds: Mapping[str, RecordedBuild],
    kept: Sequence[KeptManifest],
    unread: Mapping[str, str],
) -> Releases:
    names = [each.version for several in own.values() for each in several]
    names += [each.manifest.version for each in kept]
    names += [each.recorded.record.version for each in builds.values()]
    newest_first = sorted(kept, key=lambda each: each.manifest.build, reverse=True)
    every, left_alone = list[Version](), list[str]()
    for name in dict.fromkeys(names):
        version = Version(
            image=image,
            version=name,
            images=(),
            builds={
                build: each
                for build, each in builds.items()
                if each.recorded.record.version == name
            },
            manifests=tuple(each for each in newest_first if each.manifest.version == name),
        )
        claiming = [*_claiming(aws, version, own, complete=not unread)]
        left_alone += [
            f"{each.image.id} in {each.place.name}: {each.produced.forged}"
            for each in claiming
            if each.produced.forged
        ]
        genuine = tuple(
            each
            for each in claiming
            if not each.produced.forged and each.image.status != Status.BUILDING
        )
        every.append(_current(structs.replace(version, images=genuine)))
    every.sort(key=lambda version: version.started, reverse=True)
    return Releases(
        image=image,
        versions={version.version: version for version in every},
        left_alone=tuple(left_alone),
        unread=unread,
    )


def _current(version: Version) -> Version:
    """Return a version as its bakes that are still there made it, or the last one that is not.

    A version can be baked anew once its images are gone; what became of those concerns it no more.
    """
    bakes = {bake_of(each.image.tags.get(tags.BUILD, "")) for each in version.images}
    if not bakes:
        past = [bake_of(build) for build in version.builds]
        past += [kept.manifest.build for kept in version.manifests]
        bakes = {max(past, default="")}
    return structs.replace(
        version,
        builds={build: each for build, each in version.builds.items() if bake_of(build) in bakes},
        manifests=tuple(kept for kept in version.manifests if kept.manifest.build in bakes),
    )


def _claiming(
    aws: Aws, version: Version, own: Mapping[AccountRegion, Sequence[Image]], *, complete: bool
) -> Iterator[ReleaseImage]:
    """Yield what says that it is of a version, with what is known of that.

    Which build has no record is known only if every region was read.
    """
    of_version = {
        place: [image for image in several if image.version == version.version]
        for place, several in own.items()
    }
    home = [image for place, several in of_version.items() if place.is_home for image in several]
    named = {image.tags.get(tags.BUILD, "") for image in home}
    records: dict[str, Known | None] = dict.fromkeys(named if complete else ())
    records |= {
        build: Known(each.place.region, each.recorded) for build, each in version.builds.items()
    }
    known = Builds(
        manifests={
            each.manifest.build: frozenset(placed.image_id for placed in each.manifest.images)
            for each in version.manifests
        },
        records=records,
    )
    elsewhere = structs.replace(known, known=frozenset(named | version.builds.keys()))
    for place, several in of_version.items():
        builds = known if place.account == aws.account else elsewhere
        produced = approved.produced(several, version.approval_tag, builds)
        for image in several:
            yield ReleaseImage(place=place, image=image, produced=produced[image.id])
