"""Block devices: what EBS takes of each volume type, of a snapshot, and what encrypts a volume.

moto takes any size and type, forgets IOPS and throughput at a launch, ignores the encryption by
default, and makes a volume of an instance store.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html
"""

from collections.abc import Mapping
from typing import Any

from moto.ec2.models.elastic_block_store import Snapshot

from goldenami_sandbox.ec2.errors import bad_combination, bad_mapping, bad_value

Range = tuple[int, int]
SIZES_GIB: Mapping[str, Range] = {
    "gp2": (1, 16_384), "gp3": (1, 65_536), "io1": (4, 16_384), "io2": (4, 65_536),
    "st1": (125, 16_384), "sc1": (125, 16_384), "standard": (1, 1_024),
}  # fmt: skip
IOPS: Mapping[str, Range] = {
    "gp3": (3_000, 80_000), "io1": (100, 64_000), "io2": (100, 256_000),
}  # fmt: skip
IOPS_PER_GIB = {"gp3": 500, "io1": 50, "io2": 1_000}
BASELINE = {"gp3": 3_000}
"""The IOPS of a type that does not have to be told any; it has as many at each size."""
THROUGHPUT_MIBS: Range = (125, 2_000)
_IOPS_PER_MIBS = 4
_HARD_DISKS = ("st1", "sc1")
DEFAULT_TYPE = "gp2"


def check(ebs: Mapping[str, Any], snapshot: Snapshot | None, *, root: bool = False) -> None:
    """Refuse what EBS does not make; the size is in ``ebs`` already.

    Raises:
        EC2ClientError: InvalidParameterValue, InvalidParameterCombination, or
            InvalidBlockDeviceMapping.
    """
    kind, size_gib = ebs.get("VolumeType") or DEFAULT_TYPE, int(ebs["VolumeSize"])
    if kind not in SIZES_GIB:
        raise bad_value(f"Invalid volume type: {kind}")
    if root and kind in _HARD_DISKS:
        raise bad_value(f"The volume type '{kind}' cannot be used for the root device")
    if snapshot is not None and size_gib < snapshot.volume_size:
        raise bad_mapping(
            f"Volume of size {size_gib}GB is smaller than snapshot '{snapshot.id}', "
            f"expect size >= {snapshot.volume_size}GB",
        )
    least, most = SIZES_GIB[kind]
    _check_range(f"Volume of {size_gib}GiB", size_gib, (least, most), f" for volume type {kind}")
    _check_iops(kind, ebs.get("Iops"), size_gib)
    _check_throughput(kind, ebs.get("Throughput"), ebs.get("Iops") or BASELINE.get(kind, 0))


def _check_iops(kind: str, iops: int | None, size_gib: int) -> None:
    if kind not in IOPS:
        if iops is not None:
            raise bad_combination(f"The parameter iops is not supported for {kind} volumes.")
        return
    if iops is None:
        if kind not in BASELINE:
            raise bad_combination(f"The parameter iops must be specified for {kind} volumes.")
        return
    _check_range(f"Volume iops of {iops}", iops, IOPS[kind])
    if iops > max(IOPS_PER_GIB[kind] * size_gib, BASELINE.get(kind, 0)):
        raise bad_value(
            f"Iops to volume size ratio of {iops / size_gib:f} is too high; "
            f"maximum is {IOPS_PER_GIB[kind]}"
        )


def _check_throughput(kind: str, throughput_mibs: int | None, iops: int) -> None:
    if throughput_mibs is None:
        return
    if kind != "gp3":
        raise bad_combination(f"The parameter throughput is not supported for {kind} volumes.")
    _check_range(f"Volume throughput of {throughput_mibs}", throughput_mibs, THROUGHPUT_MIBS)
    if throughput_mibs * _IOPS_PER_MIBS > iops:
        raise bad_value(
            f"Throughput (MiBps) to iops ratio of {throughput_mibs / iops:f} is too high; "
            f"maximum is {1 / _IOPS_PER_MIBS:f} MiBps per iops"
        )


def _check_range(what: str, number: int, limits: Range, where: str = "") -> None:
    least, most = limits
    if number < least:
        raise bad_value(f"{what} is too small{where}; minimum is {least}")
    if number > most:
        raise bad_value(f"{what} is too large{where}; maximum is {most}")
