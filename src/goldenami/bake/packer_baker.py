"""The second baker: Packer makes the image in the build region; everything after is the same."""

import secrets
from collections.abc import Iterator, Mapping
from functools import cached_property
from threading import Event
from typing import Any, ClassVar

from msgspec import structs

from goldenami.aws import records
from goldenami.aws.action import ActionContext, Handler
from goldenami.aws.leftovers import TEMPORARY
from goldenami.bake import record, shell
from goldenami.bake.actions import at, available, awaits_user_data, undo_image
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import launch_problems, packer_variables
from goldenami.bake.packer import PERMISSIONS, PackerBuild, PackerRun
from goldenami.bake.packer_cli import Packer, find_packer
from goldenami.bake.packer_leftovers import remove
from goldenami.bake.packer_template import shipped_templates
from goldenami.bake.packer_watch import PERMISSIONS as WATCH_PERMISSIONS
from goldenami.bake.packer_watch import PackerWatch
from goldenami.domain.check_result import CheckResult
from goldenami.domain.plan import Action
from goldenami.errors import GoldenamiError


class PackerBaker:
    """``bake: {method: packer}``."""

    recorded: ClassVar = record.BEGUN  # what Packer does is recorded under way

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    @cached_property
    def _packer(self) -> Packer:
        return find_packer()

    def check(self) -> CheckResult:
        """Look for Packer, for what it cannot do of the release file, and at its template."""
        recipe, release, problems = self._recipe, self._recipe.release, []
        try:
            _ = self._packer
        except GoldenamiError as error:
            problems.append(error.with_fix)
        if recipe.instance_id:
            problems.append("--instance goes with create-image: Packer launches its own")
        if release.base.key_name:
            problems.append(
                "base.key_name: Packer makes a key of its own for the build; leave it out"
            )
        if not self.request.has_communicator:
            problems += (
                f"{part}: with `communicator: none` Packer {lack}"
                for part, lack in _connecting(recipe)
            )
        problems += launch_problems(recipe)
        notes: tuple[str, ...] = ()
        if not problems:
            run = PackerRun(self._packer, recipe.aws.environment(recipe.region))
            try:
                notes = run.check(self.request)
            except GoldenamiError as error:
                problems += (error.with_fix, *error.notes)
        if problems:
            return CheckResult(wrong=tuple(problems))
        template = release.bake.template
        fine = f"Packer {self._packer.number} finds the template {template} valid"
        return CheckResult(fine=(fine,), unknown=notes)

    def actions(self) -> tuple[Action, ...]:
        """Return the record of the build, and the one action that is the whole Packer build.

        In it the record is written twice: what instance Packer has launched, and which image it has
        made. There is none of a template that launches nothing (`amazon-chroot`).
        """
        recipe = self._recipe
        begun = record.begun(recipe)
        build_image = at(
            recipe.place, "image", "packer:build", f"build {recipe.build.ami_name} with Packer",
            {
                "template": recipe.release.bake.template,
                "source_ami": recipe.source.id,
                "ami_name": recipe.build.ami_name,
                "tags": recipe.image_tags,
            },
            permissions=(*PERMISSIONS, *WATCH_PERMISSIONS, *records.WRITE_PERMISSIONS),
            after=(begun.id,),
            undo=undo_image(recipe, recipe.place),
        )  # fmt: skip
        return (begun, build_image)

    def cleanup(self) -> tuple[Action, ...]:
        """Return a look for what is left: Packer cleans up itself, unless it was killed."""
        place = self._recipe.place
        return (
            Action.at(
                place, "tidy", "packer:tidy", "remove what Packer has left, if it has",
                {"build": self._recipe.build.id},
                permissions=PERMISSIONS,
                after=(available(place),),
            ),
        )  # fmt: skip

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The build, and the look for what is left of it."""
        return {"packer:build": self._build, "packer:tidy": self._tidy}

    def _tidy(self, context: ActionContext) -> dict[str, Any]:
        for line in remove(context, self._recipe.build, image=False):
            context.progress(line)
        return {}

    def _build(self, context: ActionContext) -> dict[str, Any]:
        recipe, watch = self._recipe, PackerWatch(context, self._recipe)
        if recipe.attempt:  # an earlier run may have left something
            for line in remove(context, recipe.build, image=True):
                context.progress(line)
        environment = context.aws.environment(context.region)
        run = PackerRun(self._packer, environment, watch.listen, context.cancelled)
        try:
            image = watch.image_of(run.build(self.request))
        except GoldenamiError as error:
            still = structs.replace(context, cancelled=Event())
            removed = remove(still, recipe.build, watch.mentions, image=True)
            error.notes = (*removed, *error.notes)
            raise
        return {"image_id": image.id}

    @property
    def request(self) -> PackerBuild:
        """What Packer is to build."""
        recipe, release, file = self._recipe, self._recipe.release, self._recipe.file
        template = release.bake.template
        if template not in shipped_templates():
            template = str(file.folder / template)
        values = {
            "region": recipe.region,
            "source_ami": recipe.source.id,
            "ami_name": recipe.build.ami_name,
            "ami_description": recipe.description,
            "tags": recipe.image_tags,
            "snapshot_tags": recipe.image_tags,
            **packer_variables(release.base),
            "run_tags": recipe.base_tags,
            "run_volume_tags": recipe.base_tags,
            "temporary_key_pair_name": f"{TEMPORARY}{recipe.build.id}-{secrets.token_hex(3)}",
            "endpoint_url": recipe.aws.custom_endpoint,
        }
        return PackerBuild(
            template=template,
            values=values,
            user_data=file.user_data or b"",
            user_data_timeout_s=(
                int(release.timeouts.seconds("user_data")) if awaits_user_data(recipe) else 0
            ),
            steps=(
                *map(shell.attempts, release.validate),
                *((shell.clean_up(),) if release.bake.cleanup else ()),
            ),
            variables=release.bake.vars,
            names=release.bake.names,
            only=release.bake.only,
            plugins=release.bake.plugins,
            image_timeout_s=int(release.timeouts.seconds("image")),
        )


def _connecting(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield what Packer cannot do of a release file without a connection to the instance."""
    release = recipe.release
    if release.validate:
        yield "validate", "cannot run the steps"
    if release.bake.cleanup:
        yield "bake.cleanup", "cannot clean up"
    if awaits_user_data(recipe):
        yield (
            "base.user_data",
            "cannot wait until it is through: set `bake.wait_for_user_data: false`, if what it "
            "makes may be missing in the image",
        )
