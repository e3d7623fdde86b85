"""`goldenami rehearse`: the whole runbook on an embedded AWS, told as a story."""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import structs

from goldenami.cli import audit, bake, enforce, images, sandbox
from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Options
from goldenami.domain.choices import BakeMethod
from goldenami.domain.status import Status
from goldenami.errors import FindingsError, GoldenamiError
from goldenami.report.terminal import console, table, tell

if TYPE_CHECKING:
    from goldenami.spec import Release, ReleaseFile
    from goldenami_sandbox.launch_attempts import AttemptOutcome
    from goldenami_sandbox.seed import Seeded
    from goldenami_sandbox.server import Sandbox


class RehearseOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami rehearse`."""

    release: Annotated[Path | None, Argument("The release file; default: the example.")] = None


def rehearse(options: RehearseOptions) -> None:
    """Run bake, enforce, launches and audit of a release file on an embedded AWS, and tell it.

    The commands are the real ones; the AWS is an emulator on this machine, seeded with a source
    image, the admin groups, and a small fleet of which some instances break the rules. Its server
    decides by IAM's rules: a member of the admin group launches a golden image, and is refused
    others. The exit code is 0 if the flow worked, whatever the audit finds in the seeded fleet.

    Example: goldenami rehearse release.yaml
    """
    from goldenami import resources

    path = options.release or resources.folder("examples") / "web-base" / "release.yaml"
    file = shared.release_file(path)
    with (
        tempfile.TemporaryDirectory(prefix="goldenami-rehearsal-") as state,
        sandbox.running() as started,
        redirect_stderr(sys.stdout),  # one story, in order
    ):
        os.environ |= started.environment(file.release.build_region) | {"GOLDENAMI_STATE": state}
        _story(file, started)


def _story(file: "ReleaseFile", sandbox: "Sandbox") -> None:
    from goldenami.cli import rehearsal_seed
    from goldenami_sandbox import seed

    _tell(
        f"Rehearsal of {file.path}",
        "This is a rehearsal on an emulator on this machine. No call reaches AWS.",
    )
    chapter = _chapters()
    seeded = seed.seed(sandbox, rehearsal_seed.of(file))
    release, enforced = file.release, file.enforcement
    chapter(f"bake {release.image} in {', '.join(release.regions)}")
    bake.bake(bake.BakeOptions(release=file.path, yes=True, method=_method(release)))
    chapter("the registry, read back from the tags")
    images.images(images.ImagesOptions(region=list(release.regions)))
    if enforced.declared:
        chapter(f"enforce `{enforced.name}` on {', '.join(enforced.enforce.groups)}")
        enforce.enforce(enforce.EnforceOptions(file=file.path, yes=True))
        _tell("", "A second run changes nothing:")
        enforce.enforce(enforce.EnforceOptions(file=file.path, yes=True))
        if enforced.enforce.mechanisms.group_policy:
            chapter(f"launch, as {seed.ADMIN_USER} of {enforced.enforce.groups[0]}")
            _try(file, sandbox, seeded)
            chapter("bake the next release, and launch it as soon as it is published")
            _next_release(file, sandbox, seeded)
    seed.seed_compliant(sandbox, _golden_images(file))
    chapter("audit the fleet")
    try:
        audit.audit(audit.AuditOptions(release=file.path))
    except FindingsError as findings:
        _tell("", f"{findings.message}, as seeded: on a real account the exit code is 10.")
    _tell("", "The rehearsal worked. It ran on an emulator: nothing was changed at AWS.")


def _try(file: "ReleaseFile", sandbox: "Sandbox", seeded: "Seeded") -> None:
    """Let a member of the admin group try golden and other launches, and tell what the server says.

    Raises:
        GoldenamiError: the server let through what is forbidden, or refused what is golden.
    """
    from goldenami.workflows.enforce import promised
    from goldenami_sandbox import launch_attempts

    release = file.release
    golden = _golden_images(file)[release.build_region]
    approval = (release.approval_tag.key, release.approval_tag.value)
    tried = launch_attempts.run(
        sandbox, seeded, golden, approval, promised(file.enforcement, "group_policy")
    )
    _show_attempts(tried)


def _next_release(file: "ReleaseFile", sandbox: "Sandbox", seeded: "Seeded") -> None:
    """Bake another version, and let the same member launch it without a further enforcement.

    Raises:
        GoldenamiError: the bake failed, or the server refused the new release.
    """
    from goldenami.report.plan import PlanProgress
    from goldenami.workflows import release as workflow
    from goldenami.workflows.enforce import promised
    from goldenami_sandbox import launch_attempts

    version = file.release.version
    if version != "auto":
        later = structs.replace(file.release, version=f"{version}-next")
        file = structs.replace(file, release=later)
    aws = shared.AwsOptions().session(None, file.release.build_region)
    prepared = workflow.prepare(aws, file, method=_method(file.release))
    tell(prepared.guarding.notes)
    bake.show(workflow.bake(prepared, tell=PlanProgress()), shared.ListFormat.TABLE, None)
    if "golden" in promised(file.enforcement, "group_policy"):
        image = _golden_images(file)[file.release.build_region]
        _show_attempts([launch_attempts.launch(sandbox, seeded, image)])


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


def _golden_images(file: "ReleaseFile") -> dict[str, str]:
    """Return the newest approved image of each region, as a consumer would find it."""
    from goldenami.workflows import registry

    aws = shared.AwsOptions().session(None, file.release.build_region)
    answers = registry.read(
        aws, where=file.release.regions, image=file.release.image, status=Status.APPROVED
    )
    return {region: images[0].id for region, images in answers.read.items()}


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
