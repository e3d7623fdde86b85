"""The part of a release file that an audit goes by."""

from typing import Annotated, Literal

from goldenami.constraints import between
from goldenami.spec import types
from goldenami.spec.notify import Notify
from goldenami.spec.part import Part


class AuditSettings(Part, frozen=True):
    """Where an audit looks, what counts as golden, and what is waived.

    Args:
        regions: where it looks; `all` for every enabled region.
        accounts: other accounts that are audited, too, or `organization` for all of them.
        role: the role in those accounts that reads.
        owners: other accounts whose images are all golden.
        approved: further golden images: ids, `name:PATTERN` of the owners, `ssm:PARAMETER`.
        newest: how many versions of an image are current; others are findings.
        max_age: how old a golden image may be, such as `90d`.
        derived: whether images count as golden that were made from golden ones.
        roots: whether root volumes are compared with their images.
        waivers: the file of the findings that are accepted, beside the release file.
        notify: who is told of what was found by `goldenami audit --notify`.
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
    notify: Notify = Notify()
