"""`goldenami rehearse`: the whole runbook on an embedded AWS, told as a story."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import structs

from goldenami import garbage
from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Options
from goldenami.cli.rehearsal_errors import rehearsed
from goldenami.domain.choices import BakeMethod
from goldenami.domain.status import Status
from goldenami.errors import FindingsError, GoldenamiError
from goldenami.report.terminal import console, table, tell

if TYPE_CHECKING:
    from goldenami.spec import Release, ReleaseFile
    from goldenami_sandbox.launch_attempts import AttemptOutcome
    from goldenami_sandbox.server import Sandbox
    from goldenami_sandbox.world import RehearsalSeed

PENDING_S = 0.07
"""Less than a first poll: what is waited for is seen pending, and is ready soon after."""


class RehearseOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami rehearse`."""

    release: Annotated[Path | None, Argument("The release file; default: the example.")] = None


def rehearse(options: RehearseOptions) -> None:
    """Run bake, enforce, launches, audit and a revocation of a release file on an embedded AWS.

    The commands are the real ones; the AWS is an emulator on this machine, seeded with what the
    file names, and a small fleet of which some instances break the rules. Its server decides by
    IAM's rules: a member of the admin group launches a golden image, and is refused others. Then a
    second release is promoted, rolled back and revoked, and what launches it is refreshed. The exit
    code is 0 if the flow worked, whatever the audit finds in the seeded fleet.

    Example: goldenami rehearse release.yaml
    """
    import tempfile

    from goldenami import resources
    from goldenami.cli import rehearsal_seed, sandbox

    path = options.release or resources.folder("examples") / "web-base" / "release.yaml"
    file = shared.release_file(path)
    world = rehearsal_seed.of(file)
    with (
        tempfile.TemporaryDirectory(prefix="goldenami-rehearsal-") as state,
        sandbox.running(pending_s=PENDING_S) as started,
        redirect_stderr(sys.stdout),  # one story, in order
        shared.clients_in_common(),
        garbage.never_collected(),
        rehearsed(),
    ):
        own = started.environment(file.release.build_region, account=world.account)
        os.environ |= own | {"GOLDENAMI_STATE": state}
        _Rehearsal(file, started, world).story()


class _Rehearsal:
    """The story of a release file.

    Args:
        file: which.
        sandbox: running, and empty.
        world: what it is seeded with.
    """

    def __init__(self, file: "ReleaseFile", sandbox: "Sandbox", world: "RehearsalSeed") -> None:
        from goldenami_sandbox import seed

        _tell(
            f"Rehearsal of {file.path}",
            "This is a rehearsal on an emulator on this machine. No call reaches AWS.",
            *(f"seeded: {line}" for line in world.named),
        )
        self._file = file
        self._sandbox = sandbox
        self._world = world
        self._seeded = seed.seed(sandbox, world)
        self._chapter = _chapters()

    def story(self) -> None:
        """Tell it, chapter by chapter.

        Raises:
            GoldenamiError: something of it failed, or the server decided otherwise than promised.
        """
        from goldenami.cli import audit, bake, images, rehearsal_life
        from goldenami_sandbox import seed

        file, release, enforced = self._file, self._file.release, self._file.enforcement
        self._chapter(f"bake {release.image} in {', '.join(release.regions)}")
        bake.bake(bake.BakeOptions(release=file.path, yes=True, method=_method(release)))
        self._approved(file)
        self._chapter("the registry, read back from the tags")
        images.images(images.ImagesOptions(region=list(release.regions)))
        if enforced.declared:
            self._enforce()
        own = self._world.account
        for golden_images in _golden_images(file):
            seed.seed_compliant(self._sandbox, golden_images, own)
        self._chapter("audit the fleet")
        try:
            audit.audit(audit.AuditOptions(release=file.path))
        except FindingsError as findings:
            _tell("", f"{findings.message}, as seeded: on a real account the exit code is 10.")
        if self._released_twice:
            _show_attempts(
                rehearsal_life.life(file, self._sandbox, self._seeded, self._chapter, _tell)
            )
        _tell("", "The rehearsal worked. It ran on an emulator: nothing was changed at AWS.")

    def _enforce(self) -> None:
        from goldenami.cli import enforce
        from goldenami_sandbox import people

        file, enforced = self._file, self._file.enforcement
        groups, used = enforced.enforce.groups, enforced.enforce.mechanisms
        self._chapter(f"enforce `{enforced.name}`" + f" on {', '.join(groups)}" * bool(groups))
        enforce.enforce(enforce.EnforceOptions(file=file.path, yes=True))
        _tell("", "A second run changes nothing:")
        enforce.enforce(enforce.EnforceOptions(file=file.path, yes=True))
        if used.group_policy:
            self._chapter(f"launch, as {people.ADMIN_USER} of {groups[0]}")
            self._try()
        for account in self._seeded.members:
            self._chapter(f"launch, as {people.ADMIN_USER} of member account {account}")
            self._try_in_member(account)
        if self._released_twice:
            self._chapter("bake the next release, and launch it as soon as it is published")
            self._next_release()

    @property
    def _released_twice(self) -> bool:
        """Whether there is a second release: where somebody launches it."""
        enforced = self._file.enforcement
        return enforced.declared and bool(enforced.enforce.mechanisms.group_policy)

    def _approved(self, file: "ReleaseFile") -> None:
        """Let a second person approve what was baked, where the file leaves it to one.

        Raises:
            GoldenamiError: the approval failed.
        """
        from goldenami.cli import bake
        from goldenami.report.plan import PlanProgress
        from goldenami.workflows import release as workflow
        from goldenami_sandbox import people

        key = self._seeded.approver
        if key is None:
            return
        self._chapter(f"approve it, as {people.APPROVER}: somebody else than who baked it")
        person = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
        before = {name: os.environ[name] for name in person}
        os.environ |= person
        try:
            aws = shared.AwsOptions().session(None, file.release.build_region)
            chosen = workflow.to_approve(aws, file, None)
            prepared = workflow.prepare(aws, file, resume=chosen, approving=True)
            tell(prepared.guarding.notes)
            released = workflow.bake(prepared, tell=PlanProgress(prepared.plan))
            bake.show(released, shared.ListFormat.TABLE, None)
            if released.manifest:
                _tell("", f"approved by {released.manifest.approval.by}")
        finally:
            os.environ |= before

    def _try(self) -> None:
        """Let a member of the admin group try golden and other launches, and tell what happens.

        Raises:
            GoldenamiError: the server let through what is forbidden, or refused what is golden.
        """
        from goldenami.workflows.enforce import promised
        from goldenami_sandbox import launch_attempts

        release = self._file.release
        golden, *further = (images[release.build_region] for images in _golden_images(self._file))
        approval = (release.approval_tag.key, release.approval_tag.value)
        promises = promised(self._file.enforcement, "group_policy")
        outcomes = launch_attempts.run(self._sandbox, self._seeded, golden, approval, promises)
        if "golden" in promises:
            title = "launch the golden image of another architecture"
            outcomes += [
                launch_attempts.launch(self._sandbox, self._seeded, image, title)
                for image in further
            ]
        _show_attempts(outcomes)

    def _try_in_member(self, account: str) -> None:
        """Let a user of an account that the organization's policies bind launch, and tell it.

        Raises:
            GoldenamiError: the server let through what is forbidden, or refused what is golden.
        """
        from goldenami_sandbox import launch_attempts

        region = self._file.release.build_region
        golden = _golden_images(self._file)[0][region]
        outcomes = launch_attempts.run_in_member(
            self._sandbox, self._seeded.members[account], region, golden, self._refusals(account)
        )
        _show_attempts(outcomes)
        if not any(outcome.attempt.parameters["ImageId"] == golden for outcome in outcomes):
            _tell("", "The golden image is not shared with that account (`share`).")

    def _refusals(self, account: str) -> tuple[str, ...]:
        """Return by which codes the organization's policies refuse a stranger's image there."""
        from goldenami.workflows.enforce import promised
        from goldenami_sandbox import launch_attempts

        used = self._file.enforcement.enforce.mechanisms
        above = (
            self._world.organization.above(account)
            if self._world.organization
            else frozenset[str]()
        )
        by_scp = (
            used.scp
            and not above.isdisjoint(used.scp.targets)
            and "foreign-image" in promised(self._file.enforcement, "scp")
        )
        declared = used.declarative_policy
        enabled = (
            declared and declared.state == "enabled" and not above.isdisjoint(declared.targets)
        )
        return (
            *((launch_attempts.DENIED,) if by_scp else ()),
            *((launch_attempts.HIDDEN,) if enabled else ()),
        )

    def _next_release(self) -> None:
        """Bake another version, and let the member launch it without a further enforcement.

        Raises:
            GoldenamiError: the bake failed, or the server refused the new release.
        """
        from goldenami.cli import bake
        from goldenami.report.plan import PlanProgress
        from goldenami.workflows import release as workflow
        from goldenami.workflows.enforce import promised
        from goldenami_sandbox import launch_attempts

        file, version = self._file, self._file.release.version
        if version != "auto":
            later = structs.replace(file.release, version=f"{version}-next")
            file = structs.replace(file, release=later)
        aws = shared.AwsOptions().session(None, file.release.build_region)
        prepared = workflow.prepare(aws, file, method=_method(file.release))
        tell(prepared.guarding.notes)
        bake.show(
            workflow.bake(prepared, tell=PlanProgress(prepared.plan)), shared.ListFormat.TABLE, None
        )
        self._approved(file)
        if "golden" in promised(file.enforcement, "group_policy"):
            images = [images[file.release.build_region] for images in _golden_images(file)]
            _show_attempts(
                [launch_attempts.launch(self._sandbox, self._seeded, image) for image in images]
            )


def _show_attempts(outcomes: "Sequence[AttemptOutcome]") -> None:
    """Tell how attempts ended.

    Raises:
        GoldenamiError: one of them did not end as was proved.
    """
    table(
        ("tried", "the server says", "by"),
        [
            (outcome.attempt.title, outcome.code or "done", ", ".join(outcome.statements))
            for outcome in outcomes
        ],
    )
    if wrong := [outcome.attempt.title for outcome in outcomes if not outcome.as_promised]:
        raise GoldenamiError(
            f"the server decided otherwise than was proved: {', '.join(wrong)}",
            fix="report it, with the release file",
        )


def _method(release: "Release") -> BakeMethod | None:
    """Return another method than the release file's where the emulator cannot follow it."""
    by_ssh = release.bake.vars.get("communicator", "ssh") != "none"
    if release.bake.method != "packer" or not by_ssh:
        return None
    _tell("", "Emulated instances take no ssh, which this Packer bake needs: create-image it is.")
    return BakeMethod.CREATE_IMAGE


def _golden_images(file: "ReleaseFile") -> list[dict[str, str]]:
    """Return the newest approved image of each region, as a consumer finds it, by architecture."""
    from goldenami.workflows import registry

    aws = shared.AwsOptions().session(None, file.release.build_region)
    answers = registry.read(
        aws, where=file.release.regions, image=file.release.image, status=Status.APPROVED
    )
    return [
        {
            region: next(each.id for each in images if architecture in ("", each.architecture))
            for region, images in answers.read.items()
        }
        for architecture in file.release.architectures or ("",)
    ]


def _chapters() -> Callable[[str], None]:
    """Return what tells the title of the next chapter."""
    numbers = count(1)
    return lambda title: _tell(f"{next(numbers)}. {title}")


def _tell(title: str, *lines: str) -> None:
    out = console()
    if title:
        out.print(f"\n{title}", style="bold", markup=False)
    for line in lines:
        out.print(line, markup=False)
