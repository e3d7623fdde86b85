"""What processes that judge an audit together tell each other: plain values, all of them."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from goldenami.aws.delegation import CallerSettings, Keys
from goldenami.aws.inventory import PageRequest
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.document import FindingLine
from goldenami.domain.audit.waivers import Waiver
from goldenami.domain.image import Image
from goldenami.errors import GoldenamiError
from goldenami.workflows.audit.share import PlaceShare

READY = "ready"
"""What a process says once it can be given pages."""


class Brief(Struct, frozen=True, kw_only=True):
    """What a process has to know before it can judge anything.

    Args:
        caller: how it reaches AWS.
        follow: whether its calls are to be told.
        approved: what counts as golden everywhere.
        waivers: what is waived.
        today: the day on which waivers hold or not.
        earlier: the keys of the findings of an earlier audit, None if there is none.
        keep: whether all that is seen is kept, to be saved.
        line: what a finding is in the report, if they are kept as that.
    """

    caller: CallerSettings
    follow: bool
    approved: Approved
    waivers: tuple[Waiver, ...]
    today: date
    earlier: frozenset[str] | None
    keep: bool
    line: FindingLine | None


class PlaceImages(Struct, frozen=True):
    """What is known of the images of a place: its own, and which of them releases made."""

    own: Sequence[Image]
    produced: Mapping[str, Produced]


class PageTask(Struct, frozen=True, kw_only=True):
    """A page to be read and judged.

    Args:
        place: whose it is.
        request: which it is.
        keys: what its call is signed with.
        images: those of the place; None for a process that was told of them before.
    """

    place: AccountRegion
    request: PageRequest
    keys: Keys
    images: PlaceImages | None


class PageAnswer(Struct, frozen=True):
    """What is known of a page once it is there, and not yet read.

    Args:
        token: the next page's.
        texts: the texts of the elements that its request names.
        error: why it is not there, None if it is.
    """

    token: str = ""
    texts: Mapping[str, list[str]] = {}
    error: GoldenamiError | None = None


class PageJudged(Struct, frozen=True, kw_only=True):
    """What a page came to.

    Args:
        share: the counts and the findings.
        error: why the page could not be read, None if it could be; nothing after it is known.
        problem: why instances that say they belong to a bake could not be judged.
    """

    share: PlaceShare
    error: GoldenamiError | None
    problem: GoldenamiError | None
