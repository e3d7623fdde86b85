"""What several release files say of one another."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from goldenami.domain.ordering import needed_first
from goldenami.errors import FileProblem
from goldenami.spec import ReleaseFile
from goldenami.spec.folder import sources
from goldenami.validation import Problem, closest
from goldenami.yamlfile import YamlDocument


class CheckedRelease(Struct, frozen=True):
    """A release file that has no problem of its own, and where its keys stand."""

    file: ReleaseFile
    document: YamlDocument

    @property
    def image(self) -> str:
        """The golden image that it makes."""
        return self.file.release.image

    def problem(self, key: str, words: str, fix: str = "") -> FileProblem:
        """Return a problem with its line."""
        return self.document.refusal(Problem(key, words, fix))


def problems_together(releases: Sequence[CheckedRelease]) -> Iterator[FileProblem]:
    """Yield what no bake of these files could end well."""
    makers: dict[str, list[CheckedRelease]] = {}
    for release in releases:
        makers.setdefault(release.image, []).append(release)
    by_file = sources([release.file for release in releases])
    needs: dict[str, list[str]] = {image: [] for image in makers}
    for release, images in zip(releases, by_file, strict=True):
        needs[release.image] += images.values()
    for cycle in needed_first(needs).cycles:
        for image in cycle[1:]:
            for release in makers[image]:
                yield release.problem(
                    "$.base.source", f"baked from itself in the end: {' -> '.join(cycle)}",
                    "let one of them be baked from another image",
                )  # fmt: skip
    for release, images in zip(releases, by_file, strict=True):
        region = release.file.release.build_region
        for key, image in images.items():
            known = makers.get(image, [])
            regions = {name for maker in known for name in maker.file.release.regions}
            if known and region not in regions:
                yield release.problem(
                    key, f"`{image}` is released in {', '.join(sorted(regions))}, and not in "
                    f"{region}, where this one is built", f"add {region} to its `regions`",
                )  # fmt: skip


def warnings_together(releases: Sequence[CheckedRelease]) -> Iterator[FileProblem]:
    """Yield what may be meant, for other accounts, and what is probably misspelt."""
    first: dict[str, CheckedRelease] = {}
    images = {release.image for release in releases}
    by_file = sources([release.file for release in releases])
    for release, named in zip(releases, by_file, strict=True):
        other = first.setdefault(release.image, release)
        if other is not release:
            words = f"{other.file.path} makes `{release.image}`, too: `bake DIR` takes but one"
            yield release.problem("$.image", words)
        for key, image in named.items():
            close = closest(image, images) if image not in images else ""
            if close and close != release.image:
                words = f"none of these files makes `{image}`"
                yield release.problem(key, words, f"did you mean `{close}`?")
