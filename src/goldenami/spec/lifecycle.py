"""How long versions live, what keeps them longer, and who removes them."""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import field

from goldenami.constraints import between
from goldenami.domain import names
from goldenami.domain.retention import RetentionRules
from goldenami.spec import types
from goldenami.spec.part import Part


class LifecycleExceptions(Part, frozen=True):
    """What keeps a version whatever its age: tags, consumers, a recent launch.

    Args:
        tags: an image with one of these tags stays.
        shared_with: an image that is shared with one of these accounts stays.
        launched_within: an image that was launched so recently stays.
    """

    tags: dict[str, str] = field(default_factory=dict)
    shared_with: types.Accounts = ()
    launched_within: types.Lifetime | None = None


class Lifecycle(Part, frozen=True):
    """How long a version lives, and whether it can be deregistered.

    The times but `deprecate_after` are counted from when a newer version was approved. `keep` and
    `keep_for` say what stays for all that.

    Args:
        keep: how many of the newest approved versions stay, whatever their age.
        keep_for: for how long every version stays.
        deprecate_after: how long after its build EC2 deprecates the image by itself.
        disable_after: when `goldenami prune` disables an older version.
        delete_after: when `goldenami prune` deregisters it with its snapshots.
        excepted: what keeps a version whatever its age.
        prune: whether each release lets older versions go at its end, or only `goldenami prune`.
        protect: whether EC2 keeps the image from being deregistered.
    """

    keep: Annotated[int, between(1, 1_000, "versions")] | None = None
    keep_for: types.Lifetime | None = None
    deprecate_after: types.DeprecateAfter | None = None
    disable_after: types.Lifetime | None = None
    delete_after: types.Lifetime | None = None
    excepted: LifecycleExceptions = field(default=LifecycleExceptions(), name="except")
    prune: Literal["by-command", "on-release"] = "by-command"
    protect: bool = False

    @property
    def removes(self) -> bool:
        """Whether anything of it makes older versions go."""
        return any((self.deprecate_after, self.disable_after, self.delete_after))

    @property
    def rules(self) -> RetentionRules:
        """What stays, and when the rest goes."""
        excepted = self.excepted
        return RetentionRules(
            keep=self.keep or 1,
            keep_for=_length(self.keep_for) or timedelta(),
            deprecate_after=_length(self.deprecate_after),
            disable_after=_length(self.disable_after),
            delete_after=_length(self.delete_after),
            tags=tuple(excepted.tags.items()),
            shared_with=frozenset(excepted.shared_with),
            launched_within=_length(excepted.launched_within) or timedelta(),
        )


def _length(age: str | None) -> timedelta | None:
    return names.duration(age) if age else None
