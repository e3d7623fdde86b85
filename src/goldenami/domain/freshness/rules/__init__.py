"""The rules of freshness, one a module, in the order in which reasons are listed."""

from collections.abc import Iterable
from typing import Final

from goldenami.domain.freshness.rules import (
    changed_release,
    deprecated_image,
    deprecated_source,
    gone_source,
    max_age,
    newer_source,
    not_released,
    outdated_parent,
    refused_source,
    unavailable_source,
    unpublished,
    unrecorded_source,
    unresolved_source,
    vulnerable_image,
    vulnerable_source,
)
from goldenami.domain.freshness.rules.interface import Reason, ReleaseState

RULES: Final = (
    not_released.RULE,
    unpublished.RULE,
    outdated_parent.RULE,
    refused_source.RULE,
    vulnerable_image.RULE,
    vulnerable_source.RULE,
    newer_source.RULE,
    changed_release.RULE,
    gone_source.RULE,
    unavailable_source.RULE,
    deprecated_source.RULE,
    deprecated_image.RULE,
    max_age.RULE,
    unrecorded_source.RULE,
    unresolved_source.RULE,
)
_ANEW = frozenset(rule.id for rule in RULES if rule.anew)

__all__ = ["RULES", "brings_another_image", "reasons"]


def reasons(state: ReleaseState) -> tuple[Reason, ...]:
    """Return everything that makes a release outdated; nothing means that it is as it should be."""
    return tuple(reason for rule in RULES for reason in rule.reasons(state))


def brings_another_image(several: Iterable[Reason]) -> bool:
    """Tell whether another image mends one of these, so that what is baked from it changes too."""
    return any(reason.rule in _ANEW for reason in several)
