"""Whose is it: what EC2 and the record of a build say about things that carry the build's tags.

Each question is answered with the reason why something is not the build's own, empty if it is. Tags
are never enough to go on with a thing: EC2 has to say that it came out of this build.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from goldenami.domain import tags
from goldenami.domain.image import Image, started
from goldenami.domain.instance import Instance
from goldenami.domain.record import VALIDATED, Record, tokens
from goldenami.domain.status import Status

LAUNCH = "launch"
TEST_LAUNCH = "test-launch"
"""The actions that launch an instance; its client token comes from their ids."""
CLOCKS = timedelta(seconds=1)
"""EC2 tells when an image was made in whole seconds."""


class Recorded(Struct, frozen=True, kw_only=True):
    """A record that was read.

    Args:
        record: the record.
        version: the parameter's version.
        written: when that was written, by AWS's clock.
    """

    record: Record
    version: int
    written: datetime


class Forgery(Struct, frozen=True, kw_only=True):
    """Something with the name or the tags of a build that the build did not make."""

    kind: str
    id: str
    region: str
    build: str
    why: str

    def __str__(self) -> str:
        """Say what it is, by its id."""
        return f"{self.id} in {self.region} carries the tags of build {self.build}, but {self.why}"


def image_problem(recorded: Recorded, image: Image, account: str) -> str:
    """Say why an image of the build region is not the one that the build has made.

    As long as no record names it, it must have been made of the build's instance after the
    validation had passed: before, anybody who may create images could have made one of it.

    Args:
        recorded: the build's record.
        image: the image.
        account: the caller's account.
    """
    record = recorded.record
    if record.instance_id and image.source_instance != record.instance_id:
        return f"EC2 says that it was {origin(image)}, not from {record.instance_id}"
    if problem := _foreign(record, image, account):
        return problem
    if record.image_id:
        same = image.id == record.image_id
        return "" if same else f"the record of the build names {record.image_id}"
    if not record.instance_id:
        return "the record of the build knows of no instance that it could be made from"
    if not record.passed([VALIDATED]):
        return f"{record.instance_id} had not passed its validation yet"
    if image.created is None or image.created < recorded.written - CLOCKS:
        return f"it was made before {record.instance_id} had passed its validation"
    return ""


def copy_problem(record: Record, image: Image, source: str, account: str) -> str:
    """Say why an image is not a copy that the build has made.

    Args:
        record: the build's record.
        image: the image.
        source: the id of the image that copies in this place are made from, empty if there is none.
        account: the account that it is in.
    """
    if image.source_instance or not source or image.source_image != source:
        original = source or "an image of the build, which is not there"
        return f"EC2 says that it was {origin(image)}, not from {original}"
    return _foreign(record, image, account)


def instance_problem(record: Record, instance: Instance) -> str:
    """Say why an instance was not launched by the build: by its id, or its client token."""
    if instance.id == record.instance_id:
        return ""
    build = record.as_build
    launch = TEST_LAUNCH if instance.role == tags.InstanceRole.TEST else LAUNCH
    if instance.token and instance.token in tokens(build.token(launch)):
        return ""
    known = f", and the build's is {record.instance_id}" if record.instance_id else ""
    return f"EC2 says that it was launched with another client token{known}"


def removal_problem(record: Record, instance: Instance) -> str:
    """Say why an instance may not even be removed: neither the build nor its Packer launched it."""
    return "" if is_unrecorded(record, instance) else instance_problem(record, instance)


def is_unrecorded(record: Record, instance: Instance) -> bool:
    """Tell whether Packer may have launched an instance before it could be recorded.

    Nothing is made of such an instance; it is only removed. It carries the build's tags, and EC2
    says that it was launched from the build's base image after the build had begun.
    """
    begun = started(record.build)
    return (
        record.method == "packer"
        and not record.image_id
        and instance.image_id == record.source
        and instance.launched is not None
        and begun is not None
        and instance.launched >= begun - CLOCKS
    )


def origin(image: Image) -> str:
    """Say where EC2 says that an image comes from."""
    if image.source_instance:
        return f"made from {image.source_instance}"
    if image.source_image:
        return f"copied from {image.source_image} in {image.source_region}"
    return "neither made of an instance nor copied"


def _foreign(record: Record, image: Image, account: str) -> str:
    """Say what of an image is not as the build writes it; the status moves on."""
    if image.owner != account:
        return f"it belongs to account {image.owner}"
    expected = {
        tags.IMAGE: record.image,
        tags.VERSION: record.version,
        tags.BUILD: record.build,
        tags.SOURCE: record.source,
        tags.SPEC: record.spec,
    }
    for key, value in expected.items():
        if image.tags.get(key) != value:
            return f"its tag {key} is not {value}"
    if not image.status:
        return f"it lacks the tag {tags.STATUS}, which every build writes"
    return _approval(record, image)


def _approval(record: Record, image: Image) -> str:
    """Say which approval an image claims that was not recorded before it was written."""
    claimed = image.tags.get(tags.APPROVED_BY, "")
    if not record.approver and (claimed or image.status == Status.APPROVED):
        return f"its approval{f' by {claimed}' if claimed else ''} was never recorded"
    if claimed and claimed != record.approved_by[: tags.VALUE_LENGTH]:
        return f"its approval by {claimed} is not the recorded one, by {record.approved_by}"
    return ""
