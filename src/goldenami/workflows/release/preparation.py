"""From a release file to a bake that was checked and can start, anew or where it stopped."""

import secrets
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
from goldenami.bake.interface import Baker, Recipe
from goldenami.bake.packer_baker import PackerBaker
from goldenami.bake.publish import approval, candidacy, completion, moment, publication
from goldenami.domain import names
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Build, Image, build_id, new_nonce
from goldenami.domain.plan import Action, Plan
from goldenami.domain.record import Record
from goldenami.domain.status import Status
from goldenami.errors import BakeError, SpecError, UsageError
from goldenami.spec import ReleaseFile
from goldenami.workflows import goldens
from goldenami.workflows.release import guardrail
from goldenami.workflows.release.checks import There, check, permissions
from goldenami.workflows.release.completed_steps import discarding, results
from goldenami.workflows.release.recovery import Found, find


class Prepared(Struct, frozen=True, kw_only=True):
    """A bake that was checked and can start.

    ``making`` ends when the image is complete in every region; ``done`` are the outputs of what an
    earlier run has done of it, which has left ``found``. ``resume`` is the command that goes on
    with the build. ``approving`` tells that the caller has decided to approve it; ``held`` that the
    right to bake still lies with a run of this build that has died in its last step. ``guarding``
    tells of the guardrails that have to list it.
    """

    recipe: Recipe
    baker: Baker
    making: Plan
    resume: str
    started: datetime
    approving: bool = False
    found: Found | None = None
    held: bool = False
    done: Mapping[str, Mapping[str, Any]] = {}
    guarding: guardrail.Guarding = guardrail.Guarding()

    @property
    def proposes(self) -> bool:
        """Whether it ends with candidates, because somebody else is to approve them.

        Once somebody has, the approval is only completed.
        """
        decided = self.approving or (self.found is not None and self.found.record.approval)
        return self.recipe.release.approval == "manual" and not decided

    @property
    def status(self) -> Status:
        """What the images are at the end."""
        return Status.CANDIDATE if self.proposes else Status.APPROVED

    @property
    def is_whole(self) -> bool:
        """Whether the release has ended, so that there is nothing to change."""
        left = any(one.id not in self.done for one in self.making.actions)
        return self._ended and not (left or self.held)

    @property
    def plan(self) -> Plan:
        """What is left to do, if no region fails."""
        left = tuple(one for one in self.making.actions if one.id not in self.done)
        return Plan(
            title=self.making.title,
            actions=(
                *left,
                *self.approval(self.recipe.proposed_places),
                *self.publishing(self.recipe.places),
            ),
            notes=self.making.notes,
            checks=self.making.checks if self.is_whole else _with_lease(self.making.checks),
            checked=self.making.checked,
        )

    def approval(self, places: tuple[AccountRegion, ...]) -> tuple[Action, ...]:
        """Return the approval in these places, in which all is complete, and the sharing."""
        if self.proposes or self._ended:
            return ()
        by, at = self._approval
        return approval(self.recipe, places, by=by, at=at)

    def publishing(self, places: tuple[AccountRegion, ...]) -> tuple[Action, ...]:
        """Return the last actions for these places, in which the image is approved."""
        if self.proposes:
            return candidacy(self.recipe)
        by, at = self._approval
        if self._ended:
            return completion(self.recipe, by=by, at=at)
        last = publication(self.recipe, places, by=by, at=at)
        return guardrail.before_publishing(self.recipe, self.guarding.guardrails, places, last)

    @property
    def _ended(self) -> bool:
        return self.found is not None and self.found.is_whole(self.recipe.places)

    @property
    def _approval(self) -> tuple[str, str]:
        """Who approves the build, and when; who has done it first, and when, stays."""
        recorded = self.found.record.approval if self.found else None
        return recorded or (self.recipe.aws.caller, moment(self.started))


def _with_lease(checks: tuple[str, ...]) -> tuple[str, ...]:
    return (*checks, *lease.PERMISSIONS)


def prepare(
    aws: Aws,
    file: ReleaseFile,
    *,
    method: str | None = None,
    instance_id: str | None = None,
    resume: str | None = None,
    approving: bool = False,
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
        now: the time a calendar version is made from.

    Raises:
        BakeError: with every problem found.
        RefusedError: something of the build is forged, or past its approval.
    """
    started = now or datetime.now(UTC)
    past, found = _earlier(aws, file, resume) if resume else (None, None)
    if found:
        method, instance_id = _as_begun(found.record, method, instance_id)
    build = _build(file, started, past, found)
    recipe = Recipe(
        aws=aws,
        file=file,
        build=build,
        source=_source(aws, file, found),
        instance_id=instance_id,
        tokens=_tokens(past, found),
        attempt=f"/{started.isoformat()}" if resume else "",
        method=method or file.release.bake.method,
    )
    command = ("--method", method), ("--instance", instance_id), ("--resume", build.id)
    return _checked(
        Prepared(
            recipe=recipe,
            baker=PackerBaker() if recipe.method == "packer" else CreateImageBaker(),
            making=Plan(title=_title(recipe, approving=approving), actions=()),
            resume=_command("approve", file, ("--build", build.id))
            if approving
            else _command("bake", file, *command),
            started=started,
            approving=approving,
        ),
        found,
    )


def renew(prepared: Prepared) -> Prepared:
    """Return the same bake as the account is now, since it may have moved on meanwhile.

    Raises:
        BakeError: with every problem found.
        RefusedError: something of the build is past its approval.
        IncompleteError: a place could not be read.
    """
    if prepared.found is None:
        return prepared
    recipe = prepared.recipe
    found = find(recipe.aws, recipe.release, recipe.build.id)
    return prepared if found == prepared.found else _checked(prepared, found)


def _checked(prepared: Prepared, found: Found | None) -> Prepared:
    """Check a bake against what an earlier run has left, and plan the rest."""
    recipe, baker, file = prepared.recipe, prepared.baker, prepared.recipe.file
    if found:
        found.refuse()
    actions = making_actions(recipe, baker)
    done = results(recipe, actions, found) if found else {}
    if found:
        actions = discarding(actions, recipe, found)
    if prepared.approving:  # what was made before is none of the approver's steps
        actions = tuple(one for one in actions if one.id not in done)
    there = There.of(found, recipe)
    checked = check(recipe, baker, there)
    if checked.wrong:
        raise BakeError(
            f"{file.path}: the bake cannot start, and nothing was changed", notes=checked.wrong
        )
    guarding = guardrail.Guarding() if there.whole else guardrail.look(recipe)
    plan = Plan(
        title=prepared.making.title,
        actions=actions,
        notes=(*file.warnings, *guarding.notes),
        checks=(*permissions(recipe, there), *(() if there.whole else guardrail.LOOKING)),
        checked=checked + guarding.checked,
    )
    held = there.whole and _holds(recipe)
    return structs.replace(
        prepared, making=plan, found=found, held=held, done=done, guarding=guarding
    )


def _holds(recipe: Recipe) -> bool:
    held = lease.of_image(recipe.aws.in_region(recipe.region), recipe.build.image)
    return held is not None and held.holder.build == recipe.build.id


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
    made = record.made(recipe, image_id(recipe, recipe.place), baker.recorded, gate)
    return (
        *baker.actions(recipe),
        ready,
        *tested,
        made,
        *distribution(recipe, after=made.id),
        *baker.cleanup(recipe),
    )


def _earlier(aws: Aws, file: ReleaseFile, build: str) -> tuple[journal.Past | None, Found | None]:
    past, unreadable = None, ""
    try:
        read = journal.read(build)
        past = read[1] if read else None
    except SpecError as error:  # the tags may tell all that is needed
        unreadable = error.message
    found = find(aws, file.release, build)
    if not past and not found:
        places = file.release.places(aws.account, aws.partition)
        here = f"its journal cannot be used ({unreadable})" if unreadable else "no journal of it"
        raise UsageError(
            f"there is no trace of build {build}: {here} here, no record, and nothing with its tag "
            f"in {', '.join(place.name for place in places)}",
            fix="check the build id, and the account; or bake anew without --resume",
        )
    spec = found.build.spec if found else past.start.spec if past else ""
    if spec != file.sha256:
        raise BakeError(
            f"build {build} was started with another version of {file.path}",
            fix="restore that version of the release file, or bake anew without --resume",
        )
    return past, found


def _as_begun(begun: Record, method: str | None, instance_id: str | None) -> tuple[str, str | None]:
    """Return how a build goes on, which is how it was begun.

    Raises:
        UsageError: it is to go on otherwise.
    """
    given = begun.instance_id if begun.given else None
    if (method or begun.method) != begun.method or (instance_id or given) != given:
        how = f"with --instance {given}" if given else f"with --method {begun.method}"
        raise UsageError(
            f"build {begun.build} was begun {how}, and goes on like that",
            fix="leave --method and --instance out, or bake anew",
        )
    return begun.method, given


def _tokens(past: journal.Past | None, found: Found | None) -> dict[str, str]:
    """Return the tokens whose calls still stand: that of a broken image would bring it back.

    Those of a build without a record come from a random part that nobody knows any more.
    """
    if past is None or found is None:
        return {}
    broken, tokens = {f"copy:{place}" for place in found.broken}, past.tokens
    return {action: token for action, token in tokens.items() if action not in broken}


def _build(
    file: ReleaseFile, now: datetime, past: journal.Past | None, found: Found | None
) -> Build:
    release = file.release
    if found:
        return found.build
    if past:
        start = past.start
        return Build(
            id=start.build, image=release.image, version=start.version, spec=file.sha256,
            nonce=new_nonce(),
        )  # fmt: skip
    version = names.calendar_version(now) if release.version == "auto" else release.version
    return Build(
        id=build_id(now.astimezone(UTC), secrets.token_hex(3)),
        image=release.image,
        version=version,
        spec=file.sha256,
        nonce=new_nonce(),
    )


def _source(aws: Aws, file: ReleaseFile, found: Found | None) -> Image:
    """Return the base image: that of the earlier run, whatever a parameter names by now."""
    release, region = file.release, file.release.build_region
    if not found:
        return goldens.base_image(aws.in_region(region), release.base.source, release.approval_tag)
    known = images.by_id(aws.in_region(region), [found.source])
    if known:
        return known[0]
    gone = Image(
        region=region, id=found.source, name="gone", owner="", state="deregistered", architecture=""
    )
    if region in found.images:
        return gone
    raise BakeError(
        f"build {found.build.id} was made from {found.source}, which is no longer there",
        fix="bake anew without --resume; `goldenami sweep` removes what this build has left",
    )


def _command(name: str, file: ReleaseFile, *options: tuple[str, str | None]) -> str:
    chosen = [word for option, value in options if value for word in (option, value)]
    return shlex.join(["goldenami", name, str(file.path), *chosen])
