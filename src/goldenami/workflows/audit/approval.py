"""What an audit takes for approved, and that it judges nothing if nothing is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from goldenami.aws.parallel import in_regions
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.errors import IncompleteError, RefusedError, UsageError
from goldenami.workflows.audit.account_regions import ALL_REGIONS
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.audit.sources import AuditSource, GoldenImages


def approved(
    source: AuditSource,
    question: AuditQuestion,
    goldens: GoldenImages,
    unreadable: Sequence[tuple[AccountRegion, str]],
    at: datetime,
) -> Approved:
    """Return what counts as golden everywhere: the releases of the caller's own account.

    Args:
        source: what lists of approved images are read from.
        question: what else counts.
        goldens: what releases made in all places.
        unreadable: the places that could not be read.
        at: the time that images are judged at.

    Raises:
        UsageError: a listed parameter is nowhere.
        RefusedError: nothing is approved: then everything would be a finding.
        IncompleteError: that, as far as could be read; or listed parameters could not be read.
    """
    produced = {
        place.region: images
        for place, images in goldens.produced.items()
        if place.account == source.account
    }
    approved = Approved(
        produced=produced,
        listed=_listed(source, question, tuple(produced)),
        named=question.listed.named,
        owners=question.owners | {source.account},
        account=source.account,
        at=at,
        newest=question.newest,
        max_age=question.max_age,
        derived=question.derived,
        lineage=goldens.lineage,
    )
    _refuse_none(approved, goldens, unreadable)
    return approved


def _listed(
    source: AuditSource, question: AuditQuestion, regions: Sequence[str]
) -> Mapping[str, frozenset[str]]:
    """Return the listed ids by region, those that parameters hold among them."""
    everywhere = {"": question.listed.ids}
    parameters = question.listed.parameters
    if not parameters:
        return everywhere
    values_by_region = in_regions(regions, source.listed).complete(
        "reading the list of approved images"
    )
    for name in parameters:
        if not any(name in values for values in values_by_region.values()):
            raise UsageError(
                f"--approved: there is no SSM parameter {name} in {_joined(regions)}",
                fix="correct its name, or name the regions where it is with --region",
            )
    return everywhere | {
        region: frozenset(values.values()) for region, values in values_by_region.items()
    }


def _refuse_none(
    approved: Approved, goldens: GoldenImages, unreadable: Sequence[tuple[AccountRegion, str]]
) -> None:
    reasons = [f"{_named(place)}: {why}" for place, why in unreadable]
    if unreadable and not goldens.produced:
        raise IncompleteError(
            f"audit: none of {len(unreadable)} places could be read",
            notes=reasons,
            fix="give the caller access to them, or leave them out",
        )
    if not approved.empty:
        return
    if unreadable:
        raise IncompleteError(
            "audit: no approved image found, but not everything could be read", notes=reasons
        )
    regions = [place.region for place in goldens.produced]
    raise RefusedError(
        f"audit: no approved image in {_joined(sorted(regions))}, so nothing could be compliant",
        fix="bake one with `goldenami bake`, or name images with --approved or audit.owners",
    )


def _named(place: AccountRegion) -> str:
    return f"account {place.account}" if place.region == ALL_REGIONS else str(place)


def _joined(regions: Sequence[str]) -> str:
    return regions[0] if len(regions) == 1 else f"{len(regions)} regions"
