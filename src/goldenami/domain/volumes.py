"""EBS volumes: what AWS takes of each type, and which device names mean one and the same device.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct

IOPS_PER_MIBS: Final = 4
"""How many IOPS a gp3 volume has to have for each MiB/s of its throughput."""
_DISK = re.compile(r"(?:/dev/)?(?:sd|xvd|hd|vd)([a-z]+)([0-9]*)")
_NVME_ROOT = re.compile(r"(?:/dev/)?nvme0n1(?:p[0-9]+)?")
_ROOT = "a"


class Limits(Struct, frozen=True):
    """A range, its ends included."""

    least: int
    most: int

    def __contains__(self, number: int) -> bool:
        return self.least <= number <= self.most

    def __str__(self) -> str:
        return f"{self.least:,} to {self.most:,}"


class VolumeType(Struct, frozen=True, kw_only=True):
    """What AWS takes of a volume type.

    Args:
        size_gib: its sizes.
        iops: the IOPS that can be provisioned; None if none can.
        iops_per_gib: how many of them at most per GiB; the least number can be had at any size.
        default_iops: the IOPS without any word; 0 if they have to be named, or cannot be.
        throughput: the throughput that can be provisioned, in MiB/s; None if none can.
        boots: whether it can be a root volume.
    """

    size_gib: Limits
    iops: Limits | None = None
    iops_per_gib: int = 0
    default_iops: int = 0
    throughput: Limits | None = None
    boots: bool = True


TYPES: Final[Mapping[str, VolumeType]] = {
    "gp2": VolumeType(size_gib=Limits(1, 16_384)),
    "gp3": VolumeType(
        size_gib=Limits(1, 65_536), iops=Limits(3_000, 80_000), iops_per_gib=500,
        default_iops=3_000, throughput=Limits(125, 2_000),
    ),
    "io1": VolumeType(size_gib=Limits(4, 16_384), iops=Limits(100, 64_000), iops_per_gib=50),
    "io2": VolumeType(size_gib=Limits(4, 65_536), iops=Limits(100, 256_000), iops_per_gib=1_000),
    "st1": VolumeType(size_gib=Limits(125, 16_384), boots=False),
    "sc1": VolumeType(size_gib=Limits(125, 16_384), boots=False),
    "standard": VolumeType(size_gib=Limits(1, 1_024)),
}  # fmt: skip


def size_problem(name: str, size_gib: int) -> str:
    """Say why a volume of a type cannot have a size; empty if it can."""
    sizes = TYPES[name].size_gib
    return "" if size_gib in sizes else f"{name} has {sizes} GiB, not {size_gib:,}"


def iops_problem(name: str, iops: int | None, size_gib: int | None) -> str:
    """Say why a volume of a type cannot have these IOPS; empty if it can.

    Args:
        name: the type.
        iops: as the file says; None if it does not.
        size_gib: its size; None if that is not known yet.
    """
    kind = TYPES[name]
    limits = kind.iops
    if limits is None:
        return f"{name} takes no `iops`: leave it out" if iops is not None else ""
    if iops is None:
        return "" if kind.default_iops else f"{name} needs `iops`: {limits}"
    if iops not in limits:
        return f"{name} has {limits} IOPS, not {iops:,}"
    most = max(limits.least, kind.iops_per_gib * (size_gib or limits.most))
    if iops > most:
        return f"{name} has at most {kind.iops_per_gib:,} IOPS per GiB: {most:,} at this size"
    return ""


def throughput_problem(name: str, throughput_mibs: int | None, iops: int | None) -> str:
    """Say why a volume of a type cannot have this throughput with these IOPS; empty if it can."""
    limits = TYPES[name].throughput
    if throughput_mibs is None:
        return ""
    if limits is None:
        return f"{name} takes no `throughput`: leave it out"
    if throughput_mibs not in limits:
        return f"{name} has {limits} MiB/s, not {throughput_mibs:,}"
    least_iops = throughput_mibs * IOPS_PER_MIBS
    if (iops or TYPES[name].default_iops) < least_iops:
        return f"{throughput_mibs:,} MiB/s need at least {least_iops:,} `iops`"
    return ""


def same_device(device: str, other: str) -> bool:
    """Say whether two names mean one device: `/dev/sda1`, `/dev/xvda` and `xvda` are the root."""
    return _slot(device) == _slot(other)


def is_root_name(device: str) -> bool:
    """Say whether a name can only mean a root device."""
    return _slot(device) == _ROOT


def other_spelling(device: str, known: Collection[str], root: str) -> str:
    """Return the device of an image that a name means without being its name; empty if none.

    EC2 takes such a name for one more volume, beside the one that was meant.

    Args:
        device: the name.
        known: the names of the image's devices.
        root: the name of its root device.
    """
    if device in known:
        return ""
    candidates: Iterator[str] = (name for name in known if same_device(device, name))
    return next(candidates, root if is_root_name(device) else "")


def _slot(device: str) -> str:
    if _NVME_ROOT.fullmatch(device):
        return _ROOT
    match = _DISK.fullmatch(device)
    if match is None:
        return device.removeprefix("/dev/")
    letters, digits = match.groups()
    return letters if letters == _ROOT else letters + digits
