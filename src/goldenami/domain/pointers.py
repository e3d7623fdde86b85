"""What names the image that is to be launched: the parameters that releases are published as."""

from collections.abc import Iterable, Iterator, Mapping

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.manifest import Manifest, Placed

PublishedNames = Mapping[tuple[str, str], frozenset[str]]
"""The names of parameters, by account and region."""


def named(manifest: Manifest, placed: Placed) -> Iterator[tuple[str, str]]:
    """Yield the channels of an image of a release, each with the name of its parameter.

    Without channels there is one, of no name; the parameter that the release was written to by its
    bake is among them.
    """
    if publish := manifest.publish or None:
        for channel in publish.channels or ("",):
            yield channel, publish.parameter(manifest.image, channel, placed.architecture or "")
    if placed.parameter:
        yield "", placed.parameter


def published(manifests: Iterable[Manifest]) -> PublishedNames:
    """Return the parameters that releases were ever published as, wherever they are."""
    pointers = dict[tuple[str, str], set[str]]()
    for manifest in manifests:
        for placed in manifest.images:
            names = {name for _, name in named(manifest, placed)}
            pointers.setdefault((placed.account, placed.region), set()).update(names)
    return {where: frozenset(names) for where, names in pointers.items()}


def names_in(pointers: PublishedNames, place: AccountRegion) -> frozenset[str]:
    """Return the names of the parameters in a place."""
    return pointers.get((place.account, place.region), frozenset())
