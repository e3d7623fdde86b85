"""Reads what Packer says: its machine-readable output, its manifest, its version.

The format is documented at https://developer.hashicorp.com/packer/docs/commands: each line is
``timestamp,target,type,data…``, with commas and line breaks escaped in the data.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from goldenami import files, jsonfile
from goldenami.domain.names import AMI_ID, INSTANCE_ID
from goldenami.errors import BakeError, SpecError, cut

Kind = Literal[
    "say", "message", "error", "build-error", "artifact", "variable", "builder", "other", "text"
]

_UI: dict[str, Kind] = {"say": "say", "message": "message", "error": "error"}
_TYPES: dict[str, Kind] = {
    "error": "build-error",
    "artifact": "artifact",
    "template-variable": "variable",
    "template-builder": "builder",
}
_FOR_PEOPLE = ("say", "message", "error", "build-error")
_ESCAPES = (("%!(PACKER_COMMA)", ","), ("\\r", ""), ("\\n", "\n"))
_ARROW = re.compile(r"\A(==>|-->) ")
_VERSION = re.compile(r"^Packer v(\d+)\.(\d+)\.(\d+)", re.MULTILINE)
_INSTANCE = re.compile(rf"\bInstance ID: ({INSTANCE_ID.pattern})\s*\Z")
_MADE = re.compile(rf"\bAMI: ({AMI_ID.pattern})\s*\Z")
_IMAGE = re.compile(r"\bami-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_HCL_VARIABLE = re.compile(r"^var\.([\w-]+): ", re.MULTILINE)
_HCL_BUILD = re.compile(
    r"^  > (?P<name>[^\n]*):\n\n    sources:\n(?P<sources>(?:\n      [^\n]+\n)*)", re.MULTILINE
)


class PackerEvent(Struct, frozen=True):
    """One line of Packer's output.

    Attributes:
        kind: ``say`` (a step), ``message`` (a detail), ``error``, ``build-error`` (the one error
            that ended a build), ``artifact``, ``variable``, ``builder``, ``other`` (a further
            machine-readable type) or ``text`` (what is not: what Packer prints when it crashes).
        text: the message for people, without Packer's arrows; empty if it is not for people.
        target: the build that it is about, empty for all.
        data: the fields as Packer gave them.
    """

    kind: Kind
    text: str
    target: str = ""
    data: tuple[str, ...] = ()


class BuiltImage(Struct, frozen=True):
    """One image of a manifest."""

    region: str
    image_id: str


class _Build(Struct, frozen=True):
    artifact_id: str


class _Manifest(Struct, frozen=True):
    builds: tuple[_Build, ...]


def parse_version(output: str) -> tuple[int, int, int] | None:
    """Return the version in the output of ``packer version``, None if it is not Packer's."""
    match = _VERSION.search(output)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def parse_line(line: str) -> PackerEvent:
    """Return one line of ``-machine-readable`` output as an event; no line is refused."""
    timestamp, *fields = line.rstrip("\r\n").split(",")
    if not timestamp.isdecimal() or len(fields) < 2:
        return PackerEvent("text", line.strip())
    target, type_, *data = map(_unescape, fields)
    kind, words = _TYPES.get(type_, "other"), data
    if type_ == "ui" and data:
        kind, words = _UI.get(data[0], "other"), data[1:]
    text = ",".join(words).strip() if kind in _FOR_PEOPLE else ""
    return PackerEvent(kind, _ARROW.sub("", text), target, tuple(data))


def _unescape(field: str) -> str:
    for escaped, plain in _ESCAPES:
        field = field.replace(escaped, plain)
    return field


def instance_in(event: PackerEvent) -> str:
    """Return the instance that Packer tells it has launched, empty if the event tells of none."""
    match = _INSTANCE.search(event.text) if event.kind in ("say", "message") else None
    return match[1] if match else ""


def image_in(event: PackerEvent) -> str:
    """Return the image that Packer tells it is making, empty if the event tells of none."""
    match = _MADE.search(event.text) if event.kind in ("say", "message") else None
    return match[1] if match else ""


def images_in(event: PackerEvent) -> frozenset[str]:
    """Return the images that Packer tells as artifacts, if the event is about some."""
    is_id = event.kind == "artifact" and event.data[1:2] == ("id",)
    return (
        frozenset(_IMAGE.findall(event.data[2])) if is_id and len(event.data) > 2 else frozenset()
    )


def declared_variables(events: Iterable[PackerEvent]) -> frozenset[str]:
    """Return the variables that a template declares, from the events of ``packer inspect``.

    Packer itself is asked, since a template may be a folder of files, HCL or legacy JSON.
    """
    names: set[str] = set()
    for event in events:
        if event.kind == "variable":  # legacy JSON
            names.add(event.data[0])
        elif event.kind == "say":  # HCL
            names.update(_HCL_VARIABLE.findall(event.text))
    return frozenset(names)


def builders(events: Iterable[PackerEvent]) -> tuple[str, ...]:
    """Return the builders that a template would run, from the events of ``packer inspect``.

    They are named as ``-only`` takes them, in HCL with the name of their build, if it has one.
    """
    names: list[str] = []
    for event in events:
        if event.kind == "builder":  # legacy JSON
            names.append(event.data[0])
        elif event.kind == "say":  # HCL
            for build in _HCL_BUILD.finditer(f"{event.text}\n"):
                prefix = "" if build["name"].startswith("<unnamed") else f"{build['name']}."
                names += (prefix + source for source in build["sources"].split())
    return tuple(names)


def errors(events: Iterable[PackerEvent]) -> tuple[str, ...]:
    """Return Packer's own errors, each once, the one that ended the build first.

    Packer repeats a build's error in a headline and in its summary; those are left out.
    """
    events = tuple(events)
    ended = [event.text for event in events if event.kind == "build-error"]
    said = [event.text for event in events if event.kind == "error"]
    if ended:
        headline = "Some builds didn't complete"
        said = [
            each for each in said if not each.startswith(headline) and not each.endswith((*ended,))
        ]
    return tuple(dict.fromkeys([*ended, *said]))


def read_manifest(path: Path) -> tuple[BuiltImage, ...]:
    """Return the images in a manifest, by builds in order; none if there is no manifest.

    It is a hint alone: what there is, EC2 says.
    The format is https://developer.hashicorp.com/packer/docs/post-processors/manifest; the Amazon
    builders' artifact id is ``region:image`` once per region, separated by commas.

    Raises:
        BakeError: what is there is no manifest, or names something else than images.
    """
    try:
        content = files.read_if_there(path, files.DOCUMENT_BYTES)
        builds = msgspec.json.decode(content, type=_Manifest).builds if content else ()
    except SpecError as error:
        raise BakeError(f"Packer's manifest cannot be read: {error.message}") from error
    except jsonfile.WRONG as error:
        raise BakeError(f"Packer's manifest cannot be read: {jsonfile.why(error)}") from error
    artifacts = (artifact for build in builds for artifact in build.artifact_id.split(","))
    return tuple(map(_built_image, artifacts))


def _built_image(artifact: str) -> BuiltImage:
    region, _, image_id = artifact.partition(":")
    if not AMI_ID.fullmatch(image_id):
        raise BakeError(
            f"Packer's manifest names {cut(repr(artifact))}, which is not a region and an image id",
            fix="use a template whose only builder is an Amazon one that makes an image",
        )
    return BuiltImage(region, image_id)
