"""Moving what launches an image to another version of it, and replacing what runs it.

It is the refresh of `goldenami remediate`: each thing is judged again, what a waiver or a
protection keeps is left alone, and Auto Scaling goes back by itself where that is possible.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from goldenami.aws import refreshes
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.document import Saved
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.choices import RemediationKind
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.errors import GoldenamiError
from goldenami.workflows import remediate
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.execution import Execution
from goldenami.workflows.lifecycle.releases import Version
from goldenami.workflows.lifecycle.uses import Use, UseKind, Uses
from goldenami.workflows.remediate import groups
from goldenami.workflows.remediate import refresh as remediation
from goldenami.workflows.remediate.interface import RemediationRequest
from goldenami.workflows.remediate.run import Remediation, RemediationResult

PERMISSIONS = (
    *remediate.PERMISSIONS, *remediation.PERMISSIONS, *remediation.CHANGES, *refreshes.PERMISSIONS,
)  # fmt: skip
"""What planning a refresh, carrying it out and waiting for it may take."""
RULE = "revoked-image"
_MOVED = frozenset((UseKind.LAUNCH_TEMPLATE, UseKind.AUTO_SCALING_GROUP))


class PlannedRefresh(Struct, frozen=True, kw_only=True):
    """A refresh that was planned: what is moved, what is left alone, and how."""

    remediation: Remediation
    request: RemediationRequest

    @property
    def plan(self) -> Plan:
        """What is done, and what is left alone."""
        return self.remediation.plan


class Refreshed(Struct, frozen=True, kw_only=True):
    """How it ended for each thing, and what failed."""

    results: tuple[RemediationResult, ...] = ()
    failures: tuple[GoldenamiError, ...] = ()

    def also(self, other: "Refreshed") -> "Refreshed":
        """Return this and another one as one."""
        return Refreshed(
            results=(*self.results, *other.results), failures=(*self.failures, *other.failures)
        )

    def refuse(self) -> None:
        """See to it that nothing failed.

        Raises:
            GoldenamiError: something did; the notes say what else.
        """
        if self.failures:
            first, *others = self.failures
            first.notes = (*first.notes, *(f"also failed: {each.with_fix}" for each in others))
            raise first

    @property
    def words(self) -> list[str]:
        """Say it, a line each."""
        return [
            f"{each.result}: {each.id} in {each.account}/{each.region}"
            + (f": {each.detail}" if each.detail else "")
            for each in self.results
        ]


def prepare(
    aws: Aws, version: Version, successor: str, uses: Iterable[Use], *, role: str = ""
) -> PlannedRefresh | None:
    """Plan the move of templates and groups to a version; None if none uses the other one.

    Args:
        aws: the caller.
        version: the version that they use.
        successor: the one that they get.
        uses: who uses the images of the version.
        role: the name of the role in other accounts.

    Raises:
        IncompleteError: no place could be read.
        AwsError: what is golden could not be read.
    """
    findings = tuple(_finding(use) for use in uses if use.kind in _MOVED)
    if not findings:
        return None
    named = Saved(
        tool="", at=datetime.now(UTC), account=aws.account, source="live", complete=True, places=(),
        findings=findings,
    )  # fmt: skip
    question = AuditQuestion(approval=version.approval_tag, role=role)
    request = RemediationRequest(
        kind=RemediationKind.REFRESH,
        image=version.image,
        version=successor,
        leaving=frozenset(each.image.id for each in version.images),
        role=role,
    )
    return PlannedRefresh(
        remediation=remediate.prepare(aws, named, question, request), request=request
    )


def whole(
    aws: Aws, version: Version, successor: str, using: Uses, *, role: str, tell: Tell = silent
) -> Refreshed:
    """Plan and carry out the move of all that launches a version, as far as it could be read.

    Raises:
        InterruptedRunError: Ctrl-C; what was started goes on.
    """
    ids = {each.image.id for each in version.images}
    own = [use for use in using.uses if use.image in ids]
    try:
        refresh = prepare(aws, version, successor, own, role=role)
    except GoldenamiError as error:
        return Refreshed(failures=(error,))
    return carry_out(aws, refresh, tell=tell) if refresh else Refreshed()


def carry_out(aws: Aws, refresh: PlannedRefresh, *, tell: Tell = silent) -> Refreshed:
    """Move them, and wait until the instances of the groups are replaced.

    Raises:
        InterruptedRunError: Ctrl-C; what was started goes on.
    """
    results, error = remediate.carry_out(aws, refresh.remediation, refresh.request, tell=tell)
    failures = [error] if error else []
    done = {(each.account, each.region, each.id) for each in results if each.result == "done"}
    waiting = [
        _awaiting(action)
        for step in refresh.remediation.steps
        if (step.place.account, step.place.region, step.id) in done
        for action in step.actions
        if action.call == groups.START
    ]
    plan = Plan(title="wait for the refreshes", actions=tuple(waiting))
    outcome = Execution(aws, handlers={refreshes.AWAIT: refreshes.wait}, tell=tell).attempt(plan)
    failures += [outcome.error] if outcome.error else []
    return Refreshed(results=tuple(results), failures=tuple(failures))


def _awaiting(started: Action) -> Action:
    place = AccountRegion(account="", region=started.region, role=started.role)
    name = started.parameters["AutoScalingGroupName"]
    return Action.at(
        place, f"{started.id}/over", refreshes.AWAIT,
        f"wait until the instances of {name} are replaced",
        {"AutoScalingGroupName": name, "timeout_s": refreshes.TIMEOUT_S},
        permissions=refreshes.PERMISSIONS,
    )  # fmt: skip


def _finding(use: Use) -> Finding:
    """Return what names a use for the remediation, which judges it again."""
    subject = Subject(
        kind=Kind(use.kind.value),
        account=use.account,
        region=use.region,
        id=use.id,
        name=use.name or use.id,
        image=ImageSeen(id=use.image),
    )
    return Finding(rule=RULE, severity=Severity.CRITICAL, subject=subject, reason="")
