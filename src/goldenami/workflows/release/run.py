"""Carries a prepared bake out: make the image complete everywhere, then approve and publish."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

from msgspec import Struct, structs

from goldenami import journal
from goldenami.aws import (
    compare,
    inspector,
    parameters,
    records,
    removal,
    run_command,
    sharing,
    statuses,
    waits,
)
from goldenami.aws.action import Handler
from goldenami.aws.lease import Lease
from goldenami.bake.actions import approved, available, complete, image_id
from goldenami.bake.distribute import ADOPT_COPY, adopt_copy
from goldenami.bake.launch import launch
from goldenami.bake.manifest import HANDLER, ManifestWriter
from goldenami.bake.publish import WRITE_STATUS
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Build
from goldenami.domain.manifest import Clock, Manifest
from goldenami.domain.plan import Plan, Results, Tell, resolve, silent
from goldenami.domain.status import Status
from goldenami.errors import BakeError, GoldenamiError, InterruptedRunError, RefusedError
from goldenami.workflows.enforce import snapshots
from goldenami.workflows.execution import Execution, RunOutcome, unguarded
from goldenami.workflows.interrupts import Interrupts
from goldenami.workflows.release import guardrail
from goldenami.workflows.release.preparation import Prepared, renew
from goldenami.workflows.release.recovery import Found, find

HANDLERS: dict[str, Handler] = {
    "ec2:RunInstances": launch,
    "ssm:RunCommand": run_command.run,
    "wait:instance": waits.instance,
    "wait:image": waits.image,
    "wait:scan": inspector.scan,
    "wait:parameter": parameters.read_back,
    "compare:image": compare.image,
    "protect:image": sharing.protect,
    "share:snapshots": sharing.snapshots,
    WRITE_STATUS: statuses.write,
    records.WRITE: records.write,
    ADOPT_COPY: adopt_copy,
    "ssm:PutParameter": parameters.publish,
    "ec2:DeregisterImage": removal.image,
    snapshots.EXTEND: snapshots.extend,
    snapshots.EXTEND_SCP: snapshots.extend_organization,
}


class ReleasedImage(Struct, frozen=True, kw_only=True):
    """One place of a finished bake."""

    region: str
    account: str
    image_id: str
    name: str
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
            raise _interrupted(prepared, run.left()) from error
        except InterruptedRunError as error:
            raise _interrupted(prepared, (*error.notes, *run.left())) from error
        except GoldenamiError as error:
            if not interrupts.count:
                raise
            raise _interrupted(prepared, (error.message, *error.notes)) from error
        if interrupts.count:
            raise _interrupted(prepared, _done(released))
    return released


def _interrupted(prepared: Prepared, notes: Iterable[str]) -> InterruptedRunError:
    build = prepared.recipe.build.id
    return InterruptedRunError(
        f"interrupted; build {build} can go on", notes=notes, fix=f"run {prepared.resume}"
    )


def _done(released: Released) -> list[str]:
    """Tell of what came to its end in spite of a signal."""
    failure = released.failure
    return [
        *((failure.message, *failure.notes) if failure else ()),
        *(f"{one.status}: {one.image_id} in {one.region}" for one in released.images),
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
        self._clock = Clock(tell)
        self._journal: journal.Journal | None = None
        self._guard = unguarded

    def whole(self) -> Released:
        """Tell of a release that has ended; nothing is changed."""
        return self._publish(self._prepared.recipe.places, RunOutcome(self._prepared.done))

    def leased(self) -> Released:
        """Carry it out with the right to bake; the account may have moved on before."""
        recipe, build = self._prepared.recipe, self._prepared.recipe.build
        self._journal = journal.Journal.open(
            journal.Start(
                build=build.id, version=build.version, spec=build.spec,
                release=str(recipe.file.path),
            )
        )  # fmt: skip
        lease = Lease(recipe.aws.in_region(recipe.region), build.image, build.id)
        self._interrupts.wait_for(lease.__enter__, patience=2)
        self._guard = lease.check
        try:
            if not self._interrupts.count:
                self._prepared = self._interrupts.wait_for(lambda: renew(self._prepared))
            return self._bake()
        finally:
            self._release(lease)

    def _release(self, lease: Lease) -> None:
        """Give the right back, unless somebody wants to end at once: it lapses by itself."""
        if self._interrupts.count < 2:
            with suppress(KeyboardInterrupt):
                self._interrupts.wait_for(lambda: lease.__exit__(None, None, None))

    def _bake(self) -> Released:
        prepared = self._prepared
        made = self._execute(prepared.making, prepared.done)
        places = prepared.recipe.proposed_places
        whole = tuple(one for one in places if complete(one) in made.results)
        unsafe = isinstance(made.error, RefusedError)
        if made.error and (unsafe or not whole or prepared.proposes):
            raise self._failed(made.error)  # who approves, approves a whole release
        return self._publish(*self._approve(whole, made))

    def _approve(
        self, whole: tuple[AccountRegion, ...], made: RunOutcome
    ) -> tuple[tuple[AccountRegion, ...], RunOutcome]:
        """Approve and share what is complete; return where it is approved, and what was done.

        A copy of another account that fails is left out, as a region is; nothing else may fail.
        """
        prepared = self._prepared
        actions = prepared.approval(whole)
        if not actions:
            return whole, made
        shared = self._execute(Plan(title=prepared.making.title, actions=actions), made.results)
        left = [one for one in actions if one.id not in shared.results]
        unsafe = isinstance(shared.error, RefusedError) or any(not one.role for one in left)
        if shared.error and unsafe:
            raise self._failed(shared.error)
        places = prepared.recipe.places
        approved_places = tuple(place for place in places if approved(place) in shared.results)
        notes = tuple(dict.fromkeys((*made.notes, *shared.notes)))
        return approved_places, RunOutcome(shared.results, made.error or shared.error, notes)

    def _publish(self, whole: tuple[AccountRegion, ...], made: RunOutcome) -> Released:
        prepared = self._prepared = self._guarded()
        writer = ManifestWriter(self._clock)
        publishing = Plan(title=prepared.making.title, actions=prepared.publishing(whole))
        published = self._execute(publishing, made.results, {HANDLER: writer.write})
        if published.error:
            raise self._failed(published.error)
        failure = None
        if made.error:
            absent = [one.name for one in prepared.recipe.places if one not in whole]
            extent = f" ({', '.join(absent) or 'nothing'} missing, the rest published)"
            failure = self._failed(made.error, extent)
        released = _released(prepared, whole, published.results, failure)
        notes = tuple(dict.fromkeys((*made.notes, *published.notes)))
        return structs.replace(released, manifest=writer.manifest, notes=notes)

    def _guarded(self) -> Prepared:
        """Look for guardrails once more: somebody may have enforced while it was baked."""
        prepared = self._prepared
        if prepared.is_whole or prepared.proposes:
            return prepared
        try:
            return structs.replace(prepared, guarding=guardrail.look(prepared.recipe))
        except GoldenamiError as error:
            raise self._failed(error) from error

    def _execute(
        self,
        plan: Plan,
        done: Results,
        further: Mapping[str, Handler] = MappingProxyType({}),
    ) -> RunOutcome:
        prepared = self._prepared
        execution = Execution(
            prepared.recipe.aws,
            handlers={**HANDLERS, **prepared.baker.handlers, **further},
            journal=self._journal,
            done=done,
            tell=self._clock,
            guard=self._guard,
            interrupts=self._interrupts,
        )
        return execution.attempt(plan)

    def _failed(self, error: GoldenamiError, extent: str = "") -> GoldenamiError:
        prepared = self._prepared
        kind = type(error) if isinstance(error, RefusedError) else BakeError
        failure = kind(
            f"build {prepared.recipe.build.id} failed{extent}: {error.message}",
            notes=(*error.notes, *self.left()),
            fix=f"{error.fix or 'mend the cause'}; then go on with {prepared.resume}",
        )
        failure.__cause__ = error
        return failure

    def left(self) -> list[str]:
        """Say by id what the build has left in the account, and the command that removes it."""
        prepared = self._prepared
        recipe, build = prepared.recipe, prepared.recipe.build.id
        sweep = f"`goldenami sweep --build {build}` removes what it has left"
        if self._interrupts.count > 1:
            return [f"what is left was not looked for; {sweep}"]
        try:
            found = self._interrupts.wait_for(lambda: find(recipe.aws, recipe.release, build))
        except KeyboardInterrupt:
            return [f"what is left could not be looked for (interrupted); {sweep}"]
        except GoldenamiError as error:
            return [f"what is left could not be looked for ({error.message}); {sweep}"]
        if found is None:
            return []
        open_ones = [
            f"not published everywhere yet: {one.id} ({one.status}) in {place}"
            for place, one in found.images.items()
            if tags.UNPUBLISHED in one.tags
        ]
        return [*open_ones, *_to_sweep(prepared, found, sweep)]


def _to_sweep(prepared: Prepared, found: Found, sweep: str) -> list[str]:
    build = prepared.recipe.build.id
    left = [
        f"left for resuming: {one.id} ({one.state}) in {place}"
        for place, one in (*found.images.items(), *found.broken.items())
        if one.status == Status.BUILDING
    ]
    forged = [f"left alone: {one}" for one in found.forgeries]
    if found.instance_id:
        left.append(f"left for resuming: {found.instance_id} in {prepared.recipe.region}")
    roles = [one.role for one in prepared.recipe.places if one.role and _is_left(found, one)]
    there = [f"`goldenami sweep --build {build} --role {one}`: there too" for one in roles]
    return [*forged, *left, *([sweep, *dict.fromkeys(there)] if left else ())]


def _is_left(found: Found, place: AccountRegion) -> bool:
    one = found.images.get(place.name) or found.broken.get(place.name)
    return one is not None and one.status == Status.BUILDING


def _released(
    prepared: Prepared,
    places: tuple[AccountRegion, ...],
    results: Results,
    failure: GoldenamiError | None,
) -> Released:
    recipe = prepared.recipe
    publish = None if prepared.proposes else recipe.release.publish
    return Released(
        build=recipe.build,
        images=tuple(
            ReleasedImage(
                region=place.region,
                account=place.account,
                image_id=resolve(image_id(recipe, place), results),
                name=recipe.build.ami_name,
                status=prepared.status.value,
                snapshots=tuple(results[available(place)]["snapshot_ids"]),
                parameter=publish.ssm_parameter if publish else "",
            )
            for place in places
        ),
        failure=failure,
    )
