"""The second baker: Packer makes the image in the build region; everything after is the same."""

import secrets
from collections.abc import Mapping
from threading import Event
from typing import Any

from msgspec import structs

from goldenami.aws import images, records
from goldenami.aws.action import ActionContext, Handler
from goldenami.aws.leftovers import TEMPORARY
from goldenami.aws.waits import patiently
from goldenami.bake import record
from goldenami.bake.actions import at, available, undo_image
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import launch_problems, packer_variables
from goldenami.bake.packer import PERMISSIONS, PackerBuild, build, check
from goldenami.bake.packer_cli import Packer, find_packer
from goldenami.bake.packer_leftovers import names_in, remove, remove_all
from goldenami.bake.packer_output import PackerEvent, instance_in
from goldenami.bake.packer_template import shipped_templates
from goldenami.domain.identity import origin
from goldenami.domain.image import Build
from goldenami.domain.plan import Action
from goldenami.domain.record import VALIDATED, parameter
from goldenami.errors import GoldenamiError, RefusedError


class PackerBaker:
    """``bake: {method: packer}``."""

    def __init__(self) -> None:
        self._packer: Packer | None = None
        self._recipe: Recipe | None = None

    def problems(self, recipe: Recipe) -> list[str]:
        """Look for Packer, and for what the release file asks that Packer cannot do."""
        problems = []
        try:
            self._packer = find_packer()
        except GoldenamiError as error:
            problems.append(f"{error.message} ({error.fix})")
        if recipe.instance_id:
            problems.append("--instance goes with create-image: Packer launches its own")
        if recipe.release.base.key_name:
            problems.append(
                "base.key_name: Packer makes a key of its own for the build; leave it out"
            )
        if recipe.release.validate and not self._request(recipe).has_communicator:
            problems.append("validate: with `communicator: none` Packer cannot run the steps")
        problems += launch_problems(recipe, recipe.base_tags)
        return problems or self._template_problems(recipe)

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
        """Return the record of the build, and the one action that is the whole Packer build.

        In it the record is written twice: what instance Packer has launched, and which image it has
        made. There is none of a template that launches nothing (`amazon-chroot`).
        """
        self._recipe = recipe
        begun = record.begun(recipe)
        build_image = at(
            recipe.place, "image", "packer:build", f"build {recipe.build.ami_name} with Packer",
            {
                "template": recipe.release.bake.template,
                "source_ami": recipe.source.id,
                "ami_name": recipe.build.ami_name,
                "tags": recipe.image_tags,
            },
            permissions=(*PERMISSIONS, *records.WRITE_PERMISSIONS),
            after=(begun.id,),
            undo=undo_image(recipe, recipe.place),
        )  # fmt: skip
        return (begun, build_image)

    @property
    def recorded(self) -> str:
        """What Packer does is recorded under way."""
        return record.BEGUN

    def cleanup(self, recipe: Recipe) -> tuple[Action, ...]:
        """Return a look for what is left: Packer cleans up itself, unless it was killed."""
        return (
            Action.at(
                recipe.place, "tidy", "packer:tidy", "remove what Packer has left, if it has",
                {"build": recipe.build.id},
                permissions=PERMISSIONS,
                after=(available(recipe.place),),
            ),
        )  # fmt: skip

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The build, and the look for what is left of it."""
        return {"packer:build": self._build, "packer:tidy": self._tidy}

    def _tidy(self, context: ActionContext) -> dict[str, Any]:
        if self._recipe:
            for line in remove(context, self._recipe.build, frozenset()):
                context.progress(line)
        return {}

    def _build(self, context: ActionContext) -> dict[str, Any]:
        recipe = self._recipe
        if recipe is None:
            raise GoldenamiError("a Packer build was started without its plan")

        names: set[str] = set()
        launched = _Launched(context, recipe.build)

        def listen(event: PackerEvent) -> None:
            names.update(names_in(event.text))
            launched.listen(event)
            if event.text:
                context.progress(event.text)

        if recipe.attempt:  # an earlier run may have left something
            for line in remove_all(context, recipe.build, frozenset()):
                context.progress(line)
        try:
            image_id = build(
                self._packer or find_packer(),
                self._request(recipe),
                context.aws.environment(context.region),
                on_event=listen,
                cancelled=context.cancelled,
            )
            launched.has_made(image_id)
        except GoldenamiError as error:
            still = structs.replace(context, cancelled=Event())
            error.notes = (*remove_all(still, recipe.build, frozenset(names)), *error.notes)
            raise
        return {"image_id": image_id}

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
            ami_description=recipe.description,
            image_tags=recipe.image_tags,
            run_tags=recipe.base_tags,
            launch=packer_variables(release.base),
            user_data=(file.user_data or b"").decode(),
            steps=tuple(step.run for step in release.validate),
            variables=release.bake.vars,
            key_pair_name=f"{TEMPORARY}{recipe.build.id}-{secrets.token_hex(3)}",
            endpoint_url=recipe.aws.custom_endpoint,
            image_timeout_s=int(release.timeouts.seconds("image")),
        )


class _Launched:
    """Records the instance that Packer launches as soon as Packer tells of it, and its image.

    Args:
        context: whose AWS, where.
        build: the build.
    """

    def __init__(self, context: ActionContext, build: Build) -> None:
        self._doing = context
        self._name = parameter(build.image, build.id)
        self._instance_id = ""

    def listen(self, event: PackerEvent) -> None:
        """Listen to Packer."""
        instance_id = instance_in(event)
        if instance_id and not self._instance_id:
            self._instance_id = instance_id
            records.change(self._doing, self._name, {"instance_id": instance_id})

    def has_made(self, image_id: str) -> None:
        """Record the image, whose instance has passed all of Packer's provisioners.

        EC2 names no instance for an image that a template had copied or registered: then the id
        that Packer has told is all there is to know it by.

        Raises:
            RefusedError: EC2 says that the image was made from another instance.
        """
        context = self._doing
        image = patiently(context, lambda: images.created(context.regional, image_id), created=True)
        if self._instance_id and image.source_instance not in ("", self._instance_id):
            raise RefusedError(
                f"{context.summary}: EC2 says that {image_id} was {origin(image)}, and not from "
                f"{self._instance_id}, which Packer launched",
                fix="find in CloudTrail who made it",
            )
        change = {
            "instance_id": image.source_instance, "image_id": image_id, "gates": [VALIDATED],
        }  # fmt: skip
        records.change(context, self._name, change)
