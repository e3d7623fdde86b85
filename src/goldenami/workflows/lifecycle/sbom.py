"""`goldenami sbom`: what software a released version has, exported and noted in its manifest.

One image of each build is enough: its copies hold the same.
"""

from collections.abc import Iterator

from msgspec import Struct

from goldenami.aws import manifests, sbom_exports
from goldenami.aws.session import Aws
from goldenami.domain import manifest, tags
from goldenami.domain.image import bake_of
from goldenami.domain.plan import Action, Plan, Ref
from goldenami.errors import RefusedError, UsageError
from goldenami.spec import ReleaseFile
from goldenami.workflows.lifecycle import releases
from goldenami.workflows.lifecycle.releases import KeptManifest, ReleaseImage, Version
from goldenami.workflows.lifecycle.run import CHECKS, LifecycleRun


class ExportedSbom(Struct, frozen=True, kw_only=True):
    """Where the documents of an image are."""

    image: str
    version: str
    id: str
    place: str


class SbomExporting(Struct, frozen=True, kw_only=True):
    """Exports that were checked, and can start."""

    run: LifecycleRun
    version: Version
    plan: Plan


def prepare(aws: Aws, file: ReleaseFile, version: str = "", *, command: str) -> SbomExporting:
    """Look at a version, and plan the export of its images that have none yet.

    Args:
        aws: whose account.
        file: the release file, which says where to.
        version: the version; the newest good one if empty.
        command: the command, as the user would give it again.

    Raises:
        UsageError: the release file asks for no export, or there is no such version.
        RefusedError: there is no good version, or no manifest to note it in.
        IncompleteError: a place could not be read.
    """
    if file.release.sbom is None:
        raise UsageError(
            f"{file.path}: it has no `sbom`",
            fix="add `sbom: {bucket: …, kms_key: arn:…}`",
        )
    every = releases.read(aws, file.release.image, new=True)
    every.complete(f"exporting the software of {file.release.image}")
    good = every.good()
    if not (version or good):
        raise RefusedError(
            f"there is no approved version of {file.release.image}",
            fix=f"`goldenami bake {file.path}` makes one",
        )
    chosen = every.version(version) if version else good[0]
    if not chosen.manifests:
        raise RefusedError(
            f"{chosen.name} has no manifest that the export could be noted in",
            fix="let `publish.manifest` be true, and bake a new version",
        )
    return SbomExporting(
        run=LifecycleRun.of(aws, chosen, command),
        version=chosen,
        plan=Plan(
            title=f"export what software {chosen.name} has",
            actions=tuple(_actions(aws, file, chosen)),
            checks=(*releases.PERMISSIONS, *CHECKS),
        ),
    )


def places(aws: Aws, prepared: SbomExporting) -> list[ExportedSbom]:
    """Return where the documents of a version are, as its manifests say now.

    Raises:
        AwsError: they could not be read.
    """
    kept = [
        each
        for place in dict.fromkeys(each.place for each in prepared.version.manifests)
        for each in manifests.of_image(aws.at(place), prepared.version.image)
    ]
    return [
        ExportedSbom(image=each.image, version=each.version, id=image, place=place)
        for each in kept
        if each.version == prepared.version.version
        for image, place in (each.sbom or {}).items()
    ]


def _actions(aws: Aws, file: ReleaseFile, version: Version) -> Iterator[Action]:
    for kept in version.manifests:
        exports = [
            _export(aws, file, each)
            for each in _exported(file, version, kept)
            if each.image.id not in (kept.manifest.sbom or {})
        ]
        yield from exports
        if exports:
            name = manifest.parameter(version.image, kept.manifest.build)
            yield Action.at(
                kept.place, f"noted:{kept.manifest.build}", manifests.NOTE_SBOM,
                f"note in {name} where they are",
                {
                    "Name": name,
                    "Places": {
                        export.parameters["ImageId"]: Ref(export.id, "place") for export in exports
                    },
                },
                permissions=manifests.PERMISSIONS,
                after=tuple(export.id for export in exports),
            )  # fmt: skip


def _exported(file: ReleaseFile, version: Version, kept: KeptManifest) -> list[ReleaseImage]:
    """Return the images of a bake in the build region: one of each architecture."""
    return [
        each
        for each in version.images
        if each.place.is_home
        and each.place.region == file.release.build_region
        and bake_of(each.image.tags.get(tags.BUILD, "")) == kept.manifest.build
    ]


def _export(aws: Aws, file: ReleaseFile, each: ReleaseImage) -> Action:
    sbom = file.release.sbom
    assert sbom is not None  # noqa: S101  `prepare` sees to it
    return Action.at(
        each.place, f"sbom:{each.image.id}", sbom_exports.EXPORT,
        f"export what software {each.image.id} has ({sbom.format})",
        {
            "ImageId": each.image.id,
            "Format": sbom.format,
            "Bucket": sbom.bucket,
            "Prefix": sbom.prefix,
            "Key": sbom.kms_key,
            "Owner": aws.account,
            "timeout_s": file.release.timeouts.seconds("scan"),
        },
        permissions=sbom_exports.PERMISSIONS,
    )  # fmt: skip
