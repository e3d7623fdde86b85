"""Where an audit looks: the regions of every account."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from goldenami.aws import regions
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws, identity
from goldenami.domain.account_region import AccountRegion
from goldenami.errors import UsageError
from goldenami.workflows.audit.question import AuditQuestion

ALL_REGIONS = "*"


UnreadPlaces = Mapping[AccountRegion, str]
"""Places of which nothing can be read, and why; the region is ``*`` for a whole account."""


class AuditedPlaces(Struct, frozen=True):
    """The places to look at, those of the caller's own account first; and what cannot be."""

    readable: tuple[AccountRegion, ...]
    unreadable: UnreadPlaces = {}


def begin_places(aws: Aws, question: AuditQuestion) -> None:
    """Have asked what an audit begins with: it is one wait then, and not two.

    So an audit's modules can be imported while AWS is waited for.
    """
    aws.begin(identity)
    if not question.regions:
        regions.begin(aws)


def places(aws: Aws, question: AuditQuestion) -> AuditedPlaces:
    """Return every region of every account that is asked for.

    Raises:
        AwsError: the caller's own regions, or the organization's accounts, could not be read.
        UsageError: other accounts are asked for, and no role to read them by.
    """
    own = home(aws, question)
    other_accounts = [other for other in accounts(aws, question) if other != aws.account]
    if not other_accounts:
        return AuditedPlaces(own)
    if not question.role:
        raise UsageError(
            f"other accounts are to be audited ({len(other_accounts)}), but by which role?",
            fix="pass --role NAME, or set audit.role in the release file",
        )
    roles = {other: aws.role_in(other, question.role) for other in other_accounts}
    enabled, errors = concurrently(
        other_accounts, lambda other: regions.enabled(aws.acting_as(roles[other]))
    )
    others = [
        AccountRegion(other, region, roles[other])
        for other, regions_there in enabled.items()
        for region in question.regions or regions_there
    ]
    unreadable = {
        AccountRegion(other, ALL_REGIONS, roles[other]): error.message
        for other, error in errors.items()
    }
    return AuditedPlaces((*own, *others), unreadable)


def home(aws: Aws, question: AuditQuestion) -> tuple[AccountRegion, ...]:
    """Return the regions of the caller's own account that are asked for.

    Raises:
        AwsError: they could not be read.
    """
    asked_for = question.regions or regions.enabled(aws)
    return tuple(AccountRegion(aws.account, region) for region in asked_for)


def accounts(aws: Aws, question: AuditQuestion) -> Sequence[str]:
    """Return the ids of the accounts that are asked for.

    Raises:
        AwsError: the organization's accounts could not be read.
    """
    if question.organization:
        from goldenami.aws import organizations

        return organizations.active_accounts(aws)
    return tuple(dict.fromkeys(question.accounts))
