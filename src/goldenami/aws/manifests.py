"""The manifests of releases: SSM parameters in their build regions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, structs

from goldenami.aws import parameters, recycle_bin
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import patiently
from goldenami.domain import life, manifest, prefixes
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.life import Change
from goldenami.domain.manifest import Manifest
from goldenami.domain.names import moment
from goldenami.domain.status import Status
from goldenami.errors import AwsError

CHANGE = "write:manifest-change"
SHARES = "write:manifest-shares"
NOTE_SBOM = "write:manifest-sbom"
NOTE_BIN = "write:manifest-recycle-bin"
PERMISSIONS = ("ssm:GetParameter", "ssm:PutParameter")


def of_image(regional: RegionalAws, image: str) -> list[Manifest]:
    """Return the manifests of a golden image's releases that a region has.

    Raises:
        AwsError: they could not be read.
    """
    return [each for each in every(regional, image) if each.image == image]


def every(regional: RegionalAws, image: str = "") -> list[Manifest]:
    """Return all manifests that a region has; those of one golden image if it is named.

    Raises:
        AwsError: they could not be read.
    """
    path = f"{prefixes.MANIFESTS}{image}".rstrip("/")
    several = parameters.below(regional, path, f"reading manifests {image}".rstrip())
    return [each for content in several if (each := manifest.read(content))]


def put(context: ActionContext, name: str, content: Manifest) -> None:
    """Write a manifest to its parameter.

    Raises:
        AwsError: AWS refused.
    """
    parameter = {
        "Name": name,
        "Value": manifest.compact(content),
        "Type": "String",
        "Tier": "Intelligent-Tiering",  # of the standard tier, if it fits
        "Overwrite": True,
        "Description": "goldenami: the manifest of a release",
    }
    call(structs.replace(context, parameters=parameter), "ssm:PutParameter", {})


def change(context: ActionContext) -> dict[str, Any]:
    """Note a ``Change`` of the release's status in the manifest ``Name``.

    What is not retired any more is in no Recycle Bin.

    Raises:
        AwsError: AWS refused, or what is there is no manifest.
    """
    now = msgspec.convert(context.parameters["Change"], Change)
    return _changed(
        context,
        lambda before: structs.replace(
            before,
            status=now.status.value,
            life=life.later(before.life or (), now),
            recycle_bin=before.recycle_bin if now.status is Status.RETIRED else UNSET,
        ),
    )


def shares(context: ActionContext) -> dict[str, Any]:
    """Note in the manifest ``Name`` who may launch its images: ``Shares``, by image id.

    Raises:
        AwsError: AWS refused, or what is there is no manifest.
    """
    consumers = context.parameters["Shares"]
    return _changed(
        context,
        lambda before: structs.replace(
            before,
            images=tuple(
                structs.replace(placed, shared_with=tuple(consumers[placed.image_id]))
                if placed.image_id in consumers
                else placed
                for placed in before.images
            ),
        ),
    )


def note_sbom(context: ActionContext) -> dict[str, Any]:
    """Note in the manifest ``Name`` where the software of its images is: ``Places``, by image id.

    Raises:
        AwsError: AWS refused, or what is there is no manifest.
    """
    places = context.parameters["Places"]
    return _changed(
        context, lambda before: structs.replace(before, sbom={**(before.sbom or {}), **places})
    )


def note_bin(context: ActionContext) -> dict[str, Any]:
    """Note in the manifest ``Name`` until when the Recycle Bin keeps which of ``Images``.

    Those in ``Expected`` are looked for several times: what was deregistered just now may not be
    there yet.

    Raises:
        AwsError: AWS refused, or what is there is no manifest.
    """
    expected = context.parameters["Expected"]
    exits = dict[str, str]()
    for image in context.parameters["Images"]:
        regional = context.aws.at(msgspec.convert(image["Place"], AccountRegion))
        image_id = image["ImageId"]
        if exit_time := _exit(context, regional, image_id, expected=image_id in expected):
            exits[image_id] = moment(exit_time)
    return _changed(
        context,
        lambda before: structs.replace(before, recycle_bin={**(before.recycle_bin or {}), **exits}),
    )


def _exit(
    context: ActionContext, regional: RegionalAws, image_id: str, *, expected: bool
) -> datetime | None:
    for delay_s in (*(parameters.SETTLING_S if expected else ()), 0.0):
        binned = patiently(context, lambda: recycle_bin.images(regional)).get(image_id)
        if binned:
            return binned.recycle_bin_exit_time
        if context.cancelled.wait(delay_s):
            break
    return None


def _changed(context: ActionContext, after: Callable[[Manifest], Manifest]) -> dict[str, Any]:
    name = context.parameters["Name"]
    there = patiently(context, lambda: parameters.parameter(context.regional, name))
    before = manifest.read(there.value) if there else None
    if before is None:
        raise AwsError(f"{context.headline}: {name} is no manifest", fix="see who wrote it")
    if (changed := after(before)) != before:
        put(context, name, changed)
    return {}
