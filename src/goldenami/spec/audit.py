"""The part of a release file that an audit goes by."""

from typing import Annotated, Literal

from goldenami.constraints import between
from goldenami.spec import types
from goldenami.spec.part import Part


class AuditSettings(Part, frozen=True):
    """Where an audit looks, what counts as golden, and what is waived.

    ``accounts`` are read by ``role``; ``newest`` versions of an image are current, ``max_age`` is
    how old it may be (``90d``); ``derived`` lets images count that were made from golden ones;
    ``approved`` lists ids, ``name:PATTERN`` and ``ssm:PARAMETER``; ``roots`` compares root volumes
    with their images.
    """

    regions: Literal["all"] | types.SomeRegions = "all"
    accounts: Literal["organization"] | tuple[types.AccountId, ...] = ()
    role: types.RoleName = ""
    owners: types.Accounts = ()
    approved: tuple[types.ApprovedEntry, ...] = ()
    newest: Annotated[int, between(1)] | None = None
    max_age: types.Age | None = None
    derived: bool = False
    roots: bool = False
    waivers: str | None = None
