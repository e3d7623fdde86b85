"""The manifest of a bake, as an action of its plan: references stand for ids to come."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from threading import Lock
from typing import Any

import msgspec
from msgspec import structs

from goldenami import __version__, files
from goldenami.aws import images, manifests
from goldenami.aws.action import ActionContext
from goldenami.aws.waits import patiently
from goldenami.bake.actions import image_id, snapshot_ids
from goldenami.bake.distribute import launch_permissions
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import types
from goldenami.domain import manifest, names
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import started
from goldenami.domain.manifest import Approval, ManifestBaseInstance, Timing
from goldenami.domain.plan import Action, Happened, Tell, id_within
from goldenami.domain.status import Status
from goldenami.spec import ReleaseFile

HANDLER = "write:manifest"
MANIFEST = "manifest"
"""The id of the action, which is the same for all builds of a bake."""


def write(
    recipe: Recipe,
    places: Sequence[AccountRegion],
    approval: Approval,
    after: tuple[str, ...] = (),
    *,
    keep: bool = True,
) -> Action:
    """Return the action that composes the manifest, and keeps it in the build region.

    It is kept as an SSM parameter, unless the release publishes none, or says so.

    Args:
        recipe: what is baked.
        places: where the image is complete.
        approval: who approves it, and when; empty for candidates.
        after: the ids of the actions after which it is composed.
        keep: False to change nothing.
    """
    publish, name, summary = recipe.release.publish, "", "compose the manifest"
    if keep and publish and publish.manifest:
        name = manifest.parameter(recipe.build.image, recipe.build.id)
        summary = f"write the manifest to {name}"
    return Action.at(
        recipe.place, MANIFEST, HANDLER, summary,
        {
            "Name": name,
            "ImageId": image_id(recipe, recipe.place),
            "manifest": _content(recipe, places, approval),
        },
        permissions=("ec2:DescribeImages", *(("ssm:PutParameter",) if name else ())),
        after=after,
    )  # fmt: skip


def together(several: Mapping[str, Action], bake: str) -> Action:
    """Return the action that composes one manifest of several architectures.

    Args:
        several: the action of each, by architecture.
        bake: the id of the bake, which the manifest is called by.
    """
    first = next(iter(several.values()))
    contents = {name: action.parameters["manifest"] for name, action in several.items()}
    image = first.parameters["manifest"]["image"]
    kept = any(action.parameters["Name"] for action in several.values())
    parameter = manifest.parameter(image, bake) if kept else ""
    every = several.values()
    return structs.replace(
        first,
        summary=f"write the manifest to {parameter}" if kept else "compose the manifest",
        parameters={
            "Name": parameter,
            "ImageIds": {name: action.parameters["ImageId"] for name, action in several.items()},
            "manifest": _contents_together(contents, bake),
        },
        permissions=tuple(dict.fromkeys(chain(*(action.permissions for action in every)))),
        after=tuple(dict.fromkeys(chain(*(action.after for action in every)))),
    )


def _contents_together(contents: Mapping[str, dict[str, Any]], bake: str) -> dict[str, Any]:
    common = next(iter(contents.values()))
    particular = ("build", "ami_name", "source", "base_instance")
    return {
        **common,
        "build": bake,
        "ami_name": names.ami_name(common["image"], common["version"]),
        "source": {"id": ""},
        "base_instance": {},
        "architectures": {
            name: {key: content[key] for key in particular} for name, content in contents.items()
        },
        "images": [
            {**placed, "architecture": name}
            for name, content in contents.items()
            for placed in content["images"]
        ],
        "missing": [
            id_within(name, place)
            for name, content in contents.items()
            for place in content["missing"]
        ],
    }


def _content(recipe: Recipe, places: Sequence[AccountRegion], approval: Approval) -> dict[str, Any]:
    """Return the manifest but for its times: with references to what is not known yet."""
    release, build, source = recipe.release, recipe.build, recipe.source
    kinds = types(release.base)
    status, all_places, shared = Status.APPROVED, recipe.places, True
    tag = f"{release.approval_tag.key}={release.approval_tag.value}"
    if not approval.by:
        status, all_places, tag = Status.CANDIDATE, recipe.proposed_places, ""
        shared = release.share_candidates
    return {
        "build": build.id,
        "image": build.image,
        "version": build.version,
        "ami_name": build.ami_name,
        "status": status.value,
        "started": names.moment(started(build.id)),
        "tool": {"name": "goldenami", "version": __version__, "method": recipe.method},
        "inputs": _inputs(recipe),
        "source": {
            "id": source.id,
            "name": source.name,
            "owner": source.owner,
            "architecture": source.architecture,
            "created": names.moment(source.created),
        },
        "base_instance": {"type": kinds[0] if len(kinds) == 1 else ""},
        "approval": {"by": approval.by, "at": approval.at, "tag": tag},
        "images": [_placed(recipe, place, shared=shared) for place in places],
        "missing": [place.name for place in all_places if place not in places],
        **(
            {"publish": msgspec.to_builtins(release.publish.publication)} if release.publish else {}
        ),
    }


def _inputs(recipe: Recipe) -> dict[str, str]:
    file = recipe.file
    inputs = {"release": file.path.name, "release_sha256": file.sha256, "spec": file.spec}
    if file.user_data is not None:
        inputs["user_data_sha256"] = hashlib.sha256(file.user_data).hexdigest()
    if recipe.method == "packer":
        inputs["template"] = recipe.release.bake.template
        if template := template_sha256(file):
            inputs["template_sha256"] = template
    return inputs


def template_sha256(file: ReleaseFile) -> str:
    """Return the SHA-256 of the Packer template beside a release file; empty if there is none."""
    template = file.folder / file.release.bake.template
    return hashlib.sha256(files.read_bytes(template)).hexdigest() if template.is_file() else ""


def _placed(recipe: Recipe, place: AccountRegion, *, shared: bool) -> dict[str, Any]:
    permissions = launch_permissions(recipe, place) if shared else []
    return {
        "account": place.account,
        "region": place.region,
        "image_id": image_id(recipe, place),
        "snapshots": [snapshot_ids(place)],
        "kms_key": next(iter(recipe.keys(place)), ""),
        "parameter": recipe.parameter,
        "shared_with": [name for permission in permissions for name in permission.values()],
        **({"role": place.role} if place.role else {}),
    }


class ManifestWriter:
    """Composes the manifest when all is known, writes it, and keeps it.

    It listens to the run, to tell how long its actions took.

    Args:
        tell: is told everything too.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lock = Lock()
        self._started: dict[str, datetime] = {}
        self._timings: list[Timing] = []
        self.manifest: manifest.Manifest | None = None

    def listen(self, happened: Happened) -> None:
        """Note when an action starts and ends."""
        now, action = datetime.now(UTC), happened.action.id
        with self._lock:
            if happened.kind == "started":
                self._started[action] = now
            elif happened.kind == "done":
                spent_s = round((now - self._started[action]).total_seconds(), 1)
                self._timings.append(Timing(action=action, seconds=spent_s))
        self._tell(happened)

    def write(self, context: ActionContext) -> dict[str, Any]:
        """Carry out the action of `write`."""
        content = _composed(context)
        with self._lock:
            timings = tuple(self._timings)
        self.manifest = composed = msgspec.structs.replace(
            content,
            timings=timings,
            finished=names.moment(datetime.now(UTC)),
        )
        if name := context.parameters["Name"]:
            manifests.put(context, name, composed)
        return {}


def _composed(context: ActionContext) -> manifest.Manifest:
    """Return the manifest with the instances that the images were made of, which may be gone."""
    content = msgspec.convert(context.parameters["manifest"], manifest.Manifest)
    if not content.architectures:
        instance = _base_instance(context, content.base_instance, context.parameters["ImageId"])
        return structs.replace(content, base_instance=instance)
    image_ids = context.parameters["ImageIds"]
    return structs.replace(
        content,
        architectures={
            name: structs.replace(
                architecture,
                base_instance=_base_instance(context, architecture.base_instance, image_ids[name]),
            )
            for name, architecture in content.architectures.items()
        },
    )


def _base_instance(
    context: ActionContext, instance: ManifestBaseInstance, image: str
) -> ManifestBaseInstance:
    def look() -> str:
        described = images.by_id(context.regional, [image])
        return described[0].source_instance if described else ""

    return structs.replace(instance, id=patiently(context, look))
