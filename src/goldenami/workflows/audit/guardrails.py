"""Whether what a release file enforces is in place, out of date, or changed by somebody."""

from collections.abc import Iterable

from goldenami.aws import parameters, regions, snapshots
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import manifest, prefixes, tags
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.status import Status, reached
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import IncompleteError, RefusedError
from goldenami.iam.snapshot_list import Difference
from goldenami.spec import ReleaseFile
from goldenami.workflows import enforce
from goldenami.workflows.audit.sources import Batch, Batches
from goldenami.workflows.enforce.interface import PolicyChange

_SHOWN = 3


def guardrails(aws: Aws, file: ReleaseFile) -> Batches:
    """Yield every policy and setting that the release file enforces, with what differs.

    Raises:
        AwsError: it could not be read.
        IncompleteError: a region with golden images could not be.
    """
    try:
        changes = enforce.prepare(aws, file.enforcement).changes
    except RefusedError as error:  # a group or role is missing, or a policy is somebody else's
        difference = "; ".join(error.notes) or error.message
        yield Batch(subjects=[_subject(aws, file, "enforcement", {"difference": difference})])
        return
    yield Batch(
        subjects=[_subject(aws, file, change.name, _facts(aws, file, change)) for change in changes]
    )


def _facts(aws: Aws, file: ReleaseFile, change: PolicyChange) -> dict[str, str]:
    """Tell what is not as it should be; a list that is out of date is none of somebody's doing."""
    stale, changed = "", "its content was changed" if change.kind == "update" else ""
    if change.lists:
        stale, changed = _explained(aws, file.enforcement.approval_tag, change.lists)
    return {"difference": _difference(change, changed), "stale": stale}


def _subject(aws: Aws, file: ReleaseFile, name: str, facts: dict[str, str]) -> Subject:
    return Subject(
        kind=Kind.GUARDRAIL,
        account=aws.account,
        region=file.release.build_region,
        id=name,
        name=name.rpartition("/")[2],
        facts={name: text for name, text in facts.items() if text},
    )


def _difference(change: PolicyChange, changed: str) -> str:
    if change.kind == "create":
        return "it is missing"
    if change.kind == "remove":
        return "it should no longer be there"
    moved = [
        *(f"not attached to {target}" for target in change.attach),
        *(f"still attached to {target}" for target in change.detach),
    ]
    return ", ".join([*([changed] if changed else []), *moved])


def _explained(aws: Aws, approval: ApprovalTag, lists: Difference) -> tuple[str, str]:
    """Tell how a list is out of date, and what somebody must have changed; empty if it is not so.

    What it lacks denies golden launches alone. What it has beyond is out of date only if it once
    was a golden image's: by its own tags, which the guardrail protects, or by a release's manifest.
    """
    try:
        unknown = lists.extra - _once_golden(aws, approval, lists.extra)
    except IncompleteError as error:
        return "", f"its list names snapshots that could not be looked up: {error.message}"
    if unknown:
        return "", f"its list names snapshots that were never golden: {_several(unknown)}"
    parts = []
    if lists.lacks:
        parts.append(f"it lacks {len(lists.lacks)} approved snapshots: {_several(lists.lacks)}")
    if lists.extra:
        parts.append(f"it has {len(lists.extra)} retired ones: {_several(lists.extra)}")
    return "; ".join(parts), ""


def _once_golden(aws: Aws, approval: ApprovalTag, ids: frozenset[str]) -> frozenset[str]:
    if not ids:
        return ids

    def look(region: str) -> set[str]:
        purpose = "looking for retired snapshots"
        tagged = {
            snapshot.snapshot_id
            for snapshot in snapshots.own(aws.in_region(region), sorted(ids), purpose)
            if _was_approved(snapshot.tag_values, approval)
        }
        kept = parameters.below(aws.in_region(region), prefixes.MANIFESTS, "reading manifests")
        releases = (manifest.read(text) for text in kept)
        return tagged | {
            snapshot
            for release in releases
            if release and release.status == Status.APPROVED
            for image in release.images
            for snapshot in image.snapshots
        }

    golden_by_region = in_regions(regions.enabled(aws), look).complete(
        "looking for retired snapshots"
    )
    return ids & frozenset().union(*golden_by_region.values())


def _was_approved(written: tags.Tags, approval: ApprovalTag) -> bool:
    if tags.BUILD not in written:
        return False
    by_status = approval.key == tags.STATUS
    status = written.get(tags.STATUS, "")
    return approval.on(written) or (by_status and reached(status, Status.APPROVED))


def _several(ids: Iterable[str]) -> str:
    several = sorted(ids)
    more = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
    return ", ".join(several[:_SHOWN]) + more
