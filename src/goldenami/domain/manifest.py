"""The manifest of a release: what was made of what, by whom, when, with what."""

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from goldenami.domain import prefixes
from goldenami.domain.channels import Publication
from goldenami.domain.life import Change

PARAMETER_LENGTH = 4_096
LONG_PARAMETER_LENGTH = 8_192
"""What an SSM parameter of the standard, and of the advanced tier holds, in characters."""


class Tool(Struct, frozen=True, kw_only=True):
    """What made the image."""

    name: str
    version: str
    method: str


class Inputs(Struct, frozen=True, kw_only=True):
    """What went in, with the SHA-256 of each file; empty for a file that there is not.

    ``spec`` is the digest of what makes the image, as the tag ``goldenami:spec`` has it.
    """

    release: str
    release_sha256: str
    spec: str = ""
    user_data_sha256: str = ""
    template: str = ""
    template_sha256: str = ""


class ManifestSource(Struct, frozen=True, kw_only=True):
    """The base image, and whose it was."""

    id: str
    name: str = ""
    owner: str = ""
    architecture: str = ""
    created: str = ""


class ManifestBaseInstance(Struct, frozen=True, kw_only=True):
    """The instance that was made into the image."""

    id: str = ""
    type: str = ""


class Approval(Struct, frozen=True, kw_only=True):
    """Who approved the images, and when; empty as long as they are candidates."""

    by: str = ""
    at: str = ""
    tag: str = ""


class ManifestArchitecture(Struct, frozen=True, kw_only=True):
    """What a release of several architectures is made of, for one of them."""

    build: str
    ami_name: str
    source: ManifestSource
    base_instance: ManifestBaseInstance = ManifestBaseInstance()


class Placed(Struct, frozen=True, kw_only=True):
    """The image in one region of one account; of which architecture, if there are several.

    ``role`` is the ARN of the role by which another account is reached.
    """

    account: str
    region: str
    image_id: str
    snapshots: tuple[str, ...] = ()
    kms_key: str = ""
    parameter: str = ""
    shared_with: tuple[str, ...] = ()
    architecture: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class Timing(Struct, frozen=True, kw_only=True):
    """How long an action took."""

    action: str
    seconds: float


class Manifest(Struct, frozen=True, kw_only=True):
    """One release. ``missing`` are the places that failed; timings are those of the last run.

    ``life`` is what became of it after its approval, and ``recycle_bin`` says until when the bin
    keeps each image that was deregistered; ``sbom`` is where the software of an image is told;
    ``left_out`` are keys of images for which a parameter
    had no room.

    With several ``architectures``, each has its source, and those of the release are empty.
    ``publish`` are the names that it is published under, and the channels it may go through.
    """

    schema: Literal["goldenami.manifest/v1"] = "goldenami.manifest/v1"
    build: str
    image: str
    version: str
    ami_name: str
    status: str
    started: str
    finished: str = ""
    tool: Tool | None = None
    inputs: Inputs
    source: ManifestSource
    base_instance: ManifestBaseInstance = ManifestBaseInstance()
    approval: Approval = Approval()
    images: tuple[Placed, ...]
    architectures: dict[str, ManifestArchitecture] | UnsetType = UNSET
    missing: tuple[str, ...] = ()
    timings: tuple[Timing, ...] = ()
    life: tuple[Change, ...] | UnsetType = UNSET
    left_out: tuple[str, ...] | UnsetType = UNSET
    publish: Publication | UnsetType = UNSET
    recycle_bin: dict[str, str] | UnsetType = UNSET
    sbom: dict[str, str] | UnsetType = UNSET


_decode = msgspec.json.Decoder(Manifest).decode  # made before several threads use it


def parameter(image: str, build: str) -> str:
    """Return the name of the SSM parameter that holds a manifest."""
    return f"{prefixes.MANIFESTS}{image}/{build}"


def text(manifest: Manifest) -> str:
    """Return a manifest as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode() + "\n"


def compact(manifest: Manifest) -> str:
    """Return a manifest as it fits into a parameter: if it is too long, without timings.

    One of several architectures in all regions is too long for that, too: then without what the
    release file says of each image; what it is published as is the last to go.
    """
    content = msgspec.json.encode(manifest).decode()
    if len(content) <= PARAMETER_LENGTH:
        return content
    content = msgspec.json.encode(structs.replace(manifest, timings=())).decode()
    for spare in ((), (SHARES,), (SHARES, "parameter")):
        if len(content) > LONG_PARAMETER_LENGTH:
            content = _shortened(manifest, spare)
    return content


SHARES = "shared_with"
_KEPT = frozenset(
    ("account", "region", "image_id", "snapshots", "architecture", "role", "parameter", SHARES)
)


def _shortened(manifest: Manifest, spare: tuple[str, ...]) -> str:
    kept = _KEPT - {*spare}
    content = msgspec.to_builtins(structs.replace(manifest, timings=(), left_out=spare or UNSET))
    content["images"] = [
        {key: value for key, value in placed.items() if key in kept} for placed in content["images"]
    ]
    return msgspec.json.encode(content).decode()


def read(content: str) -> Manifest | None:
    """Return the manifest in a text; None if it is none that this version knows."""
    try:
        return _decode(content)
    except msgspec.MsgspecError:
        return None
