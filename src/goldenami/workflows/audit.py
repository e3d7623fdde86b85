"""The audit: inventory, verdict, waivers, document."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from goldenami import __version__, yamlfile
from goldenami.aws import images, inventory, regions
from goldenami.aws.parallel import Answers, in_regions
from goldenami.aws.session import Aws
from goldenami.domain import names
from goldenami.domain import waivers as waiving
from goldenami.domain.audit import Audit, RegionRead
from goldenami.domain.tags import ApprovalTag
from goldenami.domain.verdict import Approved, Finding, Instance, judge
from goldenami.errors import IncompleteError, RefusedError, UsageError


class Question(Struct, frozen=True, kw_only=True):
    """What is to be audited, against what.

    ``regions`` empty means every enabled region.
    """

    regions: tuple[str, ...] = ()
    approved: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    approval: ApprovalTag = ApprovalTag()
    waivers: Sequence[waiving.Waiver] = ()
    allow_empty: bool = False


class Seen(Struct, frozen=True):
    """What one region holds."""

    instances: list[Instance]
    approved: frozenset[str]


def audit(aws: Aws, question: Question, *, now: datetime | None = None) -> Audit:
    """Judge every instance of every region.

    A region that cannot be read is in the document by name and reason, and makes it incomplete.

    Raises:
        RefusedError: nothing is approved, or no instance was seen: neither is a green audit.
        IncompleteError: no region at all could be read.
    """
    at = now or datetime.now(UTC)
    account = aws.account  # first, so that missing credentials are one error and not one a region
    asked = question.regions or regions.enabled(aws)
    answers = in_regions(asked, lambda region: _see(aws, region, question.approval))
    if not answers.read:
        answers.complete("audit")
    approved = Approved(
        produced={region: seen.approved for region, seen in answers.read.items()},
        listed=question.approved,
        owners=question.owners | {account},
        account=account,
        at=at,
    )
    _refuse_emptiness(answers, approved, question)
    findings = [
        finding
        for seen in answers.read.values()
        for instance in seen.instances
        for finding in judge(instance, approved)
    ]
    after = waiving.apply(findings, question.waivers, at.date())
    return Audit(
        tool=f"goldenami {__version__}",
        at=at,
        account=account,
        complete=not answers.unread,
        regions=tuple(_regions(asked, answers, findings)),
        approved_by_list=tuple(sorted(question.approved)),
        findings=after.open,
        waived=after.waived,
        waivers_expired=after.expired,
        waivers_unused=after.unused,
    )


def approved_list(given: str) -> frozenset[str]:
    """Read ``--approved``: image ids with commas between, or a file with one id a line.

    Raises:
        UsageError: something in it is no image id, or it is empty.
    """
    listed, where = given.split(","), "--approved"
    if not all(one.strip().startswith("ami-") for one in listed):
        where = given
        lines = yamlfile.read_text(Path(given)).splitlines()
        listed = [line.partition("#")[0] for line in lines]
    ids = [one.strip() for one in listed if one.strip()]
    wrong = [one for one in ids if not names.AMI_ID.fullmatch(one)]
    if wrong:
        raise UsageError(
            f"{where}: `{wrong[0]}` is no image id",
            fix="give ids (`ami-` and 8 or 17 hex digits) with commas between, or a file of them",
        )
    if not ids:
        raise UsageError(f"{where}: no image id in it")
    return frozenset(ids)


def _see(aws: Aws, region: str, approval: ApprovalTag) -> Seen:
    # Whatever their state: that an approved image is disabled by now is a finding of its own.
    golden = [one.id for one in images.produced(aws, region) if approval.on(one.tags)]
    return Seen(inventory.instances(aws, region), frozenset(golden))


def _refuse_emptiness(answers: Answers[Seen], approved: Approved, question: Question) -> None:
    if approved.empty:
        if answers.unread:
            raise IncompleteError(
                "audit: no approved image found, but not every region could be read",
                notes=[f"{one.region}: {one.error.message}" for one in answers.unread],
            )
        raise RefusedError(
            f"audit: no approved image in {_several(answers.read)}, so nothing could be compliant",
            fix="bake one with `goldenami bake`, or name images with --approved or audit.owners",
        )
    if question.allow_empty or answers.unread:
        return
    if not any(seen.instances for seen in answers.read.values()):
        raise RefusedError(
            f"audit: no instance in {_several(answers.read)}, so nothing was inspected",
            fix="check the account and the regions; --allow-empty accepts an empty fleet",
        )


def _several(regions: Iterable[str]) -> str:
    listed = sorted(regions)
    return listed[0] if len(listed) == 1 else f"{len(listed)} regions"


def _regions(
    asked: Iterable[str], answers: Answers[Seen], findings: list[Finding]
) -> Iterable[RegionRead]:
    broken = {finding.instance.id for finding in findings}
    why = {one.region: one.error.message for one in answers.unread}
    for region in asked:
        if region in why:
            yield RegionRead(region=region, unread=why[region])
            continue
        seen = answers.read[region]
        yield RegionRead(
            region=region,
            instances=len(seen.instances),
            compliant=sum(one.id not in broken for one in seen.instances),
            approved_images=tuple(sorted(seen.approved)),
        )
