"""The record of a build: an SSM parameter that only the pipeline writes, and that decides.

What a build has made and which gates it has passed is not read from tags alone: whoever may tag
could say anything. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

import msgspec
from msgspec import UNSET, Struct, UnsetType

from goldenami.domain import life, prefixes
from goldenami.domain.image import Build, architecture_of
from goldenami.domain.life import Change
from goldenami.domain.manifest import Approval

VALIDATED = "validated"
TESTED = "tested"
SCANNED = "scanned"
LAUNCHES = 100
"""How often one build may try to launch an instance."""


class Record(Struct, frozen=True, kw_only=True):
    """What is known for certain of one build.

    Args:
        build: its id.
        image: the golden image's name.
        version: the version.
        spec: the digest of what makes the image (`goldenami.spec.digest`).
        source: the id of the base image.
        method: how the image is made.
        started: when the build began.
        nonce: the random part that its client tokens come from.
        own_instance: whether the base instance is the user's own.
        instance_id: the base instance, empty as long as it is not known.
        image_id: the image in the build region, the same.
        gates: when each gate was passed.
        approved_by: who has approved the build, empty as long as nobody has.
        approved_at: when.
        approved_images: the images of all architectures that were approved together.
        life: what became of the release after that, the last change at the end.
    """

    schema: Literal["goldenami.build/v1"] = "goldenami.build/v1"
    build: str
    image: str
    version: str
    spec: str
    source: str
    method: str
    started: str
    nonce: str
    own_instance: bool = msgspec.field(default=False, name="given")
    instance_id: str = ""
    image_id: str = ""
    gates: Mapping[str, str] = {}
    approved_by: str = ""
    approved_at: str = ""
    approved_images: tuple[str, ...] | UnsetType = UNSET
    life: tuple[Change, ...] | UnsetType = UNSET

    @property
    def last(self) -> Change | None:
        """The last change of its status after its approval, None if it has had none."""
        return self.life[-1] if self.life else None

    @property
    def as_build(self) -> Build:
        """The build that it is the record of."""
        return Build(
            id=self.build, image=self.image, version=self.version, spec=self.spec, nonce=self.nonce
        )

    @property
    def approver(self) -> str:
        """Who has approved the image, empty as long as nobody has.

        One of several architectures is approved with the others: by the ids of them all.
        """
        together = self.image_id in (self.approved_images or ())
        return self.approved_by if together or not architecture_of(self.build) else ""

    @property
    def approval(self) -> Approval | None:
        """Who has approved the build, and when; None as long as nobody has."""
        return Approval(by=self.approver, at=self.approved_at) if self.approver else None

    def passed(self, gates: Iterable[str]) -> bool:
        """Tell whether all these gates were passed."""
        return set(gates) <= self.gates.keys()

    def changed(self, change: Mapping[str, Any], at: str) -> Self:
        """Return the record after a step of the build.

        A gate was passed by one instance and one image: with another one it has to be passed anew.
        When a gate was passed, and who approved, stays as it was recorded first.

        Args:
            change: ``instance_id``, ``image_id``, ``gates`` that were passed, ``approved_by``,
                ``approved_at``, ``approved_images``, and a ``change`` of the status after that.
            at: the time that the gates are recorded with.
        """
        instance = change.get("instance_id", self.instance_id)
        image = change.get("image_id", self.image_id)
        gates: Mapping[str, str] = self.gates
        if instance != self.instance_id:
            gates, image = {}, change.get("image_id", "")
        elif self.image_id and image != self.image_id:
            gates = {gate: passed for gate, passed in gates.items() if gate == VALIDATED}
        decided = self.approved_by or not change.get("approved_by")
        return msgspec.structs.replace(
            self,
            instance_id=instance,
            image_id=image,
            gates={**dict.fromkeys(change.get("gates", ()), at), **gates},
            approved_by=self.approved_by if decided else change["approved_by"],
            approved_at=self.approved_at if decided else change["approved_at"],
            approved_images=self.approved_images if decided else _images(change),
            life=self._later(change),
        )

    def _later(self, change: Mapping[str, Any]) -> tuple[Change, ...] | UnsetType:
        if "change" not in change:
            return self.life
        return life.later(self.life or (), msgspec.convert(change["change"], Change))


def _images(change: Mapping[str, Any]) -> tuple[str, ...] | UnsetType:
    return tuple(change["approved_images"]) if "approved_images" in change else UNSET


_decode = msgspec.json.Decoder(Record).decode  # made before several threads use it


def parameter(image: str, build: str) -> str:
    """Return the name of the SSM parameter that holds the record of a build."""
    return f"{prefixes.BUILDS}{image}/{build}"


def text(record: Record) -> str:
    """Return a record as its parameter holds it."""
    return msgspec.json.encode(record).decode()


def read(name: str, content: str) -> Record | None:
    """Return the record in a parameter of that name; None if it is not that build's."""
    try:
        record = _decode(content)
    except msgspec.MsgspecError:
        return None
    return record if record.nonce and parameter(record.image, record.build) == name else None


def tokens(first: str) -> tuple[str, ...]:
    """Return the client tokens of a launch, in the order in which they are tried.

    AWS answers a token whose instance is gone with an error or with that instance, and takes no
    token with other parameters: then the next token is the hash of the last one.
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    tokens = [first]
    while len(tokens) < LAUNCHES:
        tokens.append(hashlib.sha256(tokens[-1].encode()).hexdigest())
    return tuple(tokens)
