"""Proves the policies of a command: it runs with them on an embedded AWS, and attacks do not."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from goldenami.cli import sandbox as sandbox_command
from goldenami.cli.permissions_scenes import SCENES, PermissionScene, Step
from goldenami.domain.choices import BakeMethod, PermissionCommand
from goldenami.errors import FindingsError, GoldenamiError, RefusedError
from goldenami.report import permissions as report
from goldenami.report.terminal import say

if TYPE_CHECKING:
    from goldenami.iam.permissions.worth import ActionWorth, RecordedRequest
    from goldenami.spec import Release, ReleaseFile
    from goldenami.workflows.permissions import RolePermissions
    from goldenami_sandbox.permission_attacks import PermissionAttackOutcome
    from goldenami_sandbox.server import Sandbox
    from goldenami_sandbox.world import RehearsalSeed

_HOLDER = "golden-ami-proof"
_LAST_LINES = 12
_UNASKED = ("sts:DecodeAuthorizationMessage",)
"""What explains a denial, and is done without."""
_TRIED = {PermissionCommand.REVOKE: ("ec2:RunInstances",)}
"""What a command tries so that it is refused."""


def prove(file: "ReleaseFile", command: PermissionCommand, instance_role: str) -> None:
    """Prove that the policies of a command are enough, needed, and stand against attacks.

    Args:
        file: the release file.
        command: the command.
        instance_role: the role of the instance profile, if it has another name.

    Raises:
        RefusedError: the command was refused something, a part is not needed, or an attack worked.
        GoldenamiError: the command failed for another reason.
    """
    from goldenami.cli import rehearsal_seed
    from goldenami.workflows.permissions import generate

    world = rehearsal_seed.of(file)
    holder = file.enforcement.enforce.pipeline_role or _HOLDER
    roles = generate(
        file, command, account=world.account, holder=holder.rpartition(":role/")[2] or holder,
        instance_role=instance_role,
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="goldenami-proof-") as state,
        sandbox_command.running(pending_s=0.0) as started,
    ):
        os.environ |= started.environment(file.release.build_region, account=world.account)
        os.environ["GOLDENAMI_STATE"] = state
        proof = _Proof(file, command, started, world, roles, Path(state))
        problems = proof.run()
    if problems:
        raise RefusedError(f"not proved: the policies of `goldenami {command}`", notes=problems)
    say(f"proved: `goldenami {command}` can do its work, and no attack worked", "bold green")


def _surroundings(release: "Release") -> dict[str, object]:
    """Return what a base instance is launched with beside its image and its type."""
    from goldenami.bake.launch import subnets

    base = release.base
    named = {"SubnetId": subnets(base)[0], "SecurityGroupIds": list(base.security_groups)}
    named["KeyName"] = base.key_name
    return {name: value for name, value in named.items() if value}


class _Proof:
    """A proof under way.

    Args:
        file: the release file.
        command: the command.
        sandbox: running, and empty.
        world: what it is seeded with.
        roles: what the command needs, the home account's first.
        folder: where files may be written.
    """

    def __init__(
        self,
        file: "ReleaseFile",
        command: PermissionCommand,
        sandbox: "Sandbox",
        world: "RehearsalSeed",
        roles: "Sequence[RolePermissions]",
        folder: Path,
    ) -> None:
        from goldenami_sandbox import seed

        self._command = command
        self._sandbox = sandbox
        self._world = world
        self._roles = roles
        self._since = 0
        self._scene = PermissionScene(file=file, sandbox=sandbox, folder=folder)
        seed.seed(sandbox, world)
        self._credentials: dict[str, str] = {}

    def run(self) -> list[str]:
        """Run it, show what was seen, and return what speaks against the policies."""
        scene = SCENES[self._command]
        for step in scene.before:
            self._quietly(step)
        with self._as_role():
            for step in (scene.run, *scene.again):
                self._quietly(step)
        problems = [*self._refused()]
        for role in self._roles:
            worths = self._worth(role)
            report.write_worth(role, worths)
            problems += (
                f"{role.name}: {each.statement} is not needed for {each.action}"
                for each in worths
                if each.surplus
            )
        outcomes = list(self._attacks())
        report.write_attacks([self._shown(each) for each in outcomes])
        worked = (each.attack.title for each in outcomes if each.worked(self._command))
        return [*problems, *(f"an attack worked: {title}" for title in worked)]

    def _shown(self, outcome: "PermissionAttackOutcome") -> report.ShownAttack:
        """Return how an attack ended, and which statement is the nearest to one that allows it."""
        from goldenami.iam.permissions.worth import nearest

        attack = outcome.attack
        if not outcome.refused:
            ended = "WORKED" if outcome.worked(self._command) else "its work"
            ended = "open" if attack.why_open else ended
            return report.ShownAttack(ended, attack.title, attack.why_open)
        if outcome.decided is None:
            return report.ShownAttack("refused", attack.title, outcome.code)
        request = outcome.decided.verdict.deciding.request
        why = "; ".join(nearest(self._roles[0].statements, request))
        why = why or f"no statement is about {request.action}"
        return report.ShownAttack("refused", attack.title, why)

    def _quietly(self, step: Step) -> None:
        """Run a step; its words are shown only if it fails."""
        words = StringIO()
        try:
            with redirect_stdout(words), redirect_stderr(words), suppress(FindingsError):
                step(self._scene)
        except GoldenamiError as error:
            lines = words.getvalue().splitlines()[-_LAST_LINES:]
            error.notes = (*error.notes, *lines, *self._refused())
            raise

    @contextmanager
    def _as_role(self) -> Iterator[None]:
        """Let this process's AWS clients be a session of the home account's role."""
        from goldenami_sandbox.restricted_role import RestrictedRole

        before, roles = dict(os.environ), []
        for each in self._roles:
            role = RestrictedRole(
                sandbox=self._sandbox, region=self._world.regions[0], account=each.account,
                name=each.role, home=self._world.account,
            )  # fmt: skip
            role.restrict({policy.name: policy.json(minify=True) for policy in each.documents})
            roles.append(role)
        self._since = len(self._sandbox.decided)
        self._credentials = roles[0].session()
        os.environ |= {f"AWS_{name.upper()}": value for name, value in self._credentials.items()}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def _recorded(self, role: "RolePermissions") -> "Iterator[RecordedRequest]":
        from goldenami.iam.permissions.worth import RecordedRequest

        for each in self._sandbox.decided[self._since :]:
            for decision in each.verdict.decisions:
                request = decision.request
                own = request.principal.arn.split(":")[4] == role.account
                if own and decision.allowed:
                    yield RecordedRequest(f"{each.call.name} in {each.call.region}", request)

    def _worth(self, role: "RolePermissions") -> "tuple[ActionWorth, ...]":
        from goldenami.iam.permissions.worth import compiled, worth

        return worth(role.statements, compiled(role.documents), self._recorded(role))

    def _refused(self) -> Iterator[str]:
        """Yield what the run was refused and is not done without."""
        tolerated = (*_UNASKED, *_TRIED.get(self._command, ()))
        seen: dict[str, None] = {}
        for each in self._sandbox.decided[self._since :]:
            deciding = each.verdict.deciding
            stood_in = each.call.name == "ec2:CopyImage" and each.call.parameters.get("DryRun")
            if not deciding.allowed and each.call.name not in tolerated and not stood_in:
                seen[f"{each.call.name} in {each.call.region}: {deciding.reason}"] = None
        yield from seen

    @property
    def _why_untagged(self) -> str:
        by_packer = self._scene.file.release.bake.method == BakeMethod.PACKER
        if not (by_packer and self._command is PermissionCommand.BAKE):
            return ""
        return (
            "Packer describes the image that it has made before it tags it: bake with create-image"
        )

    def _attacks(self) -> "Iterator[PermissionAttackOutcome]":
        from goldenami_sandbox import permission_attacks
        from goldenami_sandbox.ec2.regions import ENABLED_BY_DEFAULT

        release = self._scene.file.release
        named = {*release.regions, *(region for _, region in self._world.opted_in)}
        elsewhere = sorted(ENABLED_BY_DEFAULT - named) or [self._world.regions[0]]
        world = permission_attacks.AttackedWorld(
            sandbox=self._sandbox, region=release.build_region, account=self._world.account,
            image=release.image, approval=(release.approval_tag.key, release.approval_tag.value),
            role=self._roles[0].role.rpartition("/")[2], elsewhere=elsewhere[0],
            surroundings=_surroundings(release), why_untagged=self._why_untagged,
        )  # fmt: skip
        for attack in [*permission_attacks.attempts(world)]:
            yield permission_attacks.attempt(self._sandbox, self._credentials, attack)
