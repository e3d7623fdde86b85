"""What is read of instances where what they have in common is enough to judge most of them."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from msgspec import Struct

from goldenami.domain.audit.subject import Subject


class InstanceElements(Struct, frozen=True):
    """The elements that a listing has its instances in, and what it tells of them.

    Args:
        group: the element of a row that has its instances; empty if a row is an instance.
        image: the element of an instance that tells its image.
        described: whether that tells all there is to know of the image, and not its id alone.
        needed: what each instance has to have: instanceId, instanceState, image, and which of
            instanceType and launchTime.
    """

    group: str
    image: str
    described: bool
    needed: tuple[str, ...]


_NEEDED = ("instanceId", "instanceState", "image")
METADATA = InstanceElements("", "imageMetadata", described=True, needed=_NEEDED)
RESERVATIONS = InstanceElements(
    "instancesSet",
    "imageId",
    described=False,
    needed=(*_NEEDED, "instanceType", "launchTime"),
)


class SomeInstances(Struct, frozen=True):
    """Some instances of a region.

    Args:
        subjects: those that were read, in the order of the listing.
        compliant: those that were only counted: what the ones with the same image have in common,
            and how many there are.
        elsewhere: what another process makes of a page in their place: what, is not known here.
    """

    subjects: Sequence[Subject] = ()
    compliant: tuple[tuple[Subject, int], ...] = ()
    elsewhere: "Future[Any] | None" = None


class ByImage(Struct, frozen=True):
    """Tells which instances have to be read by their images alone.

    Args:
        judge: is given what the instances with the same image have in common, for each image.
            Returns that with what else is known of the image, and whether something is held
            against it, so that each of these instances has to be read.
        mark: the key of a tag; whatever has it is read in any case.
    """

    judge: Callable[[Sequence[Subject]], Sequence[tuple[Subject, bool]]]
    mark: str
