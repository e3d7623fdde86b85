"""Remediation: what an audit named, as far as it still is so, is tagged, stopped, … or renewed.

Nothing is remembered: who runs it again has what is done already left out, since every step looks
at what there is now. And nothing is believed: the document of the audit only names what is judged
again, by the caller's own rules, before it is planned for and once more before it is touched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.document import Saved
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.choices import RemediationKind
from goldenami.domain.plan import Plan, Tell, silent
from goldenami.errors import AwsError, GoldenamiError, LeftAloneError, RefusedError
from goldenami.workflows.audit import reassessment
from goldenami.workflows.audit.question import AuditQuestion, listed
from goldenami.workflows.audit.sources import AuditSelection
from goldenami.workflows.remediate import groups, instances, quarantine, refresh, run
from goldenami.workflows.remediate.interface import (
    RemediationRequest,
    RemediationStep,
    left_alone,
)
from goldenami.workflows.remediate.run import Remediation, RemediationResult
from goldenami.workflows.remediate.verdicts import Verdicts

PERMISSIONS = (
    "ec2:DescribeImages",
    "ec2:DescribeInstanceImageMetadata",
    "ec2:DescribeRegions",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)
"""What judging again takes, whatever is done then."""


def prepare(
    aws: Aws, audit: Saved, question: AuditQuestion, asked: RemediationRequest
) -> Remediation:
    """Judge again what the audit named, and plan what is to be done about it.

    Args:
        aws: the caller.
        audit: what names things, see `goldenami.domain.audit.saved.load_whole`.
        question: by what they are judged.
        asked: what is to be done, about which of them.

    Raises:
        RefusedError: the audit has nothing of the kind, or is of another account.
        IncompleteError: no place could be read.
        AwsError: what is golden could not be read.
    """
    if audit.account != aws.account:
        raise RefusedError(
            f"the audit is of account {audit.account}, and you are in {aws.account}",
            fix="use the credentials that the audit was made with",
        )
    wanted = [one for one in _named(audit, asked) if asked.wants(one)]
    if not wanted:
        raise RefusedError(
            "the audit has no such finding, so there is nothing to do",
            fix="look at it, and at --rule, --severity and --region",
        )
    by_place = _by_place(aws, wanted, asked.role or question.role)
    if asked.what is RemediationKind.RELEASE:
        steps = [
            step
            for place, findings in by_place.items()
            for step in quarantine.releases(aws, place, _by_id(findings))
        ]
    else:
        # A list that spares things may come from the document; nothing else that decides does.
        question = replace(question, listed=question.listed.also(listed(audit.approved_by_list)))
        steps = _steps(aws, by_place, question, asked)
    return _remediation(asked, tuple(steps))


def carry_out(
    aws: Aws, remediation: Remediation, asked: RemediationRequest, *, tell: Tell = silent
) -> tuple[list[RemediationResult], GoldenamiError | None]:
    """Do it; see `goldenami.workflows.remediate.run`."""
    return run.carry_out(aws, remediation, asked, adopt={groups.START: groups.adopt}, tell=tell)


def _named(audit: Saved, asked: RemediationRequest) -> Iterable[Finding]:
    """Yield what the audit names of the kinds that are wanted; waived ones only to release them."""
    kinds = refresh.KINDS if asked.what is RemediationKind.REFRESH else {Kind.INSTANCE}
    waived = audit.waived if asked.what is RemediationKind.RELEASE else ()
    every = (*audit.findings, *(one.finding for one in waived))
    return (one for one in every if one.subject.kind in kinds)


def _steps(
    aws: Aws,
    by_place: Mapping[AccountRegion, Sequence[Finding]],
    question: AuditQuestion,
    asked: RemediationRequest,
) -> list[RemediationStep]:
    kinds = refresh.KINDS if asked.what is RemediationKind.REFRESH else frozenset({Kind.INSTANCE})
    only = AuditSelection(places=frozenset(by_place), kinds=kinds)
    resources = {one.subject.resource for several in by_place.values() for one in several}
    court = Verdicts(aws, question, asked, reassessment.judge(aws, question, only, resources))
    found: list[RemediationStep] = []
    for place, findings in by_place.items():
        named = _by_id(findings)
        try:
            found += _in_place(court, place, findings)
        except AwsError as error:
            unread = LeftAloneError(f"its region could not be read: {error.message}", unread=True)
            found += [left_alone(place, one, unread) for one in named]
    return found


def _in_place(
    court: Verdicts, place: AccountRegion, findings: Sequence[Finding]
) -> list[RemediationStep]:
    what = court.asked.what
    if what is RemediationKind.REFRESH:
        return refresh.steps(court, place, _grouped(findings, lambda subject: subject.resource))
    if what is RemediationKind.QUARANTINE:
        return quarantine.steps(court, place, _by_id(findings))
    return instances.steps(court, place, _by_id(findings), instances.WAYS[what])


def _remediation(asked: RemediationRequest, steps: tuple[RemediationStep, ...]) -> Remediation:
    checks = {
        RemediationKind.REFRESH: (*PERMISSIONS, *refresh.PERMISSIONS),
        RemediationKind.QUARANTINE: (*PERMISSIONS, *instances.PERMISSIONS, *quarantine.PERMISSIONS),
        RemediationKind.RELEASE: quarantine.PERMISSIONS,
    }
    count = sum(bool(one.actions) for one in steps)
    plan = Plan(
        title=f"{asked.what.value} {count} of {len(steps)} that the audit names",
        # Two groups may share a template, which is moved once.
        actions=tuple({action.id: action for one in steps for action in one.actions}.values()),
        notes=(
            *(note for one in steps for note in one.notes),
            *(f"left alone: {one.id}: {one.left}" for one in steps if one.left),
        ),
        checks=checks.get(asked.what, (*PERMISSIONS, *instances.PERMISSIONS)),
    )
    return Remediation(plan=plan, steps=steps)


def _by_id(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    return _grouped(findings, lambda subject: subject.id)


def _grouped(
    findings: Iterable[Finding], key: Callable[[Subject], str]
) -> dict[str, list[Finding]]:
    several: dict[str, list[Finding]] = {}
    for one in findings:
        several.setdefault(key(one.subject), []).append(one)
    return several


def _by_place(
    aws: Aws, findings: Iterable[Finding], role_name: str
) -> dict[AccountRegion, Sequence[Finding]]:
    found: dict[AccountRegion, list[Finding]] = {}
    for one in findings:
        account, region = one.subject.account, one.subject.region
        role = aws.role_in(account, role_name)
        if role and not role_name:
            raise RefusedError(
                f"{one.subject.id} is in account {account}: by which role?",
                fix="pass --role NAME, or the release file that names it",
            )
        found.setdefault(AccountRegion(account, region, role), []).append(one)
    return dict(found)
