"""`goldenami bake`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami import files
from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.lifecycle import sbom
from goldenami.cli.lifecycle.prune import after_release
from goldenami.domain.choices import BakeMethod
from goldenami.domain.status import Status
from goldenami.errors import FindingsError, IncompleteError, SpecError, UsageError
from goldenami.report import listing
from goldenami.report.terminal import Verbosity, say, tell

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import ReleaseFile
    from goldenami.spec.folder import Folder
    from goldenami.workflows.freshness import BakeOutcome, Freshness
    from goldenami.workflows.release import Released


class BakeOptions(shared.RegionPlanOptions, frozen=True, kw_only=True):
    """The options of `goldenami bake`."""

    release: Annotated[Path, Argument("The release file, or a folder of them.", "RELEASE|DIR")]
    if_outdated: Annotated[bool, Option("Only what is out of date: see `outdated`.")] = False
    instance: Annotated[str | None, Option("Use this base instance; it is kept.")] = None
    method: Annotated[BakeMethod | None, Option("How; default: the release file's.")] = None
    resume: Annotated[str | None, Option("Go on with this build.", "BUILD")] = None
    keep_on_failure: Annotated[bool, Option("If it fails, keep its instances for a look.")] = False
    manifest: shared.Manifest = None


def bake(options: BakeOptions) -> None:
    """Bake a golden AMI: launch, validate, create, copy, share, approve, publish, clean up.

    Everything that can be checked is checked before anything is changed. Prints the AMI of every
    region. All release files of a folder are baked parents first, but for those that are released
    as they are: one that fails stops those that are baked from its image, and nothing else.

    Example: goldenami bake release.yaml --plan && goldenami bake release.yaml --yes
    """
    if files.is_folder(options.release) or options.if_outdated:
        _bake_several(options)
    else:
        _bake(options, shared.release_file(options.release))


def _bake(options: BakeOptions, file: "ReleaseFile") -> "BakeOutcome":
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import release as workflow
    from goldenami.workflows.freshness import BakeOutcome

    aws = options.aws(file.release.build_region)
    answers = None if options.resume else workflow.ask_ahead(aws, file)
    resume = options.resume or _unfinished(aws, file, options)
    prepared = workflow.prepare(
        aws, file, answers=answers, method=options.method, instance_id=options.instance,
        resume=resume, keep_on_failure=options.keep_on_failure,
    )  # fmt: skip
    tell(prepared.guarding.notes)
    if not options.go_ahead(prepared.plan):
        return BakeOutcome.PLANNED
    with workflow.going_on(prepared):
        released = workflow.bake(prepared, tell=PlanProgress(prepared.plan))
        show(released, options.form, options.manifest)
    if released.images[0].status == Status.CANDIDATE:
        say(f"`goldenami approve {file.path}` approves and publishes it")
        return BakeOutcome.WAITS
    sbom.after_release(aws, file)
    after_release(aws, file, file.path)
    return BakeOutcome.BAKED


def _bake_several(options: BakeOptions) -> None:
    """Bake several release files, or what of them is out of date.

    Of a folder, what is as its file would make it today is done: the same command goes on.
    """
    from goldenami.workflows import freshness

    _refuse_what_is_of_one(options)
    folder = _whole(options.release)
    fresh = freshness.assess(options.aws, folder, datetime.now(UTC))

    def bake_one(file: "ReleaseFile") -> "BakeOutcome":
        known = fresh[file.release.image]
        if options.if_outdated:
            _refuse_what_no_bake_mends(file, known)
        return _nothing_to_do(file, known) or _bake(options, file)

    freshness.parents_first(folder, bake_one, say).complete()


def _nothing_to_do(file: "ReleaseFile", fresh: "Freshness") -> "BakeOutcome | None":
    """Tell if a release need not be baked, since it is current, or waits for its approval."""
    from goldenami.workflows.freshness import BakeOutcome

    if fresh.outdated is False:
        say(f"{fresh.image} {fresh.version} is not out of date: nothing is baked")
        return BakeOutcome.CURRENT
    if fresh.candidate:
        say(
            f"{fresh.image} {fresh.candidate} waits for its approval: nothing is baked; "
            f"`goldenami approve {file.path}` approves and publishes it"
        )
        return BakeOutcome.WAITS
    return None


def _refuse_what_no_bake_mends(file: "ReleaseFile", fresh: "Freshness") -> None:
    """Tell why a release is out of date, and see to it that a bake helps.

    Raises:
        IncompleteError: whether it is out of date is not known.
        FindingsError: it is, and would be so after a bake.
    """
    if fresh.outdated is None:
        raise IncompleteError(f"{file.path}: {fresh.unread}")
    if not fresh.outdated or fresh.candidate:
        return
    why = [f"{fresh.image}: {reason.words}" for reason in fresh.reasons]
    if not fresh.to_bake:
        raise FindingsError(
            f"{file.path} is out of date, and another bake does not mend that",
            notes=why,
            fix="let it be baked from another source",
        )
    tell(why, "outdated")


def _refuse_what_is_of_one(options: BakeOptions) -> None:
    of_one: dict[str, object] = {"--resume": options.resume}
    if files.is_folder(options.release):
        of_one |= {"--instance": options.instance, "--manifest": options.manifest}
    for option, value in of_one.items():
        if value:
            where = "a folder" if files.is_folder(options.release) else "--if-outdated"
            raise UsageError(f"{option} does not go with {where}", fix="name one release file")


def _whole(path: Path) -> "Folder":
    """Return the release files of a folder, of which none may be broken."""
    folder = shared.release_folder(path)
    if folder.broken:
        raise SpecError(
            f"{path}: not every release file can be used, and nothing was changed",
            notes=[line for error in folder.broken.values() for line in str(error).splitlines()],
        )
    return folder


def show(released: "Released", form: shared.ListFormat, manifest: Path | None) -> None:
    """Write what a bake has made, and its manifest to a file; raise what failed of it."""
    from goldenami.domain.manifest import text
    from goldenami.files import write_atomically

    tell(released.notes, level=Verbosity.PROBLEM)
    several = len({image.name for image in released.images}) > 1
    kind = ("architecture",) if several else ()
    columns = ("region", *kind, "image_id", "name", "status", "snapshots", "parameter")
    try:
        if manifest and released.manifest:
            write_atomically(manifest, text(released.manifest))
        listing.write("goldenami.bake/v1", released.images, form.value, columns=columns)
    finally:  # what failed is told, even if nothing else can be written
        if released.failure:
            raise released.failure
        build, status = released.build, released.images[0].status
        say(f"build {build.id}: {build.ami_name} is {status}", "bold green")


def _unfinished(aws: "Aws", file: "ReleaseFile", options: BakeOptions) -> str | None:
    """Return the newest build of this very file that did not end, if the user goes on with it."""
    from goldenami.workflows import release

    build = release.unfinished(aws, file)
    if not build:
        return None
    say(f"build {build} of this release file did not end", "yellow")
    return build if options.plan or shared.agreed(f"Go on with {build}?", yes=options.yes) else None
