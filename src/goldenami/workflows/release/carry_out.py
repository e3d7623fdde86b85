"""Carries a prepared bake out: make the image complete everywhere, then approve and publish."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from goldenami import journal
from goldenami.aws import compare, inspector, parameters, removal, sharing, waits
from goldenami.aws.lease import Lease
from goldenami.bake.distribute import complete, image_id
from goldenami.bake.interface import Handler
from goldenami.bake.launch import launch
from goldenami.bake.manifest import HANDLER, Keeper
from goldenami.domain.image import Build
from goldenami.domain.manifest import Clock, Manifest
from goldenami.domain.place import Place
from goldenami.domain.plan import Plan, Results, Tell, resolve, silent
from goldenami.domain.tags import Status
from goldenami.errors import BakeError, GoldenamiError, InterruptedRunError, LeaseLostError
from goldenami.workflows.execute import Execution, Outcome
from goldenami.workflows.release.prepare import Prepared
from goldenami.workflows.release.recover import Found, find

HANDLERS: dict[str, Handler] = {
    "ec2:RunInstances": launch,
    "ssm:RunCommand": waits.command,
    "wait:instance": waits.instance,
    "wait:image": waits.image,
    "wait:scan": inspector.scan,
    "wait:parameter": parameters.read_back,
    "compare:image": compare.image,
    "protect:image": sharing.protect,
    "share:snapshots": sharing.snapshots,
    "ssm:PutParameter": parameters.publish,
    "ec2:DeregisterImage": removal.image,
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
    """What a finished bake has made; ``failure`` tells of the regions that are missing in it."""

    build: Build
    images: tuple[ReleasedImage, ...]
    manifest: Manifest | None = None
    failure: BakeError | None = None


def bake(prepared: Prepared, *, tell: Tell = silent) -> Released:
    """Carry a prepared bake out.

    A region that fails is left out of the release and marked as missing on the images of the
    others; nothing is published before every region is either complete or given up.

    Raises:
        BakeError: no region is complete; the notes say what was undone and what is left.
        RefusedError: another bake of the image is under way.
        InterruptedRunError: Ctrl-C; the notes say what there is and how to resume.
    """
    recipe, build = prepared.recipe, prepared.recipe.build
    record = _journal(prepared)
    try:
        with Lease(recipe.aws, recipe.region, build.image, build.id) as lease:
            return _bake(prepared, record, tell, lease)
    except InterruptedRunError as error:
        raise InterruptedRunError(
            f"interrupted; build {build.id} can go on",
            notes=(*error.notes, *_left(prepared)),
            fix=f"run {prepared.resume}",
        ) from error


def _bake(prepared: Prepared, record: journal.Journal, tell: Tell, lease: Lease) -> Released:
    clock = Clock(tell)
    keeper = Keeper(clock)
    made = _run(prepared, prepared.making, record, clock, lease, prepared.done)
    places = prepared.recipe.places
    whole = tuple(one for one in places if complete(one) in made.results)
    if not whole:
        raise _failure(prepared, made.error or BakeError("no region is complete"))
    if prepared.proposes and made.error:
        raise _failure(prepared, made.error)  # who approves, approves a whole release
    publishing = Plan(title=prepared.making.title, actions=prepared.publishing(whole))
    further = {HANDLER: keeper.write}
    published = _run(prepared, publishing, record, clock, lease, made.results, further)
    if published.error:
        raise _failure(prepared, published.error)
    failure = None
    if made.error:
        missing = ", ".join(str(one) for one in places if one not in whole) or "nothing"
        failure = _failure(prepared, made.error, f" ({missing} missing, the rest published)")
    released = _released(prepared, whole, published.results, failure)
    return structs.replace(released, manifest=keeper.manifest)


def _run(
    prepared: Prepared,
    plan: Plan,
    record: journal.Journal,
    tell: Tell,
    lease: Lease,
    done: Results,
    further: Mapping[str, Handler] = MappingProxyType({}),
) -> Outcome:
    handlers = {**HANDLERS, **prepared.baker.handlers, **further}
    aws, guard = prepared.recipe.aws, lease.check
    outcome = Execution(
        aws, handlers=handlers, journal=record, done=done, tell=tell, guard=guard
    ).attempt(plan)
    if isinstance(outcome.error, LeaseLostError):
        raise outcome.error
    return outcome


def _journal(prepared: Prepared) -> journal.Journal:
    recipe, build = prepared.recipe, prepared.recipe.build
    earlier = journal.read(build.id)
    if earlier:
        return earlier[0]
    start = journal.Start(
        build=build.id, version=build.version, spec=build.spec, release=str(recipe.file.path)
    )
    return journal.Journal.create(start)


def _failure(prepared: Prepared, error: GoldenamiError, extent: str = "") -> BakeError:
    failure = BakeError(
        f"build {prepared.recipe.build.id} failed{extent}: {error.message}",
        notes=(*error.notes, *_left(prepared)),
        fix=f"{error.fix or 'mend the cause'}; then go on with {prepared.resume}",
    )
    failure.__cause__ = error
    return failure


def _left(prepared: Prepared) -> list[str]:
    """Say by id what the build has left in the account, and the command that removes it."""
    build = prepared.recipe.build.id
    sweep = f"`goldenami sweep --build {build}` removes what it has left"
    try:
        found = find(prepared.recipe.aws, prepared.recipe.release, build)
    except GoldenamiError as error:
        return [f"what is left could not be looked for ({error.message}); {sweep}"]
    if found is None:
        return []
    kept = [*found.images.items(), *found.broken.items()]
    left = [
        f"left for resuming: {one.id} ({one.state}) in {place}"
        for place, one in kept
        if one.status == Status.BUILDING
    ]
    if found.instance_id:
        left.append(f"left for resuming: {found.instance_id} in {prepared.recipe.region}")
    roles = [one.role for one in prepared.recipe.places if one.role and _is_left(found, one)]
    there = [f"`goldenami sweep --build {build} --role {one}`: there too" for one in roles]
    return [*left, sweep, *dict.fromkeys(there)] if left else []


def _is_left(found: Found, place: Place) -> bool:
    one = found.images.get(str(place)) or found.broken.get(str(place))
    return one is not None and one.status == Status.BUILDING


def _released(
    prepared: Prepared, places: tuple[Place, ...], results: Results, failure: BakeError | None
) -> Released:
    recipe = prepared.recipe
    publish = None if prepared.proposes else recipe.release.publish
    return Released(
        build=recipe.build,
        images=tuple(
            ReleasedImage(
                region=place.region,
                account=place.account or recipe.aws.account,
                image_id=resolve(image_id(recipe, place), results),
                name=recipe.build.ami_name,
                status=prepared.status.value,
                snapshots=tuple(results[f"available:{place}"]["snapshot_ids"]),
                parameter=publish.ssm_parameter if publish else "",
            )
            for place in places
        ),
        failure=failure,
    )
