"""Who uses the images of a release: what runs them, will launch them, names or may launch them.

Nothing is changed. What could not be read is told, and is never taken for "none".
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import reduce

from msgspec import Struct

from goldenami.aws import instances, parameters, sharing
from goldenami.aws.launches import Launches
from goldenami.aws.parallel import concurrently
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import lineage
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.lineage import ImageKey
from goldenami.domain.pointers import named
from goldenami.workflows.lifecycle.descendants import OwnImages
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version

PERMISSIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:DescribeFleets",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSpotFleetRequests",
    "eks:DescribeNodegroup",
    "eks:ListClusters",
    "eks:ListNodegroups",
    "ssm:GetParameters",
)
"""What finding the uses of an image takes."""


class UseKind(StrEnum):
    """What kind of thing uses an image."""

    INSTANCE = Kind.INSTANCE.value
    LAUNCH_TEMPLATE = Kind.LAUNCH_TEMPLATE.value
    LAUNCH_CONFIGURATION = Kind.LAUNCH_CONFIGURATION.value
    AUTO_SCALING_GROUP = Kind.AUTO_SCALING_GROUP.value
    FLEET = Kind.FLEET.value
    SPOT_FLEET = Kind.SPOT_FLEET.value
    NODE_GROUP = Kind.NODE_GROUP.value
    PARAMETER = "ssm-parameter"
    DESCENDANT = "descendant-image"
    CONSUMER = "consumer"


class Use(Struct, frozen=True, kw_only=True):
    """One use of an image, in a region of an account.

    Args:
        account: whose thing it is; of a consumer, whose image.
        region: where.
        kind: what uses the image.
        id: its id; of a consumer the account, organization or organizational unit, or ``all``.
        name: its name, as far as it has one; of a consumer AWS's word for what it is.
        image: the id of the image; of a descendant, the one that it goes back to.
    """

    account: str
    region: str
    kind: UseKind
    id: str
    name: str = ""
    image: str

    @property
    def words(self) -> str:
        """Say it: ``instance i-… (web) in 111122223333/us-east-1``."""
        name = f" ({self.name})" if self.name and self.name != self.id else ""
        return f"{self.kind.value} {self.id}{name} in {self.account}/{self.region}"


class Uses(Struct, frozen=True, kw_only=True):
    """Who uses some images.

    Args:
        uses: the uses that there are, by place and kind.
        unread: what could not be read, each with the reason: there may be more uses.
    """

    uses: tuple[Use, ...] = ()
    unread: dict[str, str] = {}

    def of(self, image: str) -> list[Use]:
        """Return the uses of one image."""
        return [use for use in self.uses if use.image == image]

    def also(self, other: "Uses") -> "Uses":
        """Return these and other uses as one."""
        return Uses(
            uses=tuple(dict.fromkeys((*self.uses, *other.uses))),
            unread=self.unread | other.unread,
        )

    @property
    def summary(self) -> list[str]:
        """Say how many uses of which kind there are in each place, and what could not be read."""
        counts: dict[str, Counter[str]] = {}
        for use in self.uses:
            counts.setdefault(f"{use.account}/{use.region}", Counter())[use.kind.value] += 1
        lines = [
            f"in use in {place}: "
            + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            for place, kinds in counts.items()
        ]
        lines += [f"not known: {what}: {why}" for what, why in self.unread.items()]
        return lines or ["nothing uses it"]


Read = Callable[[], Iterable[Use]]


class _Question(Struct, frozen=True):
    """What is read in a place."""

    place: AccountRegion
    what: str

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"


class _Unlooked(SeenImages):
    """Takes images by their ids alone: whose they are need not be known here."""

    def of(self, ids: Iterable[str]) -> Mapping[str, ImageSeen]:
        return {image_id: ImageSeen(id=image_id) for image_id in ids}


def read(
    aws: Aws,
    images: Sequence[ReleaseImage],
    places: Iterable[AccountRegion] = (),
    *,
    published: Collection[str] = (),
) -> Uses:
    """Read who uses images, in their places and in further ones, all at once.

    An image can be launched in its own region alone, but by other accounts too: so each place is
    asked for all images of its region. What was made from them is not read: see `descended`.

    Args:
        aws: the caller, and who acts in other accounts.
        images: the images, of any versions.
        places: where to look beside the images' own places, each once.
        published: the SSM parameters that may name them; see `parameters_of`.
    """
    if not images:
        return Uses()
    every = _unique([*(each.place for each in images), *places])

    def read_place(place: AccountRegion) -> Uses:
        here = [each.image.id for each in images if each.place.region == place.region]
        readers = _readers(aws.at(place), place, here, published) if here else {}
        for each in images:
            if str(each.place) == str(place):
                question = _Question(place, f"who may launch {each.image.id}")
                readers[question] = _consumers(aws, each)
        answers, errors = concurrently(readers, lambda question: [*readers[question]()])
        return Uses(
            uses=tuple(dict.fromkeys(use for uses in answers.values() for use in uses)),
            unread={str(question): error.message for question, error in errors.items()},
        )

    answers, _ = concurrently(every, read_place)
    return reduce(Uses.also, answers.values(), Uses())


def places_of(
    aws: Aws, regions: Iterable[str], images: Iterable[ReleaseImage]
) -> list[AccountRegion]:
    """Return where uses may be: the caller's regions, and these in each account with copies."""
    roles = dict.fromkeys((each.place.account, each.place.role) for each in images)
    accounts = dict.fromkeys([(aws.account, ""), *roles])
    return [
        AccountRegion(account, region, role) for account, role in accounts for region in regions
    ]


def parameters_of(versions: Iterable[Version]) -> list[str]:
    """Return the SSM parameters that the images of versions were published as."""
    return list(
        dict.fromkeys(
            name
            for version in versions
            for kept in version.manifests
            for placed in kept.manifest.images
            for _, name in named(kept.manifest, placed)
        )
    )


def _unique(places: Iterable[AccountRegion]) -> list[AccountRegion]:
    by_name: dict[str, AccountRegion] = {}
    for place in places:
        by_name.setdefault(str(place), place)
    return list(by_name.values())


def _readers(
    regional: RegionalAws, place: AccountRegion, ids: Sequence[str], published: Collection[str]
) -> dict[_Question, Read]:
    """Return what reads the uses in a place, by what it reads."""
    launches = Launches(regional, place.account, _Unlooked(regional))
    subjects: dict[str, Callable[[], Iterator[list[Subject]]]] = {
        "launch templates": launches.launch_templates,
        "launch configurations": launches.launch_configurations,
        "Auto Scaling groups": launches.auto_scaling_groups,
        "EC2 fleets": launches.fleets,
        "spot fleets": launches.spot_fleets,
        "EKS node groups": launches.node_groups,
    }
    readers: dict[_Question, Read] = {
        _Question(place, what): _launching(read_all, ids) for what, read_all in subjects.items()
    }
    readers[_Question(place, "instances")] = _running(regional, ids)
    if published:
        readers[_Question(place, "SSM parameters")] = _naming(regional, ids, published)
    return readers


def _launching(read_all: Callable[[], Iterator[list[Subject]]], ids: Sequence[str]) -> Read:
    def uses() -> Iterator[Use]:
        for several in read_all():
            for subject in several:
                if subject.image.id in ids:
                    yield Use(
                        account=subject.account,
                        region=subject.region,
                        kind=UseKind(subject.kind.value),
                        id=subject.id,
                        name=subject.name,
                        image=subject.image.id,
                    )

    return uses


def _running(regional: RegionalAws, ids: Sequence[str]) -> Read:
    def uses() -> Iterator[Use]:
        for instance in instances.launched_from(regional, ids, "reading instances"):
            yield Use(
                account=regional.account,
                region=regional.region,
                kind=UseKind.INSTANCE,
                id=instance.id,
                name=instance.tags.get("Name", ""),
                image=instance.image_id,
            )

    return uses


def _naming(regional: RegionalAws, ids: Sequence[str], published: Collection[str]) -> Read:
    def uses() -> Iterator[Use]:
        for name, value in parameters.image_ids(regional, published).items():
            if value in ids:
                yield Use(
                    account=regional.account,
                    region=regional.region,
                    kind=UseKind.PARAMETER,
                    id=name,
                    image=value,
                )

    return uses


def _consumers(aws: Aws, each: ReleaseImage) -> Read:
    def uses() -> Iterator[Use]:
        for word, value in sharing.consumers(aws.at(each.place), each.image.id):
            yield Use(
                account=each.place.account,
                region=each.place.region,
                kind=UseKind.CONSUMER,
                id=value,
                name=word,
                image=each.image.id,
            )

    return uses


def descended(own: OwnImages, images: Sequence[ReleaseImage]) -> Uses:
    """Return what was made from images, over all generations, as uses of them.

    Copies that belong to the same release are none; another version of it is.

    Args:
        own: the images of all places where something may have been made from them.
        images: the images, of any versions.
    """
    releases: dict[tuple[str, str], list[ImageKey]] = {}
    for each in images:
        release = (each.image.image, each.image.version)
        releases.setdefault(release, []).append(lineage.key(each.image))
    return Uses(
        uses=tuple(
            Use(
                account=born.place.account,
                region=born.place.region,
                kind=UseKind.DESCENDANT,
                id=born.image.id,
                name=born.image.name,
                image=born.origin[1],
            )
            for keys in releases.values()
            for born in own.descendants(keys)
        ),
        unread={f"descendants in {place}": why for place, why in own.unread.items()},
    )
