"""From a release file to a bake that was checked and can start, anew or where it stopped."""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, structs

from goldenami import journal
from goldenami.aws import images, lease
from goldenami.aws.session import Aws
from goldenami.bake import record
from goldenami.bake.actions import image_id
from goldenami.bake.boot_test import boot_test
from goldenami.bake.create_image import CreateImageBaker
from goldenami.bake.distribute import distribution, wait_for_image
from goldenami.bake.interface import Baker, Recipe, new_build
from goldenami.bake.manifest import write
from goldenami.bake.packer_baker import PackerBaker
from goldenami.bake.publish import approval, candidacy, publication
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.identity import LAUNCH, TEST_LAUNCH
from goldenami.domain.image import Build, Image
from goldenami.domain.manifest import Approval
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan
from goldenami.domain.record import Record
from goldenami.domain.status import Status
from goldenami.errors import BakeError, SpecError, UsageError
from goldenami.journal import Journal
from goldenami.spec import ReleaseFile
from goldenami.workflows import goldens
from goldenami.workflows.release import guardrail
from goldenami.workflows.release.checks import check, permissions
from goldenami.workflows.release.recovery import EarlierRun, discarding, find, outputs


class Prepared(Struct, frozen=True, kw_only=True):
    """A bake that was checked and can start.

    ``making`` ends when the image is complete in every region; ``done`` are the outputs of what an
    ``earlier`` run has done of it. ``resume`` is the command that goes on with the build.
    ``approving`` tells that the caller has decided to approve it; ``holds_lease`` that the right to
    bake still lies with a run of this build that has died in its last step. ``guarding`` tells of
    the guardrails that have to list it. ``keep`` are the launches that a failure does not undo.
    """

    recipe: Recipe
    baker: Baker
    making: Plan
    resume: str
    started: datetime
    approving: bool = False
    earlier: EarlierRun | None = None
    holds_lease: bool = False
    done: Mapping[str, Mapping[str, Any]] = {}
    guarding: guardrail.Guarding = guardrail.Guarding()
    keep: tuple[str, ...] = ()

    @property
    def proposes(self) -> bool:
        """Whether it ends with candidates, because somebody else is to approve them.

        Once somebody has, the approval is only completed.
        """
        decided = self.approving or (self.earlier is not None and self.earlier.record.approval)
        return self.recipe.release.approval == "manual" and not decided

    @property
    def status(self) -> Status:
        """What the images are at the end."""
        return Status.CANDIDATE if self.proposes else Status.APPROVED

    @property
    def is_whole(self) -> bool:
        """Whether the release has ended, so that there is nothing to change."""
        return self._ended and not (self._remaining or self.holds_lease)

    @property
    def plan(self) -> Plan:
        """What is left to do, if no region fails."""
        checks = self.making.checks if self.is_whole else (*self.making.checks, *lease.PERMISSIONS)
        return Plan(
            title=self.making.title,
            actions=(
                *self._remaining,
                *self.approval(self.recipe.proposed_places),
                *self.publishing(self.recipe.places),
            ),
            notes=self.making.notes,
            checks=checks,
            checked=self.making.checked,
        )

    def approval(self, places: tuple[AccountRegion, ...]) -> tuple[Action, ...]:
        """Return the approval in these places, in which all is complete, and the sharing."""
        if self.proposes or self._ended:
            return ()
        return approval(self.recipe, places, self._approval)

    def publishing(self, places: tuple[AccountRegion, ...]) -> tuple[Action, ...]:
        """Return the last actions for these places, in which the image is approved."""
        if self.proposes:
            return candidacy(self.recipe)
        if self._ended:
            return (write(self.recipe, self.recipe.places, self._approval, keep=False),)
        last = publication(self.recipe, places, self._approval)
        return guardrail.before_publishing(self.recipe, self.guarding.guardrails, places, last)

    @property
    def _remaining(self) -> tuple[Action, ...]:
        return tuple(action for action in self.making.actions if action.id not in self.done)

    @property
    def _ended(self) -> bool:
        return self.earlier is not None and self.earlier.is_whole

    @property
    def _approval(self) -> Approval:
        """Who approves the build, and when; who has done it first, and when, stays."""
        recorded = self.earlier.record.approval if self.earlier else None
        return recorded or Approval(by=self.recipe.aws.caller, at=moment(self.started))


def prepare(
    aws: Aws,
    file: ReleaseFile,
    *,
    method: str | None = None,
    instance_id: str | None = None,
    resume: str | None = None,
    approving: bool = False,
    keep_on_failure: bool = False,
    now: datetime | None = None,
) -> Prepared:
    """Check everything that can be checked without changing anything, and make the plan.

    Args:
        aws: whose account.
        file: the release file.
        method: ``create-image`` or ``packer``, None for the release file's.
        instance_id: a base instance that is there already.
        resume: the id of a build that did not end, here or on another machine.
        approving: whether the caller approves the build, if that is up to somebody.
        keep_on_failure: whether instances stay for a look if it fails.
        now: the time a calendar version is made from.

    Raises:
        BakeError: with every problem found.
        RefusedError: something of the build is forged, or past its approval.
        UsageError: the options do not fit the build, or how it is made.
    """
    started = now or datetime.now(UTC)
    past, earlier = _earlier(aws, file, resume) if resume else (None, None)
    if earlier:
        method, instance_id = _as_begun(earlier.record, method, instance_id)
    build = _build(file, started, past, earlier)
    recipe = Recipe(
        aws=aws,
        file=file,
        build=build,
        source=_source(aws, file, earlier),
        instance_id=instance_id,
        tokens=_tokens(past, earlier),
        attempt=f"/{started.isoformat()}" if resume else "",
        method=method or file.release.bake.method,
    )
    if keep_on_failure and recipe.method == "packer":
        raise UsageError(
            "--keep-on-failure goes with create-image: Packer ends its own instance",
            fix="leave it out, or bake with --method create-image",
        )
    command = ("--method", method), ("--instance", instance_id), ("--resume", build.id)
    return _checked(
        Prepared(
            recipe=recipe,
            baker=PackerBaker(recipe) if recipe.method == "packer" else CreateImageBaker(recipe),
            making=Plan(title=_title(recipe, approving=approving), actions=()),
            resume=_command("approve", file, ("--build", build.id))
            if approving
            else _command("bake", file, *command),
            started=started,
            approving=approving,
            keep=(LAUNCH, TEST_LAUNCH) if keep_on_failure else (),
        ),
        earlier,
    )


def renew(prepared: Prepared) -> Prepared:
    """Return the same bake as the account is now, since it may have moved on meanwhile.

    Raises:
        BakeError: with every problem found.
        RefusedError: something of the build is past its approval.
        IncompleteError: a place could not be read.
    """
    if prepared.earlier is None:
        return prepared
    recipe = prepared.recipe
    earlier = find(recipe.aws, recipe.release, recipe.build.id)
    return prepared if earlier == prepared.earlier else _checked(prepared, earlier)


def _checked(prepared: Prepared, earlier: EarlierRun | None) -> Prepared:
    """Check a bake against what an earlier run has left, and plan the rest."""
    recipe, baker, file = prepared.recipe, prepared.baker, prepared.recipe.file
    if earlier:
        earlier.refuse()
    actions = making_actions(recipe, baker)
    done = outputs(recipe, actions, earlier) if earlier else {}
    if earlier:
        actions = discarding(actions, recipe, earlier)
    if prepared.approving:  # what was made before is none of the approver's steps
        actions = tuple(action for action in actions if action.id not in done)
    checked = check(recipe, baker, earlier)
    if checked.wrong:
        raise BakeError(
            f"{file.path}: the bake cannot start, and nothing was changed", notes=checked.wrong
        )
    is_whole = earlier is not None and earlier.is_whole
    guarding = guardrail.Guarding() if is_whole else guardrail.look(recipe)
    plan = Plan(
        title=prepared.making.title,
        actions=actions,
        notes=(*file.warnings, *guarding.notes),
        checks=(*permissions(recipe, earlier), *(() if is_whole else guardrail.LOOKING)),
        checked=checked + guarding.checked,
    )
    return structs.replace(
        prepared, making=plan, earlier=earlier, done=done, guarding=guarding,
        holds_lease=is_whole and _holds_lease(recipe),
    )  # fmt: skip


def _holds_lease(recipe: Recipe) -> bool:
    current = lease.of_image(recipe.aws.in_region(recipe.region), recipe.build.image)
    return current is not None and current.holder.build == recipe.build.id


def _title(recipe: Recipe, *, approving: bool) -> str:
    build, source = recipe.build, recipe.source
    if approving:
        return f"approve {build.ami_name}, build {build.id}"
    return f"bake {build.ami_name} from {source.id} ({source.name}), build {build.id}"


def making_actions(recipe: Recipe, baker: Baker) -> tuple[Action, ...]:
    """Return all that makes the image complete wherever it is before its approval."""
    ready = wait_for_image(recipe, recipe.place)
    tested = boot_test(recipe)
    gate = tested[-1].id if tested else ready.id
    recorded = record.image_made(recipe, image_id(recipe, recipe.place), baker.recorded, gate)
    return (
        *baker.actions(),
        ready,
        *tested,
        recorded,
        *distribution(recipe, after=recorded.id),
        *baker.cleanup(),
    )


def _earlier(aws: Aws, file: ReleaseFile, build: str) -> tuple[Journal | None, EarlierRun | None]:
    past, unreadable = None, ""
    try:
        past = journal.read(build)
    except SpecError as error:  # the tags may tell all that is needed
        unreadable = error.message
    earlier = find(aws, file.release, build)
    if not past and not earlier:
        places = file.release.places(aws.account, aws.partition)
        here = f"its journal cannot be used ({unreadable})" if unreadable else "no journal of it"
        raise UsageError(
            f"there is no trace of build {build}: {here} here, no record, and nothing with its tag "
            f"in {', '.join(place.name for place in places)}",
            fix="check the build id, and the account; or bake anew without --resume",
        )
    spec = earlier.record.spec if earlier else past.start.spec if past else ""
    if spec != file.spec:
        raise BakeError(
            f"build {build} was started with another version of {file.path}, which makes another "
            "image",
            fix="restore what makes the image (timeouts, publication, lifecycle, enforcement and "
            "audit may differ), or bake anew without --resume",
        )
    return past, earlier


def _as_begun(begun: Record, method: str | None, instance_id: str | None) -> tuple[str, str | None]:
    """Return how a build goes on, which is how it was begun.

    Raises:
        UsageError: it is to go on otherwise.
    """
    own_instance = begun.instance_id if begun.own_instance else None
    if (method or begun.method) != begun.method or (instance_id or own_instance) != own_instance:
        how = f"--instance {own_instance}" if own_instance else f"--method {begun.method}"
        raise UsageError(
            f"build {begun.build} was begun with {how}, and goes on like that",
            fix="leave --method and --instance out, or bake anew",
        )
    return begun.method, own_instance


def _tokens(past: Journal | None, earlier: EarlierRun | None) -> dict[str, str]:
    """Return the tokens whose calls still stand: that of a broken image would bring it back.

    Those of a build without a record come from a random part that nobody knows any more.
    """
    if past is None or earlier is None:
        return {}
    broken, tokens = {f"copy:{place}" for place in earlier.broken}, past.tokens
    return {action: token for action, token in tokens.items() if action not in broken}


def _build(
    file: ReleaseFile, now: datetime, past: Journal | None, earlier: EarlierRun | None
) -> Build:
    if earlier:
        return earlier.record.as_build
    build, start = new_build(file, now), past.start if past else None
    return structs.replace(build, id=start.build, version=start.version) if start else build


def _source(aws: Aws, file: ReleaseFile, earlier: EarlierRun | None) -> Image:
    """Return the base image: that of the earlier run, whatever a parameter names by now."""
    release, home = file.release, aws.in_region(file.release.build_region)
    if not earlier:
        return goldens.base_image(home, release.base.source, release.approval_tag)
    source = earlier.record.source
    for image in images.by_id(home, [source]):
        return image
    if home.region in earlier.images:
        return Image(
            region=home.region, id=source, name="gone", owner="", state="deregistered",
            architecture="",
        )  # fmt: skip
    raise BakeError(
        f"build {earlier.record.build} was made from {source}, which is no longer there",
        fix="bake anew without --resume; `goldenami sweep` removes what this build has left",
    )


def _command(name: str, file: ReleaseFile, *options: tuple[str, str | None]) -> str:
    words = [word for option, value in options if value for word in (option, value)]
    return shlex.join(["goldenami", name, str(file.path), *words])
