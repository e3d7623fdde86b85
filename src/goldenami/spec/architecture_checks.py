"""What a release file can get wrong about `architectures`: what differs stands there alone."""

from collections.abc import Iterator
from typing import Final

from goldenami.spec.gates import BootTest
from goldenami.spec.model import Architecture, Base, Release
from goldenami.validation import Problem, Rule

Problems = Iterator[Problem]


def launched(release: Release) -> tuple[Base | Architecture, ...]:
    """Return the parts of a release file that say which types instances are launched with."""
    return tuple(release.architectures.values()) or (release.base,)


def _source(release: Release) -> Problems:
    if not release.architectures and release.base.source == Base().source:
        yield Problem("$.base.source", "is missing")


def _base(release: Release) -> Problems:
    usual = Base()
    for key in ("source", "instance_type", "instance_types"):
        if release.architectures and getattr(release.base, key) != getattr(usual, key):
            yield Problem(f"$.base.{key}", "each of `architectures` has its own: leave it out here")


def _types(release: Release) -> Problems:
    for name, architecture in release.architectures.items():
        if architecture.instance_type and architecture.instance_types:
            yield Problem(
                f"$.architectures.{name}.instance_types",
                "it takes the place of `instance_type`: leave that out",
            )


def _test(release: Release) -> Problems:
    if release.architectures and (release.test or BootTest()).instance_type:
        yield Problem(
            "$.test.instance_type",
            "no type runs images of every architecture, so that each is booted on the types of its "
            "own: leave it out",
        )


RULES: Final[tuple[Rule[Release], ...]] = (_source, _base, _types, _test)
