"""Remediation: what an audit named, as far as it still is so, is tagged, stopped, … or renewed.

Nothing is remembered: who runs it again has what is done already left out, since every step looks
at what there is now. And nothing is believed: the document of the audit only names what is judged
again, by the caller's own rules, before it is planned for and once more before it is touched.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.document import Saved
from goldenami.domain.audit.finding import Finding, grouped
from goldenami.domain.choices import RemediationKind
from goldenami.domain.plan import Plan
from goldenami.errors import RefusedError
from goldenami.workflows import golden_names
from goldenami.workflows.audit import reassessment
from goldenami.workflows.audit.question import AuditQuestion, listed
from goldenami.workflows.audit.sources import AuditSelection
from goldenami.workflows.remediate import instances, quarantine, refresh
from goldenami.workflows.remediate.interface import (
    RemediationRequest,
    RemediationStep,
    leaving_alone,
    reading,
)
from goldenami.workflows.remediate.run import Remediation, carry_out
from goldenami.workflows.remediate.verdicts import Verdicts

__all__ = ["PERMISSIONS", "carry_out", "prepare"]

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
        audit: what names things, see `goldenami.domain.audit.audit_file.load_whole`.
        question: by what they are judged.
        request: what is to be done, about which of them.

    Raises:
        UsageError: there is no golden image of the name that a refresh is to bring.
        RefusedError: the audit has nothing of the kind, or is of another account.
        IncompleteError: no place could be read.
        AwsError: what is golden could not be read.
    """
    if audit.account != aws.account:
        raise RefusedError(
            f"the audit is of account {audit.account}, and you are in {aws.account}",
            fix="use the credentials that the audit was made with",
        )
    findings = _named(audit, request)
    role = request.role or question.role
    by_place = grouped(findings, lambda finding: _place(aws, finding, role))
    judgement = None
    if request.kind is not RemediationKind.RELEASE:
        # A list that spares things may come from the document; nothing else that decides does.
        question = replace(question, listed=question.listed.also(listed(audit.approved_by_list)))
        only = AuditSelection(places=frozenset(by_place), kinds=request.kinds)
        resources = {finding.subject.resource for finding in findings}
        judgement = reassessment.judge(aws, question, only, resources)
    steps: list[RemediationStep] = []
    for place, several in by_place.items():
        named = grouped(several, lambda finding: finding.subject.id)
        with leaving_alone(steps, place, *named), reading("its region"):
            if judgement is None:
                steps += quarantine.releases(aws.at(place), named)
            else:
                steps += _judged(Verdicts(aws, question, request, judgement, place), several)
    if request.image and any(step.reason == refresh.NO_IMAGE for step in steps):
        golden_names.refuse_unknown(aws, request.image)
    return _remediation(request, steps)


def _named(audit: Saved, request: RemediationRequest) -> list[Finding]:
    """Return what the audit names and is wanted; what is waived only to release it."""
    waived = audit.waived if request.kind is RemediationKind.RELEASE else ()
    named = (*audit.findings, *(each.finding for each in waived))
    if findings := [finding for finding in named if request.wants(finding)]:
        return findings
    raise RefusedError(
        "the audit has no such finding, so there is nothing to do",
        fix="look at it, and at --rule, --severity and --region",
    )


def _place(aws: Aws, finding: Finding, role_name: str) -> AccountRegion:
    """Return where a finding is, and by which role that is reached."""
    account, region = finding.subject.account, finding.subject.region
    role = aws.role_in(account, role_name)
    if role and not role_name:
        raise RefusedError(
            f"{finding.subject.id} is in account {account}: by which role?",
            fix="pass --role NAME, or the release file that names it",
        )
    return AccountRegion(account, region, role)


def _judged(verdicts: Verdicts, findings: Iterable[Finding]) -> list[RemediationStep]:
    kind = verdicts.request.kind
    if kind is RemediationKind.REFRESH:
        return refresh.steps(verdicts, grouped(findings, lambda finding: finding.subject.resource))
    named = grouped(findings, lambda finding: finding.subject.id)
    if kind is RemediationKind.QUARANTINE:
        return quarantine.steps(verdicts, named)
    return instances.steps(verdicts, named, instances.WAYS[kind])


def _remediation(request: RemediationRequest, steps: Sequence[RemediationStep]) -> Remediation:
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
    return Remediation(plan=plan, steps=tuple(steps))
