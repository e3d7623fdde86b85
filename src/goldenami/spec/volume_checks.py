"""What a release file can get wrong about its volumes, across their keys.

What only AWS knows, `goldenami.bake.volumes` looks at: the source's devices, snapshots and keys.
"""

from collections.abc import Callable, Iterator

from goldenami.domain import volumes
from goldenami.spec.model import BaseVolume, Release
from goldenami.validation import Problem, Rule

Problems = Iterator[Problem]
_EBS_KEY = "alias/aws/ebs"


def rules() -> tuple[Rule[Release], ...]:
    """Return the rules; each is asked by itself."""
    return (
        *(_of_each(rule) for rule in (_size, _type_size, _iops, _throughput, _key)),
        _devices, _shared_volumes, _shared_copies, _key_regions,
    )  # fmt: skip


def _of_each(rule: Callable[[BaseVolume], Iterator[tuple[str, str]]]) -> Rule[Release]:
    """Return a rule that asks another one about each volume: which key is wrong, and why."""

    def check(release: Release) -> Problems:
        for index, volume in enumerate(release.base.volumes):
            for key, words in rule(volume):
                yield Problem(f"$.base.volumes[{index}].{key}", words)

    return check


def _size(volume: BaseVolume) -> Iterator[tuple[str, str]]:
    if volume.size_gib is None and volume.snapshot is None:
        yield "size_gib", "is missing: only a volume of a `snapshot` can do without"


def _type_size(volume: BaseVolume) -> Iterator[tuple[str, str]]:
    if volume.size_gib and (words := volumes.size_problem(volume.type, volume.size_gib)):
        yield "size_gib", words


def _iops(volume: BaseVolume) -> Iterator[tuple[str, str]]:
    if words := volumes.iops_problem(volume.type, volume.iops, volume.size_gib):
        yield "iops", words


def _throughput(volume: BaseVolume) -> Iterator[tuple[str, str]]:
    if words := volumes.throughput_problem(volume.type, volume.throughput, volume.iops):
        yield "throughput", words


def _key(volume: BaseVolume) -> Iterator[tuple[str, str]]:
    if volume.kms_key and not volume.encrypted:
        yield "kms_key", "a KMS key needs `encrypted: true`"


def _devices(release: Release) -> Problems:
    devices = [volume.device for volume in release.base.volumes]
    for index, device in enumerate(devices):
        for earlier in devices[:index]:
            if volumes.same_device(device, earlier):
                yield Problem(
                    f"$.base.volumes[{index}].device", f"`{device}` and `{earlier}` are one device"
                )
                break


def _shared_volumes(release: Release) -> Problems:
    """What is encrypted with AWS's own key cannot be shared.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
    """
    if not (release.share.targets or release.copies):
        return
    for index, volume in enumerate(release.base.volumes):
        if volume.encrypted and _is_aws_key(volume.kms_key):
            yield Problem(
                f"$.base.volumes[{index}].kms_key",
                f"{_EBS_KEY} is AWS's own key: what it encrypts cannot be shared",
            )


def _shared_copies(release: Release) -> Problems:
    """Nor can a copy that is."""
    if not (release.share.targets or release.copies):
        return
    for region in release.destinations:
        if _is_aws_key(release.kms_key(region)):
            yield Problem(
                f"$.distribute.{region}.kms_key",
                f"{_EBS_KEY} is AWS's own key: what it encrypts cannot be shared",
            )


def _key_regions(release: Release) -> Problems:
    """KMS takes the ARN of a key, or of an alias, in its own region alone.

    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
    """
    for where, region, key in _named_keys(release):
        of_region = key.split(":")[3:4] if key.startswith("arn:") else []
        if of_region and of_region != [region]:
            yield Problem(
                where, f"a key of {of_region[0]} cannot be used in {region}: name one there"
            )


def _named_keys(release: Release) -> Iterator[tuple[str, str, str]]:
    """Yield each key that the file names: where, the region that uses it, and the key."""
    for index, volume in enumerate(release.base.volumes):
        yield f"$.base.volumes[{index}].kms_key", release.build_region, volume.kms_key or ""
    for region, distribution in release.distribute.items():
        yield f"$.distribute.{region}.kms_key", region, distribution.kms_key or ""
    for index, copies in enumerate(release.copies):
        for region, key in copies.kms_keys.items():
            yield f"$.copies[{index}].kms_keys.{region}", region, key


def _is_aws_key(key: str | None) -> bool:
    return key is not None and key.endswith(_EBS_KEY)  # the alias alone, or its ARN
