"""Whether a guardrail's list of snapshots is only out of date, or was changed by somebody."""

from collections.abc import Iterable

from goldenami.aws import parameters, regions, snapshots
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import manifest, prefixes, tags
from goldenami.domain.status import Status, reached
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import IncompleteError
from goldenami.iam.snapshot_list import Difference

_SHOWN = 3


def explained(aws: Aws, approval: ApprovalTag, lists: Difference) -> tuple[str, str]:
    """Tell how a list differs from what it should be, all else being the same.

    What it lacks denies golden launches alone. What it has beyond is out of date only if it once
    was a golden image's: by its own tags, which the guardrail protects, or by a release's manifest.

    Returns:
        How it is out of date, and what somebody must have changed; each empty if it is not so.
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
