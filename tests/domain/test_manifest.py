"""A manifest fits into its parameter, however many images a release has."""

from goldenami.domain.manifest import (
    LONG_PARAMETER_LENGTH,
    PARAMETER_LENGTH,
    Inputs,
    Manifest,
    ManifestArchitecture,
    ManifestSource,
    Placed,
    Timing,
    compact,
    read,
)

SOURCE = ManifestSource(id="ami-0123456789abcdef0", name="n" * 60, owner="1" * 12)


def manifest(regions: int, *architectures: str) -> Manifest:
    return Manifest(
        build="20261123T140509Z-a1b2c3", image="i" * 40, version="2026.11.23.140509",
        ami_name="a" * 80, status="approved", started="2026-11-23T14:05:09Z",
        inputs=Inputs(release="release.yaml", release_sha256="0" * 64, spec="0" * 64),
        source=SOURCE,
        images=tuple(
            Placed(
                account="1" * 12, region=f"ap-southeast-{number}",
                image_id=f"ami-{number:017x}", snapshots=(f"snap-{number:017x}",),
                parameter="/golden-ami/web-base/x86_64", shared_with=("2" * 12,),
                architecture=architecture,
            )
            for number in range(regions)
            for architecture in architectures
        ),
        architectures={
            each: ManifestArchitecture(build="b" * 30, ami_name="a" * 80, source=SOURCE)
            for each in architectures
        },
        timings=tuple(Timing(action=f"arm64/copy:{number}", seconds=1.0) for number in range(9)),
    )  # fmt: skip


def test_a_short_one_is_kept_whole() -> None:
    short = manifest(1, "arm64")
    assert read(compact(short)) == short


def test_one_of_two_architectures_in_all_regions_fits_with_the_ids_of_all_images() -> None:
    every = manifest(17, "x86_64", "arm64")
    content = compact(every)
    assert PARAMETER_LENGTH < len(content) <= LONG_PARAMETER_LENGTH
    kept = read(content)
    assert kept
    assert [(one.image_id, one.snapshots, one.architecture) for one in kept.images] == [
        (one.image_id, one.snapshots, one.architecture) for one in every.images
    ]
    assert kept.timings == ()
    assert {one.parameter for one in kept.images} == {"/golden-ami/web-base/x86_64"}


def test_what_an_image_is_published_as_is_the_last_to_go() -> None:
    content = compact(manifest(21, "x86_64", "arm64"))
    assert len(content) <= LONG_PARAMETER_LENGTH
    kept = read(content)
    assert kept
    assert {one.parameter for one in kept.images} == {""}
