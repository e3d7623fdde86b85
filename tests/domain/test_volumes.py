"""What AWS takes of each volume type, and which names mean one device."""

import pytest

from goldenami.domain import volumes

GP3, IO1, IO2 = "gp3", "io1", "io2"


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("gp2", 1, 16_384), (GP3, 1, 65_536), (IO1, 4, 16_384), (IO2, 4, 65_536),
        ("st1", 125, 16_384), ("sc1", 125, 16_384), ("standard", 1, 1_024),
    ],
)  # fmt: skip
def test_a_type_has_sizes_from_its_least_to_its_most(name: str, least: int, most: int) -> None:
    assert volumes.size_problem(name, least) == volumes.size_problem(name, most) == ""
    for size_gib in (least - 1, most + 1):
        said = volumes.size_problem(name, size_gib)
        assert said == f"{name} has {least:,} to {most:,} GiB, not {size_gib:,}"


@pytest.mark.parametrize(
    ("name", "iops", "size_gib", "said"),
    [
        (GP3, None, 1, ""), (GP3, 3_000, 1, ""), (GP3, 3_000, None, ""), (GP3, 80_000, 160, ""),
        (GP3, 80_000, None, ""), (GP3, 15_000, 30, ""), (IO1, 100, 4, ""), (IO1, 200, 4, ""),
        (IO1, 64_000, 1_280, ""), (IO2, 4_000, 4, ""), (IO2, 256_000, 256, ""),
        ("gp2", None, 8, ""),
        (GP3, 2_999, 30, "gp3 has 3,000 to 80,000 IOPS, not 2,999"),
        (GP3, 80_001, 200, "gp3 has 3,000 to 80,000 IOPS, not 80,001"),
        (GP3, 15_001, 30, "gp3 has at most 500 IOPS per GiB: 15,000 at this size"),
        (GP3, 3_001, 1, "gp3 has at most 500 IOPS per GiB: 3,000 at this size"),
        (IO1, None, 8, "io1 needs `iops`: 100 to 64,000"),
        (IO2, None, None, "io2 needs `iops`: 100 to 256,000"),
        (IO1, 99, 8, "io1 has 100 to 64,000 IOPS, not 99"),
        (IO1, 201, 4, "io1 has at most 50 IOPS per GiB: 200 at this size"),
        (IO1, 64_001, 16_384, "io1 has 100 to 64,000 IOPS, not 64,001"),
        (IO2, 4_001, 4, "io2 has at most 1,000 IOPS per GiB: 4,000 at this size"),
        (IO2, 256_001, 1_024, "io2 has 100 to 256,000 IOPS, not 256,001"),
        ("gp2", 100, 8, "gp2 takes no `iops`: leave it out"),
        ("st1", 500, 125, "st1 takes no `iops`: leave it out"),
        ("standard", 100, 8, "standard takes no `iops`: leave it out"),
    ],
)  # fmt: skip
def test_iops_fit_the_type_and_the_size(
    name: str, iops: int | None, size_gib: int | None, said: str
) -> None:
    assert volumes.iops_problem(name, iops, size_gib) == said


@pytest.mark.parametrize(
    ("name", "throughput_mibs", "iops", "said"),
    [
        ("gp2", None, None, ""), (GP3, None, None, ""), (GP3, 125, None, ""), (GP3, 750, None, ""),
        (GP3, 750, 3_000, ""), (GP3, 2_000, 8_000, ""),
        (GP3, 124, None, "gp3 has 125 to 2,000 MiB/s, not 124"),
        (GP3, 2_001, 80_000, "gp3 has 125 to 2,000 MiB/s, not 2,001"),
        (GP3, 751, None, "751 MiB/s need at least 3,004 `iops`"),
        (GP3, 2_000, 7_999, "2,000 MiB/s need at least 8,000 `iops`"),
        (IO2, 125, 4_000, "io2 takes no `throughput`: leave it out"),
        ("sc1", 125, None, "sc1 takes no `throughput`: leave it out"),
    ],
)  # fmt: skip
def test_throughput_fits_the_type_and_the_iops(
    name: str, throughput_mibs: int | None, iops: int | None, said: str
) -> None:
    assert volumes.throughput_problem(name, throughput_mibs, iops) == said


def test_all_types_but_hard_disks_boot() -> None:
    assert [name for name, kind in volumes.TYPES.items() if not kind.boots] == ["st1", "sc1"]


ROOTS = (
    "/dev/sda1", "/dev/sda", "/dev/xvda", "/dev/xvda1", "xvda", "xvda1", "/dev/hda", "/dev/vda1",
    "/dev/nvme0n1", "/dev/nvme0n1p1",
)  # fmt: skip
OTHERS = ("/dev/sdf", "/dev/xvdf", "/dev/sdb", "/dev/xvdaa", "/dev/sdaa", "/dev/nvme1n1", "/dev/md")


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("device", ROOTS)
def test_every_other_spelling_of_the_root_means_the_root(device: str, root: str) -> None:
    assert volumes.same_device(device, root)
    assert volumes.is_root_name(device)
    assert volumes.other_spelling(device, {root}, root) == ("" if device == root else root)


@pytest.mark.parametrize("device", OTHERS)
def test_a_device_that_is_no_root_spelling_is_one_more(device: str) -> None:
    assert volumes.other_spelling(device, {"/dev/sda1"}, "/dev/sda1") == ""


@pytest.mark.parametrize(
    ("device", "meant"),
    [
        ("/dev/sdf", ""), ("/dev/xvdf", "/dev/sdf"), ("/dev/sdf1", ""), ("/dev/xvdg", ""),
        ("/dev/sda2", "/dev/xvdb"), ("/dev/sdb", "/dev/xvdb"), ("/dev/xvdb", ""),
    ],
)  # fmt: skip
def test_other_devices_of_an_image_have_spellings_too(device: str, meant: str) -> None:
    assert volumes.other_spelling(device, ("/dev/xvdb", "/dev/sdf"), "/dev/xvdb") == meant
