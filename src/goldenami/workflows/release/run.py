"""Carries a prepared bake out: make the image complete everywhere, then approve and publish."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from msgspec import Struct, structs

from goldenami import journal
from goldenami.aws import (
    calls,
    compare,
    image_scans,
    inspector,
    parameters,
    records,
    run_command,
    sharing,
    statuses,
    waits,
    watermarks,
)
from goldenami.aws.action import Handler
from goldenami.aws.lease import Lease
from goldenami.bake.actions import available, image_id
from goldenami.bake.distribute import ADOPT_COPY, adopt_copy
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import launch
from goldenami.bake.manifest import HANDLER, ManifestWriter
from goldenami.bake.publish import WRITE_STATUS
from goldenami.bake.way_out import fix_for
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Build
from goldenami.domain.manifest import Manifest
from goldenami.domain.plan import Plan, Results, Tell, id_within, of_this_part, resolve, silent
from goldenami.domain.status import Status
from goldenami.errors import (
    BakeError,
    GateError,
    GoldenamiError,
    InterruptedRunError,
    RefusedError,
)
from goldenami.workflows.enforce import snapshots
from goldenami.workflows.execution import Execution, RunOutcome, unguarded
from goldenami.workflows.interrupts import Interrupts
from goldenami.workflows.release import guardrail
from goldenami.workflows.release.preparation import renew
from goldenami.workflows.release.prepared import Places, Prepared, PreparedBuild
from goldenami.workflows.release.recovery import EarlierRun, find

HANDLERS: dict[str, Handler] = {
    "ec2:RunInstances": launch,
    "ssm:RunCommand": run_command.run,
    "wait:instance": waits.instance,
    "wait:image": waits.image,
    "wait:scan": inspector.scan,
    image_scans.SCAN: image_scans.scan,
    "wait:parameter": parameters.read_back,
    "compare:image": compare.image,
    "protect:image": sharing.protect,
    watermarks.ATTACH: watermarks.attach,
    "share:snapshots": sharing.snapshots,
    WRITE_STATUS: statuses.write,
    records.WRITE: records.write,
    ADOPT_COPY: adopt_copy,
    "ssm:PutParameter": parameters.publish,
    "ec2:DeregisterImage": calls.deregister,
    snapshots.EXTEND: snapshots.extend,
    snapshots.EXTEND_SCP: snapshots.extend,
}


class ReleasedImage(Struct, frozen=True, kw_only=True):
    """One place of a finished bake."""

    region: str
    account: str
    image_id: str
    name: str
    architecture: str
    status: str
    snapshots: tuple[str, ...]
    parameter: str


class Released(Struct, frozen=True, kw_only=True):
    """What a finished bake has made.

    ``failure`` tells of the regions that are missing in it, ``notes`` what else there is to know.
    """

    build: Build
    images: tuple[ReleasedImage, ...]
    manifest: Manifest | None = None
    failure: GoldenamiError | None = None
    notes: tuple[str, ...] = ()


@contextmanager
def going_on(prepared: Prepared) -> Iterator[None]:
    """Name the build, and the command that goes on with it, if this is interrupted.

    Raises:
        InterruptedRunError: Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise _interrupted(prepared, ()) from error


def bake(prepared: Prepared, *, tell: Tell = silent) -> Released:
    """Carry a prepared bake out.

    A region that fails is left out of the release and marked as missing on the images of the
    others; nothing is published before every region is either complete or given up.

    Raises:
        BakeError: no region is complete; the notes say what was undone and what is left.
        RefusedError: another bake of the image is under way, or has come farther than this one may.
        InterruptedRunError: Ctrl-C, whenever; the notes say what there is and how to go on.
    """
    with Interrupts() as interrupts:
        run = _Run(prepared, interrupts, tell)
        try:
            released = run.whole() if prepared.is_whole else run.leased()
        except KeyboardInterrupt as error:
            raise _interrupted(prepared, run.remains()) from error
        except InterruptedRunError as error:
            raise _interrupted(prepared, (*error.notes, *run.remains())) from error
        except GoldenamiError as error:
            if not interrupts.count:
                raise
            raise _interrupted(prepared, (error.message, *error.notes)) from error
        if interrupts.count:
            raise _interrupted(prepared, _completed(released))
    return released


def _interrupted(prepared: Prepared, notes: Iterable[str]) -> InterruptedRunError:
    return InterruptedRunError(
        f"interrupted; build {prepared.id} can go on", notes=notes, fix=f"run {prepared.resume}"
    )


def _completed(released: Released) -> list[str]:
    """Tell of what came to its end in spite of a signal."""
    failure = released.failure
    return [
        *((failure.message, *failure.notes) if failure else ()),
        *(f"{image.status}: {image.image_id} in {image.region}" for image in released.images),
    ]


class _Run:
    """One bake under way.

    Args:
        prepared: what is baked.
        interrupts: the signals so far.
        tell: is told of every event.
    """

    def __init__(self, prepared: Prepared, interrupts: Interrupts, tell: Tell) -> None:
        self._prepared = prepared
        self._interrupts = interrupts
        self._manifest = ManifestWriter(tell)
        self._journal: journal.Journal | None = None
        self._guard = unguarded

    def whole(self) -> Released:
        """Tell of a release that has ended; nothing is changed."""
        every = [build.recipe.places for build in self._prepared.builds]
        return self._publish(every, RunOutcome(self._prepared.done))

    def leased(self) -> Released:
        """Carry it out with the right to bake; the account may have moved on before."""
        prepared, recipe = self._prepared, self._prepared.recipe
        build = recipe.build
        self._journal = journal.Journal.open(
            journal.Start(
                build=prepared.id, version=build.version, spec=build.spec,
                release=str(recipe.file.path),
            )
        )  # fmt: skip
        lease = Lease(recipe.aws.in_region(recipe.region), build.image, prepared.id)
        self._interrupts.wait_for(lease.__enter__, patience=2)
        self._guard = lease.check
        try:
            if not self._interrupts.count:
                self._prepared = self._interrupts.wait_for(lambda: renew(self._prepared))
            return self._bake()
        finally:
            if self._interrupts.count < 2:  # else it lapses by itself
                with suppress(KeyboardInterrupt):
                    self._interrupts.wait_for(lambda: lease.__exit__(None, None, None))

    def _bake(self) -> Released:
        prepared = self._prepared
        making = self._execute(prepared.making, prepared.done)
        whole = prepared.whole(making.results)
        unsafe = isinstance(making.error, RefusedError)
        together = prepared.proposes or len(prepared.builds) > 1  # a whole release, or none
        if making.error and (unsafe or together or not any(whole)):
            raise self._failed(making.error)
        return self._publish(*self._approve(whole, making))

    def _approve(
        self, whole: Sequence[Places], making: RunOutcome
    ) -> tuple[Sequence[Places], RunOutcome]:
        """Approve and share what is complete; return where it is approved, and what was done.

        A copy of another account that fails is left out, as a region is; nothing else may fail.
        """
        prepared = self._prepared
        actions = prepared.approval(whole)
        if not actions:
            return whole, making
        sharing = self._execute(Plan(title=prepared.title, actions=actions), making.results)
        missing = [action for action in actions if action.id not in sharing.results]
        unsafe = isinstance(sharing.error, RefusedError) or any(not each.role for each in missing)
        if sharing.error and unsafe:
            raise self._failed(sharing.error)
        return prepared.approved(whole, sharing.results), making.then(sharing)

    def _publish(self, places: Sequence[Places], before: RunOutcome) -> Released:
        prepared = self._prepared = self._guarded()
        plan = Plan(title=prepared.title, actions=prepared.publishing(places))
        publishing = self._execute(plan, before.results)
        if publishing.error:
            raise self._failed(publishing.error)
        several = [*zip(prepared.builds, places, strict=True)]
        failure = None
        if before.error:
            missing = [
                id_within(build.part, place.name)
                for build, own in several
                for place in build.recipe.places
                if place not in own
            ]
            extent = f" ({', '.join(missing) or 'nothing'} missing, the rest published)"
            failure = self._failed(before.error, extent)
        return Released(
            build=structs.replace(prepared.recipe.build, id=prepared.id),
            images=tuple(
                _released(build, place, of_this_part(build.part, publishing.results))
                for build, own in several
                for place in own
            ),
            manifest=self._manifest.manifest,
            failure=failure,
            notes=before.then(publishing).notes,
        )

    def _guarded(self) -> Prepared:
        """Look for guardrails once more: somebody may have enforced while it was baked."""
        prepared = self._prepared
        if prepared.is_whole or prepared.proposes:
            return prepared
        try:
            guarding = guardrail.look(prepared.recipe.aws, prepared.recipe.file)
            return structs.replace(prepared, guarding=guarding)
        except GoldenamiError as error:
            raise self._failed(error) from error

    def _execute(self, plan: Plan, done: Results) -> RunOutcome:
        prepared = self._prepared
        own = {call: each for build in prepared.builds for call, each in build.handlers.items()}
        execution = Execution(
            prepared.recipe.aws,
            handlers={**HANDLERS, **own, HANDLER: self._manifest.write},
            journal=self._journal,
            done=done,
            tell=self._manifest.listen,
            guard=self._guard,
            interrupts=self._interrupts,
            keep=prepared.keep,
        )
        return execution.attempt(plan)

    def _failed(self, error: GoldenamiError, extent: str = "") -> GoldenamiError:
        prepared = self._prepared
        fix = fix_for(prepared.recipe, error) or "mend the cause"
        kind = type(error) if isinstance(error, RefusedError) else BakeError
        failure = kind(
            f"build {prepared.id} failed{extent}: {error.message}",
            notes=(*error.notes, *self.remains()),
            fix=(
                f"{fix}, and bake anew; if another try may pass, go on with {prepared.resume}"
                if isinstance(error, GateError)
                else f"{fix}; then go on with {prepared.resume}"
            ),
        )
        failure.__cause__ = error
        return failure

    def remains(self) -> list[str]:
        """Say by id what the build has left in the account, and the command that removes it."""
        prepared, recipe = self._prepared, self._prepared.recipe
        sweep = f"`goldenami sweep --build {prepared.id}` removes what it has left"
        if self._interrupts.count > 1:
            return [f"what is left was not looked for; {sweep}"]

        def look() -> list[EarlierRun]:
            ids = [build.recipe.build.id for build in prepared.builds]
            runs = [find(recipe.aws, recipe.release, build) for build in ids]
            return [run for run in runs if run]

        try:
            runs = self._interrupts.wait_for(look)
        except KeyboardInterrupt:
            return [f"what is left could not be looked for (interrupted); {sweep}"]
        except GoldenamiError as error:
            return [f"what is left could not be looked for ({error.message}); {sweep}"]
        lines = [line for run in runs for line in _remains(recipe, run, sweep)]
        return [*dict.fromkeys(lines)]


def _remains(recipe: Recipe, run: EarlierRun, sweep: str) -> Iterator[str]:
    """Say what a run has left: of its release, what is not its own, and what to sweep."""
    for place, image in run.images.items():
        if tags.UNPUBLISHED in image.tags:
            yield f"not published everywhere yet: {image.id} ({image.status}) in {place}"
    yield from (f"left alone: {forgery}" for forgery in run.forgeries)
    building = {place for place, image in run.all_images if image.status == Status.BUILDING}
    for place, image in run.all_images:
        if image.status == Status.BUILDING:
            yield f"left for resuming: {image.id} ({image.state}) in {place}"
    if run.instance_id:
        yield f"left for resuming: {run.instance_id} in {recipe.region}"
    if building or run.instance_id:
        yield sweep
    places = [place for place in recipe.places if place.role and place.name in building]
    for role in dict.fromkeys(place.role for place in places):
        yield f"`goldenami sweep --build {run.record.build} --role {role}`: there too"


def _released(build: PreparedBuild, place: AccountRegion, results: Results) -> ReleasedImage:
    recipe = build.recipe
    return ReleasedImage(
        region=place.region,
        account=place.account,
        image_id=resolve(image_id(recipe, place), results),
        name=recipe.build.ami_name,
        architecture=recipe.source.architecture,
        status=(Status.CANDIDATE if build.proposes else Status.APPROVED).value,
        snapshots=tuple(results[available(place)]["snapshot_ids"]),
        parameter="" if build.proposes else recipe.parameter,
    )
