"""What names the image that is to be launched: the parameters that releases are published as."""

from collections.abc import Iterable, Mapping

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.manifest import Manifest

Pointers = Mapping[tuple[str, str], frozenset[str]]
"""The names of parameters, by account and region."""


def published(manifests: Iterable[Manifest]) -> Pointers:
    """Return the parameters that releases were published as, wherever they are."""
    pointers = dict[tuple[str, str], set[str]]()
    for manifest in manifests:
        for placed in manifest.images:
            if placed.parameter:
                pointers.setdefault((placed.account, placed.region), set()).add(placed.parameter)
    return {where: frozenset(names) for where, names in pointers.items()}


def names_in(pointers: Pointers, place: AccountRegion) -> frozenset[str]:
    """Return the names of the parameters in a place."""
    return pointers.get((place.account, place.region), frozenset())
