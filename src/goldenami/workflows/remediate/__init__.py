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
from goldenami.errors import AwsError, GoldenamiError, RefusedError
from goldenami.workflows.audit import reassessment
from goldenami.workflows.audit.question import AuditQuestion, listed
from goldenami.workflows.audit.sources import AuditSelection
from goldenami.workflows.remediate import groups, instances, quarantine, refresh, run
from goldenami.workflows.remediate.interface import (
    RemediationRequest,
    RemediationStep,
    could_not_read,
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
    aws: Aws, audit: Saved, question: AuditQuestion, request: RemediationRequest
) -> Remediation:
    """Judge again what the audit named, and plan what is to be done about it.

    Args:
        aws: the caller.
        audit: what names things, see `goldenami.domain.audit.files.load_whole`.
        question: by what they are judged.
        request: what is to be done, about which of them.

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
    findings = [finding for finding in _named(audit, request) if request.wants(finding)]
    if not findings:
        raise RefusedError(
            "the audit has no such finding, so there is nothing to do",
            fix="look at it, and at --rule, --severity and --region",
        )
    by_place = _by_place(aws, findings, request.role or question.role)
    if request.kind is RemediationKind.RELEASE:
        steps = [
            step
            for place, findings in by_place.items()
            for step in quarantine.releases(aws.at(place), _by_id(findings))
        ]
    else:
        # A list that spares things may come from the document; nothing else that decides does.
        question = replace(question, listed=question.listed.also(listed(audit.approved_by_list)))
        steps = _steps(aws, by_place, question, request)
    return _remediation(request, tuple(steps))


def carry_out(
    aws: Aws, remediation: Remediation, request: RemediationRequest, *, tell: Tell = silent
) -> tuple[list[RemediationResult], GoldenamiError | None]:
    """Do it; see `goldenami.workflows.remediate.run`."""
    return run.carry_out(aws, remediation, request, adopt={groups.START: groups.adopt}, tell=tell)


def _named(audit: Saved, request: RemediationRequest) -> Iterable[Finding]:
    """Yield what the audit names of the kinds that are wanted; waived ones only to release them."""
    kinds = refresh.KINDS if request.kind is RemediationKind.REFRESH else {Kind.INSTANCE}
    waived = audit.waived if request.kind is RemediationKind.RELEASE else ()
    every = (*audit.findings, *(waived_finding.finding for waived_finding in waived))
    return (finding for finding in every if finding.subject.kind in kinds)


def _steps(
    aws: Aws,
    by_place: Mapping[AccountRegion, Sequence[Finding]],
    question: AuditQuestion,
    request: RemediationRequest,
) -> list[RemediationStep]:
    kinds = refresh.KINDS if request.kind is RemediationKind.REFRESH else frozenset({Kind.INSTANCE})
    only = AuditSelection(places=frozenset(by_place), kinds=kinds)
    resources = {finding.subject.resource for several in by_place.values() for finding in several}
    verdicts = Verdicts(aws, question, request, reassessment.judge(aws, question, only, resources))
    steps: list[RemediationStep] = []
    for place, findings in by_place.items():
        named = _by_id(findings)
        try:
            steps += _in_place(verdicts, place, findings)
        except AwsError as error:
            unread = could_not_read("its region", error)
            steps += [left_alone(place, name, unread) for name in named]
    return steps


def _in_place(
    verdicts: Verdicts, place: AccountRegion, findings: Sequence[Finding]
) -> list[RemediationStep]:
    kind = verdicts.request.kind
    if kind is RemediationKind.REFRESH:
        return refresh.steps(verdicts, place, _grouped(findings, lambda subject: subject.resource))
    if kind is RemediationKind.QUARANTINE:
        return quarantine.steps(verdicts, place, _by_id(findings))
    return instances.steps(verdicts, place, _by_id(findings), instances.WAYS[kind])


def _remediation(request: RemediationRequest, steps: tuple[RemediationStep, ...]) -> Remediation:
    checks = {
        RemediationKind.REFRESH: (*PERMISSIONS, *refresh.PERMISSIONS),
        RemediationKind.QUARANTINE: (*PERMISSIONS, *instances.PERMISSIONS, *quarantine.PERMISSIONS),
        RemediationKind.RELEASE: quarantine.PERMISSIONS,
    }
    count = sum(bool(step.actions) for step in steps)
    plan = Plan(
        title=f"{request.kind.value} {count} of {len(steps)} that the audit names",
        # Two groups may share a template, which is moved once.
        actions=tuple({action.id: action for step in steps for action in step.actions}.values()),
        notes=(
            *(note for step in steps for note in step.notes),
            *(f"left alone: {step.id}: {step.reason}" for step in steps if step.reason),
        ),
        checks=checks.get(request.kind, (*PERMISSIONS, *instances.PERMISSIONS)),
    )
    return Remediation(plan=plan, steps=steps)


def _by_id(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    return _grouped(findings, lambda subject: subject.id)


def _grouped(
    findings: Iterable[Finding], key: Callable[[Subject], str]
) -> dict[str, list[Finding]]:
    several: dict[str, list[Finding]] = {}
    for finding in findings:
        several.setdefault(key(finding.subject), []).append(finding)
    return several


def _by_place(
    aws: Aws, findings: Iterable[Finding], role_name: str
) -> dict[AccountRegion, Sequence[Finding]]:
    findings_by_place: dict[AccountRegion, list[Finding]] = {}
    for finding in findings:
        account, region = finding.subject.account, finding.subject.region
        role = aws.role_in(account, role_name)
        if role and not role_name:
            raise RefusedError(
                f"{finding.subject.id} is in account {account}: by which role?",
                fix="pass --role NAME, or the release file that names it",
            )
        findings_by_place.setdefault(AccountRegion(account, region, role), []).append(finding)
    return dict(findings_by_place)
