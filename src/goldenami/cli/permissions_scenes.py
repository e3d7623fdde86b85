"""What has to be there for a command to be rehearsed, and how it is run then."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from goldenami.cli import approve, audit, bake, enforce, outdated, remediate, sweep
from goldenami.cli import options as shared
from goldenami.cli.lifecycle import (
    deprecate,
    promote,
    prune,
    rescan,
    restore,
    retire,
    revoke,
    rollback,
    sbom,
)
from goldenami.domain.choices import BakeMethod, PermissionCommand, RemediationKind
from goldenami.errors import GoldenamiError, UsageError

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.spec import ReleaseFile
    from goldenami_sandbox.server import Sandbox

_WHY = "rehearsed"


class PermissionScene(Struct, frozen=True, kw_only=True):
    """One release file in an embedded AWS.

    Args:
        file: the release file.
        sandbox: running and seeded.
        folder: where files may be written.
    """

    file: "ReleaseFile"
    sandbox: "Sandbox"
    folder: Path

    @property
    def image(self) -> str:
        """The golden image."""
        return self.file.release.image

    def bake(self, *, later: bool = False) -> None:
        """Bake; and approve it, if somebody has to.

        Args:
            later: whether it is the version after the one that the file names.
        """
        from goldenami.workflows import release as workflow

        file, aws = self.file, self.aws()
        if later and file.release.version == "auto":
            time.sleep(1)  # automatic versions are of a second
        elif later:
            named = structs.replace(file.release, version=f"{file.release.version}-next")
            file = structs.replace(file, release=named)
        how = BakeMethod.CREATE_IMAGE if self.by_ssh else None
        workflow.bake(workflow.prepare(aws, file, method=how))
        if file.release.approval == "manual":
            chosen = workflow.to_approve(aws, file, None)
            workflow.bake(workflow.prepare(aws, file, resume=chosen, approving=True))

    @property
    def by_ssh(self) -> bool:
        """Whether Packer would have to reach an instance, which no emulated one lets it."""
        how = self.file.release.bake
        communicator = how.vars.get("communicator", "ssh")
        return how.method == BakeMethod.PACKER and communicator != "none"

    def aws(self) -> "Aws":
        """Return the AWS of whoever acts now."""
        return shared.AwsOptions().session(None, self.file.release.build_region)

    def versions(self) -> list[str]:
        """Return the good versions, the newest first."""
        from goldenami.workflows.lifecycle import releases

        return [version.version for version in releases.read(self.aws(), self.image).good()]


Step = Callable[[PermissionScene], None]


class RehearsedCommand(Struct, frozen=True):
    """How a command is rehearsed.

    Args:
        before: what somebody else has to have done.
        run: the command itself.
        again: what somebody else does, and the command once more, if it has another side.
    """

    before: tuple[Step, ...]
    run: Step
    again: tuple[Step, ...] = ()


def _two(scene: PermissionScene) -> None:
    scene.bake()
    scene.bake(later=True)


def _one(scene: PermissionScene) -> None:
    scene.bake()


def _bake(scene: PermissionScene) -> None:
    if scene.by_ssh:
        raise UsageError(
            f"{scene.file.path}: Packer bakes by ssh, which emulated instances do not take",
            fix="prove it with `bake.vars.communicator: none`, or with create-image",
        )
    bake.bake(bake.BakeOptions(release=scene.file.path, yes=True))


def _channel(scene: PermissionScene) -> str:
    publish = scene.file.release.publish
    if publish is None:
        raise UsageError(
            f"{scene.file.path}: nothing is published",
            fix="add `publish`, or prove another command",
        )
    return publish.channels[-1] if publish.channels else ""


def _promote(scene: PermissionScene) -> None:
    channel = _channel(scene)
    if not channel:
        raise UsageError(
            f"{scene.file.path} has no channels, so that there is nothing to promote to",
            fix="add `publish.channels`, or prove another command",
        )
    newest = scene.versions()[0]
    publish = scene.file.release.publish
    for name in (publish.channels if publish else ())[1:]:
        options = promote.PromoteOptions(image=scene.image, version=newest, channel=name, yes=True)
        promote.promote(options)


def _promoted(scene: PermissionScene) -> None:
    with suppress(UsageError):
        _promote(scene)


def _rollback(scene: PermissionScene) -> None:
    options = rollback.RollbackOptions(
        image=scene.image, channel=_channel(scene), to=scene.versions()[-1], yes=True
    )
    rollback.rollback(options)


def _deprecate(scene: PermissionScene) -> None:
    options = deprecate.DeprecateOptions(image=scene.image, version=scene.versions()[-1], yes=True)
    deprecate.deprecate(options)


def _revoke(scene: PermissionScene) -> None:
    options = revoke.RevokeOptions(
        image=scene.image, version=scene.versions()[0], why=_WHY, hard=True, yes=True
    )
    revoke.revoke(options)


def _restore(scene: PermissionScene) -> None:
    """Bring back the version that was revoked: the one that is not good."""
    from goldenami.workflows.lifecycle import releases

    good, every = scene.versions(), releases.read(scene.aws(), scene.image)
    version = next(name for name in every.versions if name not in good)
    options = restore.RestoreOptions(image=scene.image, version=version, why=_WHY, yes=True)
    restore.restore(options)


def _retire(scene: PermissionScene) -> None:
    options = retire.RetireOptions(
        image=scene.image, version=scene.versions()[-1], now=True, launched_within="1m", yes=True
    )
    retire.retire(options)


def _prune(scene: PermissionScene) -> None:
    """Prune what is due: nothing, since all is new. Else a prune does what `retire` does."""
    prune.prune(prune.PruneOptions(release=scene.file.path, yes=True))


def _outdated(scene: PermissionScene) -> None:
    outdated.outdated(outdated.OutdatedOptions(release=scene.file.path))


def _rescan(scene: PermissionScene) -> None:
    rescan.rescan(rescan.RescanOptions(image=scene.image, version=scene.versions()[0]))


def _sbom(scene: PermissionScene) -> None:
    sbom.sbom(sbom.SbomOptions(release=scene.file.path, yes=True))


def _unfinished(scene: PermissionScene) -> None:
    """Let a bake fail so that something of it is left."""
    from goldenami_sandbox.faults import Fault

    broken = Fault(service="ec2", operation="TerminateInstances", code="InternalFailure")
    refused = Fault(service="ec2", operation="CreateImage", code="InvalidParameterValue")
    with scene.sandbox.fail(broken), scene.sandbox.fail(refused), suppress(GoldenamiError):
        _bake(scene)


def _sweep(scene: PermissionScene) -> None:
    sweep.sweep(sweep.SweepOptions(older_than="0s", yes=True))


def _enforce(scene: PermissionScene) -> None:
    enforce.enforce(enforce.EnforceOptions(file=scene.file.path, yes=True))


def _take_away(scene: PermissionScene) -> None:
    enforce.enforce(enforce.EnforceOptions(file=scene.file.path, remove=True, yes=True))


def _audit(scene: PermissionScene) -> None:
    audit.audit(audit.AuditOptions(release=scene.file.path))


def _audited(scene: PermissionScene) -> None:
    path = scene.folder / "audit.json"
    with suppress(GoldenamiError):
        audit.audit(audit.AuditOptions(release=scene.file.path, form="json", output=path))


def _remediate(scene: PermissionScene) -> None:
    for action in (RemediationKind.TAG, RemediationKind.STOP, RemediationKind.TERMINATE):
        options = remediate.RemediateOptions(
            audit=scene.folder / "audit.json", release=scene.file.path, action=action,
            per_minute=60_000, yes=True,
        )  # fmt: skip
        remediate.remediate(options)


def _approve(scene: PermissionScene) -> None:
    if scene.file.release.approval != "manual":
        raise UsageError(
            f"{scene.file.path}: a bake approves what it has made", fix="set `approval: manual`"
        )
    approve.approve(approve.ApproveOptions(release=scene.file.path, yes=True))


SCENES: Mapping[PermissionCommand, RehearsedCommand] = {
    PermissionCommand.BAKE: RehearsedCommand((), _bake),
    PermissionCommand.APPROVE: RehearsedCommand((_bake,), _approve),
    PermissionCommand.PROMOTE: RehearsedCommand((_two,), _promote),
    PermissionCommand.ROLLBACK: RehearsedCommand((_two, _promoted), _rollback),
    PermissionCommand.DEPRECATE: RehearsedCommand((_two, _promoted), _deprecate),
    PermissionCommand.REVOKE: RehearsedCommand((_two, _promoted), _revoke),
    PermissionCommand.RESTORE: RehearsedCommand((_two, _promoted, _revoke), _restore),
    PermissionCommand.RETIRE: RehearsedCommand((_two, _promoted), _retire),
    PermissionCommand.PRUNE: RehearsedCommand((_two, _promoted), _prune, (_retire,)),
    PermissionCommand.OUTDATED: RehearsedCommand((_one,), _outdated),
    PermissionCommand.RESCAN: RehearsedCommand((_one,), _rescan),
    PermissionCommand.SBOM: RehearsedCommand((_one,), _sbom),
    PermissionCommand.SWEEP: RehearsedCommand((_unfinished,), _sweep),
    PermissionCommand.ENFORCE: RehearsedCommand((_one,), _enforce, (_take_away,)),
    PermissionCommand.AUDIT: RehearsedCommand((_one,), _audit),
    PermissionCommand.REMEDIATE: RehearsedCommand((_one, _audited), _remediate),
}
