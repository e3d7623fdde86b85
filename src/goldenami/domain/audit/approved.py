"""What counts as golden."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from goldenami.domain import identity, life, names, tags
from goldenami.domain.audit.subject import ImageSeen, Subject
from goldenami.domain.identity import Recorded
from goldenami.domain.image import Image, architecture_of, bake_of, started
from goldenami.domain.life import Change
from goldenami.domain.lineage import ImageKey, Lineage
from goldenami.domain.status import Status, state
from goldenami.domain.tags import ApprovalTag


class Produced(Struct, frozen=True, kw_only=True):
    """An image that says of itself that a release made it, or that carries the approval tag.

    Args:
        id: the image.
        image: the golden image it is a version of.
        version: the version.
        created: when it was made.
        approved: whether it carries the approval tag, and its release was not taken back since.
        candidate: whether it waits for its approval.
        forged: why no release can have made it, empty if one did.
        newer: how many approved versions are newer.
        change: what became of its release after its approval, None if nothing did.
        source: the image that its build was launched from, by the build's record; empty for copies,
            of which EC2 notes the source, and where there is no record.
    """

    id: str
    image: str
    version: str
    created: datetime | None
    approved: bool
    candidate: bool
    forged: str = ""
    newer: int = 0
    change: Change | None = None
    source: str = ""

    @property
    def revoked(self) -> bool:
        """Tell whether its release is revoked, or it says so itself."""
        return self.change is not None and self.change.status is Status.REVOKED

    @property
    def released(self) -> bool:
        """Tell whether a release made and approved it, whatever became of that since."""
        return not self.forged and (self.approved or self.change is not None)

    @property
    def name(self) -> str:
        """How people call it: ``web-base 1.0``."""
        return f"{self.image} {self.version}" if self.image else "the account's own"

    @property
    def golden(self) -> bool:
        """Tell whether it is an approved image that a release made."""
        return self.approved and not self.forged


class Approved(Struct, frozen=True, kw_only=True):
    """What counts as golden, and how old it may be.

    Args:
        produced: the images that releases made, or seem to have made, by region and id.
        listed: ids of images that a list approves, by region; ``""`` for all regions.
        named: patterns of names that a list approves, for images of the owners alone: anybody can
            give an image any name.
        owners: accounts that own golden images: the one whose releases count, and others it
            trusts. The images of the others count as golden (their tags cannot be seen from here).
        account: the account whose releases count.
        at: the time deprecation and age are judged at.
        newest: how many of the newest versions are current, None for all.
        max_age: how old a golden image may be, None for any age.
        derived: whether images that were made from golden ones count as golden.
        lineage: what own images were made from.
    """

    produced: Mapping[str, Mapping[str, Produced]]
    listed: Mapping[str, frozenset[str]] = {}
    named: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    account: str
    at: datetime
    newest: int | None = None
    max_age: timedelta | None = None
    derived: bool = False
    lineage: Lineage = Lineage()

    @property
    def empty(self) -> bool:
        """Tell whether nothing at all is approved."""
        produced = any(image.golden for each in self.produced.values() for image in each.values())
        listed = any(self.listed.values()) or self.named
        return not produced and not listed and self.owners <= {self.account}

    def claim(self, subject: Subject) -> Produced | None:
        """Return what is known of the subject's image from its tags."""
        return self.produced.get(subject.region, {}).get(subject.image.id)

    def released(self, region: str, image_id: str) -> bool:
        """Tell whether an image is an approved one that a release made."""
        produced = self.produced.get(region, {}).get(image_id)
        return produced is not None and produced.golden

    def has_released(self, region: str, image_id: str) -> bool:
        """Tell whether a release made and approved an image, whatever became of it since."""
        produced = self.produced.get(region, {}).get(image_id)
        return produced is not None and produced.released

    def known(self, image_id: str) -> Produced | None:
        """Return what is known of an image by its tags and record, in whichever region it is."""
        regions = self.produced.values()
        return next((images[image_id] for images in regions if image_id in images), None)

    def ancestors(self, image: ImageKey) -> Iterator[Produced]:
        """Yield the images of releases that an image was made from, the nearest first."""
        for region, source in self.lineage.ancestors(image):
            if claim := self.produced.get(region, {}).get(source):
                yield claim

    def revoked_ancestor(self, region: str, image: ImageSeen) -> Produced | None:
        """Return the nearest revoked image that one was made from: by lineage, or by watermark."""
        marked = (
            claim
            for mark in image.watermarks
            if mark.account == self.account and mark.image != image.id
            if (claim := self.produced.get(mark.region, {}).get(mark.image))
        )
        claims = (*self.ancestors((region, image.id)), *marked)
        return next((claim for claim in claims if claim.revoked), None)

    def golden(self, subject: Subject) -> bool:
        """Tell whether the subject's image is one of the approved."""
        image = subject.image
        if self.released(subject.region, image.id):
            return True
        if image.owner in self.owners and image.owner != self.account:
            return True
        if self.on_list(subject):
            return True
        ancestor = self.known(image.golden_ancestor) if self.derived else None
        return ancestor is not None and ancestor.golden and not image.revoked_ancestor

    def on_list(self, subject: Subject) -> bool:
        """Tell whether a list approves the subject's image."""
        image, listed = subject.image, self.listed
        if image.id in listed.get("", ()) or image.id in listed.get(subject.region, ()):
            return True
        if not self.named or image.owner not in self.owners | {subject.account}:
            return False
        return any(fnmatchcase(image.name, pattern) for pattern in self.named)

    def own(self, subject: Subject) -> bool:
        """Tell whether the image belongs to an account that may have golden ones, or his own."""
        return subject.image.owner in self.owners or subject.image.owner == subject.account

    def also(self, region: str, images: Mapping[str, Produced]) -> "Approved":
        """Return the same with further images of a region."""
        of_region = {**self.produced.get(region, {}), **images}
        return replace(self, produced={**self.produced, region: of_region})


class Known(Struct, frozen=True):
    """The record of a build, and the region where it lies: the build region."""

    region: str
    recorded: Recorded


class Builds(Struct, frozen=True):
    """What is known of builds beside the tags of their images.

    Args:
        manifests: the ids of the images that each build made, for builds that left a manifest.
        known: the builds of the account whose releases count: its copies elsewhere name one of
            them. None for that account itself.
        records: the records of builds; None for a build that has none, as from before there were
            any. What could not be read is not among them.
    """

    manifests: Mapping[str, frozenset[str]] = {}
    known: frozenset[str] | None = None
    records: Mapping[str, Known | None] = {}


def produced(images: Iterable[Image], approval: ApprovalTag, builds: Builds) -> dict[str, Produced]:
    """Read from the tags of images what releases made them.

    Args:
        images: an account's own images of a region, whoever made them.
        approval: the approval tag.
        builds: what else is known of the builds that the tags name.
    """
    claiming = (image for image in images if _claims(image, approval))
    newer: defaultdict[str, set[str]] = defaultdict(set)
    by_id = {}
    for image in sorted(claiming, key=lambda image: image.age, reverse=True):
        carries = approval.on(image.tags)
        forged = _forged(image, builds, approved=carries)
        change = changed(image, Builds() if forged else builds)
        approved = carries and not change
        by_id[image.id] = Produced(
            id=image.id,
            image=image.image,
            version=image.version,
            created=image.created,
            approved=approved,
            candidate=not (approved or change) and state(image.status).waits,
            forged=forged,
            newer=len(newer[image.image] - {image.version}),
            change=change,
            source="" if forged else _source(image, builds),
        )
        if by_id[image.id].golden and image.state == "available":
            newer[image.image].add(image.version)
    return by_id


def _claims(image: Image, approval: ApprovalTag) -> bool:
    """Tell whether an image says that a release made it, approved it, or took it back."""
    return bool(image.image) or approval.on(image.tags) or image.status == Status.REVOKED


def _source(image: Image, builds: Builds) -> str:
    known = builds.records.get(image.tags.get(tags.BUILD, ""))
    if known is None or (image.region, image.id) != (known.region, known.recorded.record.image_id):
        return ""
    return known.recorded.record.source


def changed(image: Image, builds: Builds) -> Change | None:
    """Return what became of an image's release after its approval, None if it stands.

    The record of its build decides, and so do its tags: whichever says the worse. Who may tag can
    take an image out of use, and cannot bring it back.
    """
    known = builds.records.get(image.tags.get(tags.BUILD, ""))
    recorded = known.recorded.record.last if known else None
    changes = [each for each in (recorded, life.of_tags(image.tags)) if each and each.ends]
    return max(changes, key=lambda each: state(each.status).rank, default=None)


def _forged(image: Image, builds: Builds, *, approved: bool) -> str:
    """Say why no release can have made an image; its tags alone prove nothing."""
    missing = [
        key
        for key in (tags.IMAGE, tags.VERSION, tags.BUILD, tags.SPEC, tags.SOURCE)
        if not image.tags.get(key)
    ]
    if missing:
        return f"it lacks the tag {missing[0]}, which every release writes"
    build = image.tags[tags.BUILD]
    if started(build) is None:
        return f"its tag {tags.BUILD} is no build: {build}"
    architecture = architecture_of(build)
    if image.name != names.ami_name(image.image, image.version, architecture):
        return f"a release of {image.image} {image.version} names its image otherwise"
    if architecture not in ("", image.architecture):
        return f"build {build} makes images for {architecture}, and it is for {image.architecture}"
    if builds.known is not None and build not in builds.known:
        return f"the account of the releases knows no build {build}"
    bake = bake_of(build)
    if image.id not in builds.manifests.get(bake, {image.id}):
        return f"the manifest of build {bake} does not list it"
    return _contradicted(image, builds, approved=approved)


def _contradicted(image: Image, builds: Builds, *, approved: bool) -> str:
    """Say what the record of its build and EC2 hold against an image.

    A copy in another account was made from one that the caller's account may not have any more.
    """
    build = image.tags[tags.BUILD]
    if build not in builds.records:
        return ""
    known = builds.records[build]
    if known is None:  # what was approved before there were records has a manifest at most
        last = life.of_tags(image.tags)
        once = approved or (last is not None and last.ends)
        return "" if once else f"build {build} has no record, so nothing proves that it made it"
    record = known.recorded.record
    if approved and not record.approver:
        return f"the record of build {build} knows of no approval"
    if builds.known is not None:
        return identity.copy_problem(record, image, image.source_image, image.owner)
    if image.region == known.region:
        return identity.image_problem(known.recorded, image, image.owner)
    return identity.copy_problem(record, image, record.image_id, image.owner)
