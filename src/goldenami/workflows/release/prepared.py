"""A bake that was checked and can start: one build, or a build for each architecture.

The builds of one bake go side by side as the parts of one plan; what is made of each is approved
together, published together, and told in one manifest.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import lease
from goldenami.aws.action import Handler
from goldenami.bake import publish, record
from goldenami.bake.actions import approved, complete, image_id
from goldenami.bake.interface import Baker, Recipe
from goldenami.bake.manifest import MANIFEST, write
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult, together
from goldenami.domain.identity import LAUNCH, TEST_LAUNCH
from goldenami.domain.image import bake_of
from goldenami.domain.manifest import Approval
from goldenami.domain.names import moment
from goldenami.domain.plan import Action, Plan, Results, id_within, of_part, of_this_part
from goldenami.workflows.release import guardrail
from goldenami.workflows.release.recovery import EarlierRun

Places = tuple[AccountRegion, ...]


class PreparedBuild(Struct, frozen=True, kw_only=True):
    """A build that was checked and can start.

    ``making`` ends when the image is complete in every region; ``done`` are the outputs of what an
    ``earlier`` run has done of it. ``approving`` tells that the caller has decided to approve it,
    ``decision`` who has decided it before.
    """

    recipe: Recipe
    baker: Baker
    started: datetime
    making: Plan
    approving: bool = False
    decision: Approval | None = None
    earlier: EarlierRun | None = None
    done: Mapping[str, Mapping[str, Any]] = {}

    @property
    def part(self) -> str:
        """What the ids of its actions begin with: its architecture, if there are several."""
        return self.recipe.build.architecture

    @property
    def proposes(self) -> bool:
        """Whether it ends with candidates, because somebody else is to approve them.

        Once somebody has, the approval is only completed.
        """
        return self.recipe.release.approval == "manual" and not (self.approving or self.decision)

    @property
    def ended(self) -> bool:
        """Whether its images are approved and published everywhere."""
        return self.earlier is not None and self.earlier.is_whole

    @property
    def remaining(self) -> tuple[Action, ...]:
        """What is left to do until the image is complete."""
        return tuple(action for action in self.making.actions if action.id not in self.done)

    def approval(self, places: Places) -> tuple[Action, ...]:
        """Return the approval in these places, in which all is complete, and the sharing."""
        if self.proposes or self.ended:
            return ()
        return publish.approval(self.recipe, places, self._approval)

    def publishing(self, places: Places) -> tuple[Action, ...]:
        """Return the last actions for these places, in which the image is approved."""
        if self.proposes:
            return publish.candidacy(self.recipe)
        if self.ended:
            return (write(self.recipe, self.recipe.places, self._approval, keep=False),)
        return publish.publication(self.recipe, places, self._approval)

    def within(self, actions: Sequence[Action]) -> tuple[Action, ...]:
        """Return actions of this build as those of the whole bake."""
        own = self.baker.handlers
        return tuple(action.within(self.part, own=own, common=(MANIFEST,)) for action in actions)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What performs its baker's own actions, by the calls that they have in the bake."""
        own = self.baker.handlers
        return {**own, **{f"{call}:{self.part}": own[call] for call in own if self.part}}

    @property
    def _approval(self) -> Approval:
        """Who approves the build, and when; who has done it first, and when, stays."""
        return self.decision or Approval(by=self.recipe.aws.caller, at=moment(self.started))


class Prepared(Struct, frozen=True, kw_only=True):
    """A bake that was checked and can start.

    ``resume`` is the command that goes on with it. ``holds_lease`` tells that the right to bake
    still lies with a run of this bake that has died in its last step. ``guarding`` tells of the
    guardrails that have to list its images. With ``keep_on_failure`` a failure does not undo
    launches.
    """

    builds: tuple[PreparedBuild, ...]
    title: str
    resume: str
    holds_lease: bool = False
    guarding: guardrail.Guarding = guardrail.Guarding()
    keep_on_failure: bool = False

    @property
    def recipe(self) -> Recipe:
        """The recipe of the first build, for what all have in common."""
        return self.builds[0].recipe

    @property
    def id(self) -> str:
        """What the bake is known by."""
        return bake_of(self.recipe.build.id)

    @property
    def proposes(self) -> bool:
        """Whether it ends with candidates, because somebody else is to approve them."""
        return self.builds[0].proposes

    @property
    def is_whole(self) -> bool:
        """Whether the release has ended, so that there is nothing to change."""
        remaining = any(build.remaining for build in self.builds)
        return self._ended and not (remaining or self.holds_lease)

    @property
    def keep(self) -> tuple[str, ...]:
        """The launches that a failure does not undo."""
        launches = (LAUNCH, TEST_LAUNCH) if self.keep_on_failure else ()
        return tuple(id_within(build.part, each) for build in self.builds for each in launches)

    @property
    def done(self) -> Results:
        """The outputs of what an earlier run has done."""
        return {
            id_within(build.part, action): outputs
            for build in self.builds
            for action, outputs in build.done.items()
        }

    @property
    def making(self) -> Plan:
        """What makes the images complete in every region."""
        return self._plan(
            action for build in self.builds for action in build.within(build.making.actions)
        )

    @property
    def plan(self) -> Plan:
        """What is left to do, if no region fails."""
        proposed = tuple(build.recipe.proposed_places for build in self.builds)
        every = tuple(build.recipe.places for build in self.builds)
        plan = self._plan(
            (
                *(action for build in self.builds for action in build.within(build.remaining)),
                *self.approval(proposed),
                *self.publishing(every),
            )
        )
        checks = plan.checks if self.is_whole else (*plan.checks, *lease.PERMISSIONS)
        return structs.replace(plan, checks=checks)

    @property
    def checked(self) -> CheckResult:
        """What was looked at of all builds."""
        return together({build.part: build.making.checked for build in self.builds})

    def approval(self, places: Sequence[Places]) -> tuple[Action, ...]:
        """Return the approval of each build in its places, in which all is complete.

        Those of several are recorded before any is written, and each record names all images.
        """
        actions = tuple(
            action
            for build, own in zip(self.builds, places, strict=True)
            for action in build.within(build.approval(own))
        )
        if not self.builds[0].part:
            return actions
        recipes = ((build.part, build.recipe) for build in self.builds)
        images = [of_part(part, image_id(recipe, recipe.place)) for part, recipe in recipes]
        return record.together(actions, images)

    def publishing(self, places: Sequence[Places]) -> tuple[Action, ...]:
        """Return the last actions of each build for its places, in which its image is approved."""
        several = [*zip(self.builds, places, strict=True)]
        parts = {build.part: build.within(build.publishing(own)) for build, own in several}
        actions = publish.together(parts, self.id) if parts.keys() != {""} else parts[""]
        if self.proposes or self._ended:
            return actions
        listed = [(build.part, build.recipe, own) for build, own in several if not build.ended]
        return guardrail.before_publishing(self.guarding.guardrails, listed, actions)

    def whole(self, results: Results) -> tuple[Places, ...]:
        """Return where the image of each build is complete, so that it can be approved there."""
        return tuple(
            tuple(
                place
                for place in (build.recipe.places if build.ended else build.recipe.proposed_places)
                if complete(place) in of_this_part(build.part, results)
            )
            for build in self.builds
        )

    def approved(self, whole: Sequence[Places], results: Results) -> tuple[Places, ...]:
        """Return where the image of each build is approved, of where it is complete."""
        return tuple(
            own
            if not build.approval(own)
            else tuple(
                place
                for place in build.recipe.places
                if approved(place) in of_this_part(build.part, results)
            )
            for build, own in zip(self.builds, whole, strict=True)
        )

    @property
    def _ended(self) -> bool:
        return all(build.ended for build in self.builds)

    def _plan(self, actions: Iterable[Action]) -> Plan:
        plans = [build.making for build in self.builds]
        needed = (check for plan in plans for check in plan.checks)
        looking = () if self._ended else guardrail.LOOKING
        return Plan(
            title=self.title,
            actions=tuple(actions),
            notes=(*self.recipe.file.warnings, *self.guarding.notes),
            checks=tuple(dict.fromkeys((*needed, *looking))),
            checked=self.checked + self.guarding.checked,
        )
