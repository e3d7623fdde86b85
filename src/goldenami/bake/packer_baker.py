"""The second baker: Packer makes the image in the build region; everything after is the same."""

import secrets
from collections.abc import Mapping
from threading import Event
from typing import Any

from msgspec import structs

from goldenami.aws.leftovers import TEMPORARY
from goldenami.aws.waits import Doing
from goldenami.bake.create_image import deregister
from goldenami.bake.interface import Handler, Recipe
from goldenami.bake.launch import launch_problems
from goldenami.bake.packer import PERMISSIONS, BlockDevice, PackerBuild, build, check
from goldenami.bake.packer_cli import Packer, find_packer
from goldenami.bake.packer_leftovers import names_in, remove, remove_all
from goldenami.bake.packer_output import PackerEvent
from goldenami.bake.packer_template import shipped_templates
from goldenami.domain.plan import Action
from goldenami.errors import GoldenamiError
from goldenami.spec.model import Volume


class PackerBaker:
    """``bake: {method: packer}``."""

    def __init__(self) -> None:
        self._packer: Packer | None = None
        self._recipe: Recipe | None = None

    def problems(self, recipe: Recipe) -> list[str]:
        """Look for Packer, and for what the release file asks that Packer cannot do."""
        found = []
        try:
            self._packer = find_packer()
        except GoldenamiError as error:
            found.append(f"{error.message} ({error.fix})")
        if recipe.instance_id:
            found.append("--instance goes with create-image: Packer launches its own")
        if recipe.release.base.key_name:
            found.append("base.key_name: Packer makes a key of its own for the build; leave it out")
        if recipe.release.validate and not self._request(recipe).has_communicator:
            found.append("validate: with `communicator: none` Packer cannot run the steps")
        found += launch_problems(
            recipe.aws, recipe.file, recipe.source, recipe.build, recipe.base_tags
        )
        return found or self._template_problems(recipe)

    def _template_problems(self, recipe: Recipe) -> list[str]:
        """Have Packer validate the template with all its values."""
        environment = recipe.aws.environment(recipe.region)
        try:
            check(self._packer or find_packer(), self._request(recipe), environment)
        except GoldenamiError as error:
            return [": ".join((error.message, *error.notes))]
        return []

    def fine(self, recipe: Recipe) -> tuple[str, ...]:
        """Tell which Packer it is."""
        version = ".".join(map(str, self._packer.version)) if self._packer else "unknown"
        template = recipe.release.bake.template
        return (f"Packer {version} finds the template {template} valid",)

    def actions(self, recipe: Recipe) -> tuple[Action, ...]:
        """Return the one action that is the whole Packer build."""
        self._recipe = recipe
        build_action = f"image:{recipe.region}"
        return (
            Action(
                id=build_action,
                summary=f"build {recipe.build.ami_name} with Packer",
                call="packer:build",
                region=recipe.region,
                parameters={
                    "template": recipe.release.bake.template,
                    "source_ami": recipe.source.id,
                    "ami_name": recipe.build.ami_name,
                    "tags": recipe.image_tags,
                },
                permissions=PERMISSIONS,
                undo=deregister(recipe.place, build_action),
            ),
        )

    def cleanup(self, recipe: Recipe) -> tuple[Action, ...]:
        """Return a look for what is left: Packer cleans up itself, unless it was killed."""
        return (
            Action(
                id="tidy",
                summary="remove what Packer has left, if it has",
                call="packer:tidy",
                region=recipe.region,
                parameters={"build": recipe.build.id},
                permissions=PERMISSIONS,
                after=(f"available:{recipe.region}",),
            ),
        )

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The build, and the look for what is left of it."""
        return {"packer:build": self._build, "packer:tidy": self._tidy}

    def _tidy(self, doing: Doing) -> dict[str, Any]:
        if self._recipe:
            for line in remove(doing, self._recipe.build, frozenset()):
                doing.progress(line)
        return {}

    def _build(self, doing: Doing) -> dict[str, Any]:
        recipe = self._recipe
        if recipe is None:
            raise GoldenamiError("a Packer build was started without its plan")

        names: set[str] = set()

        def told(event: PackerEvent) -> None:
            names.update(names_in(event.text))
            if event.text:
                doing.progress(event.text)

        if recipe.attempt:  # an earlier run may have left something
            for line in remove_all(doing, recipe.build, frozenset()):
                doing.progress(line)
        try:
            result = build(
                self._packer or find_packer(),
                self._request(recipe),
                doing.aws.environment(doing.region),
                on_event=told,
                cancelled=doing.cancelled,
            )
        except GoldenamiError as error:
            still = structs.replace(doing, cancelled=Event())
            error.notes = (*remove_all(still, recipe.build, frozenset(names)), *error.notes)
            raise
        return {"image_id": result.image_id}

    def _request(self, recipe: Recipe) -> PackerBuild:
        release, file = recipe.release, recipe.file
        template = release.bake.template
        if template not in shipped_templates():
            template = str(file.folder / template)
        return PackerBuild(
            template=template,
            region=recipe.region,
            source_ami=recipe.source.id,
            ami_name=recipe.build.ami_name,
            ami_description=release.description or f"{recipe.build.ami_name}, made by goldenami",
            instance_type=release.base.instance_type,
            image_tags=recipe.image_tags,
            run_tags=recipe.base_tags,
            subnet_id=release.base.subnet or "",
            security_group_ids=release.base.security_groups,
            iam_instance_profile=release.base.instance_profile or "",
            user_data=(file.user_data or b"").decode(),
            block_devices=tuple(_device(volume) for volume in release.base.volumes),
            steps=tuple(step.run for step in release.validate),
            variables=release.bake.vars,
            key_pair_name=f"{TEMPORARY}{recipe.build.id}-{secrets.token_hex(3)}",
            endpoint_url=recipe.aws.custom_endpoint,
            image_timeout_s=int(release.timeouts.seconds("image")),
        )


def _device(volume: Volume) -> BlockDevice:
    return BlockDevice(
        device=volume.device,
        size_gib=volume.size_gib,
        type=volume.type,
        encrypted=volume.encrypted,
        kms_key_id=volume.kms_key or "",
    )
