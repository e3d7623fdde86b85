"""The manifest of a bake, as an action of its plan: references stand for ids to come."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from goldenami import __version__, files
from goldenami.aws import images
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.waits import patiently
from goldenami.bake.actions import image_id, snapshot_ids
from goldenami.bake.distribute import launch_permissions
from goldenami.bake.interface import Recipe
from goldenami.domain import manifest
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import started
from goldenami.domain.plan import Action
from goldenami.domain.status import Status

HANDLER = "write:manifest"


def write(recipe: Recipe, content: dict[str, Any], after: tuple[str, ...]) -> Action:
    """Return the action that composes the manifest, and keeps it in the build region.

    It is an SSM parameter, unless the release publishes none, or says so.
    """
    publish = recipe.release.publish
    if publish is None or not publish.manifest:
        return msgspec.structs.replace(compose(recipe, content), after=after)
    name = manifest.parameter(recipe.build.image, recipe.build.id)
    return _action(recipe, content, f"write the manifest to {name}", name, after)


def compose(recipe: Recipe, content: dict[str, Any]) -> Action:
    """Return the action that composes the manifest, and changes nothing."""
    return _action(recipe, content, "compose the manifest", "", ())


def _action(
    recipe: Recipe, content: dict[str, Any], summary: str, name: str, after: tuple[str, ...]
) -> Action:
    return Action.at(
        recipe.place, "manifest", HANDLER, summary,
        {"Name": name, "ImageId": image_id(recipe, recipe.place), "manifest": content},
        permissions=("ec2:DescribeImages", *(("ssm:PutParameter",) if name else ())),
        after=after,
    )  # fmt: skip


def content(recipe: Recipe, places: Sequence[AccountRegion], *, by: str, at: str) -> dict[str, Any]:
    """Return the manifest but for its times: with references to what is not known yet.

    Args:
        recipe: what is baked.
        places: where the image is complete.
        by: who approves it; empty for candidates.
        at: when.
    """
    release, build, source = recipe.release, recipe.build, recipe.source
    start = started(build.id)
    approval, all_places = release.approval_tag, recipe.places if by else recipe.proposed_places
    shared = bool(by) or recipe.shares_candidates
    return {
        "build": build.id,
        "image": build.image,
        "version": build.version,
        "ami_name": build.ami_name,
        "status": (Status.APPROVED if by else Status.CANDIDATE).value,
        "started": f"{start:%Y-%m-%dT%H:%M:%SZ}" if start else "",
        "tool": {"name": "goldenami", "version": __version__, "method": recipe.method},
        "inputs": _inputs(recipe),
        "source": {
            "id": source.id,
            "name": source.name,
            "owner": source.owner,
            "architecture": source.architecture,
            "created": f"{source.created:%Y-%m-%dT%H:%M:%SZ}" if source.created else "",
        },
        "base_instance": {"type": release.base.instance_type},
        "approval": {"by": by, "at": at, "tag": f"{approval.key}={approval.value}" if by else ""},
        "images": [_placed(recipe, place, shared=shared) for place in places],
        "missing": [place.name for place in all_places if place not in places],
    }


def _inputs(recipe: Recipe) -> dict[str, str]:
    file = recipe.file
    inputs = {"release": file.path.name, "release_sha256": file.sha256}
    if file.user_data is not None:
        inputs["user_data_sha256"] = hashlib.sha256(file.user_data).hexdigest()
    if recipe.method == "packer":
        inputs["template"] = recipe.release.bake.template
        template = file.folder / inputs["template"]
        if template.is_file():
            inputs["template_sha256"] = hashlib.sha256(files.read_bytes(template)).hexdigest()
    return inputs


def _placed(recipe: Recipe, place: AccountRegion, *, shared: bool) -> dict[str, Any]:
    release = recipe.release
    permissions = launch_permissions(recipe, place) if shared else []
    return {
        "account": place.account,
        "region": place.region,
        "image_id": image_id(recipe, place),
        "snapshots": [snapshot_ids(place)],
        "kms_key": next(iter(recipe.keys(place)), ""),
        "parameter": release.publish.ssm_parameter if release.publish else "",
        "shared_with": [name for permission in permissions for name in permission.values()],
    }


class ManifestWriter:
    """Composes the manifest when all is known, writes it, and keeps it.

    Args:
        clock: how long the actions took.
    """

    def __init__(self, clock: manifest.Clock) -> None:
        self._clock = clock
        self.manifest: manifest.Manifest | None = None

    def write(self, context: ActionContext) -> dict[str, Any]:
        """Carry out the action of `write`."""
        content = msgspec.convert(context.parameters["manifest"], manifest.Manifest)
        instance = msgspec.structs.replace(content.base_instance, id=_source_instance(context))
        self.manifest = composed = msgspec.structs.replace(
            content,
            base_instance=instance,
            timings=self._clock.timings,
            finished=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
        if name := context.parameters["Name"]:
            parameter = {
                "Name": name,
                "Value": manifest.compact(composed),
                "Type": "String",
                "Tier": "Intelligent-Tiering",  # of the standard tier, if it fits
                "Overwrite": True,
                "Description": "goldenami: the manifest of a release",
            }
            call(msgspec.structs.replace(context, parameters=parameter), "ssm:PutParameter", {})
        return {}


def _source_instance(context: ActionContext) -> str:
    """Return the instance that the image was made of, which may be gone."""

    def look() -> str:
        described = images.by_id(context.regional, [context.parameters["ImageId"]])
        return described[0].source_instance if described else ""

    return patiently(context, look)
