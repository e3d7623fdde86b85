"""What the Recycle Bin keeps of what is deleted, and for how long.

https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html
"""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.domain.tags import Tags

IMAGE, SNAPSHOT = "EC2_IMAGE", "EBS_SNAPSHOT"

TagPattern = tuple[str, str]
"""A tag's key and value; an empty value stands for any."""


class RetentionRule(Struct, frozen=True, kw_only=True):
    """A retention rule.

    Args:
        kind: of which resources, as Recycle Bin calls them.
        days: how long it keeps them.
        tags: one of these a resource has to have; all of a region's resources are kept if empty.
        excluded: with one of these a resource is not kept.
    """

    kind: str
    days: int
    tags: tuple[TagPattern, ...] = ()
    excluded: tuple[TagPattern, ...] = ()

    def keeps(self, tags: Tags) -> bool:
        """Tell whether it keeps a resource with these tags."""
        if self.tags:
            return any(_is_on(pattern, tags) for pattern in self.tags)
        return not any(_is_on(pattern, tags) for pattern in self.excluded)


def _is_on(pattern: TagPattern, tags: Tags) -> bool:
    key, value = pattern
    return key in tags and value in ("", tags[key])


def days_kept(rules: Iterable[RetentionRule], kind: str, tags: Tags) -> int:
    """Return how many days a resource is kept; 0 if it is gone at once. The longest rule wins."""
    return max((rule.days for rule in rules if rule.kind == kind and rule.keeps(tags)), default=0)
