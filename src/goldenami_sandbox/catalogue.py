"""The public images of the sandbox: a few that AWS and Canonical publish, in every region.

Names, owners and SSM parameters follow
https://docs.aws.amazon.com/linux/al2023/ug/ec2.html,
https://docs.aws.amazon.com/ec2/latest/windows-ami-reference/windows-amis.html and
https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/.
"""

import hashlib

from msgspec import Struct

AMAZON = "137112412989"
WINDOWS = "801119661308"
CANONICAL = "099720109477"
_AL2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami"
_UBUNTU = "/aws/service/canonical/ubuntu/server"


class PublicImage(Struct, frozen=True, kw_only=True):
    """An image that every account can see."""

    name: str
    owner_id: str
    description: str
    architecture: str
    root_device_name: str
    size_gib: int
    created: str
    ssm_parameters: tuple[str, ...]
    platform: str | None = None
    platform_details: str | None = None
    boot_mode: str = "uefi-preferred"
    imds_support: str | None = "v2.0"
    tpm_support: str | None = None

    def id_in(self, region: str) -> str:
        """Return the image's id, which is another one in each region, but always the same."""
        return "ami-0" + hashlib.sha256(f"{region}/{self.name}".encode()).hexdigest()[:16]


def _amazon_linux(kind: str, architecture: str, size_gib: int) -> PublicImage:
    infix = "" if kind == "default" else f"-{kind}"
    return PublicImage(
        name=f"al2023-ami{infix}-2023.9.20261105.0-kernel-6.1-{architecture}",
        owner_id=AMAZON,
        description=f"Amazon Linux 2023 AMI 2023.9.20261105.0 {architecture} HVM kernel-6.1",
        architecture=architecture,
        boot_mode="uefi" if architecture == "arm64" else "uefi-preferred",
        root_device_name="/dev/xvda",
        size_gib=size_gib,
        created="2026-11-05T18:42:16.000Z",
        ssm_parameters=(
            f"{_AL2023}{infix}-kernel-default-{architecture}",
            f"{_AL2023}{infix}-kernel-6.1-{architecture}",
        ),
    )


def _ubuntu(release: str, codename: str, serial: str, machine: str) -> PublicImage:
    architecture = "x86_64" if machine == "amd64" else machine
    return PublicImage(
        name=f"ubuntu/images/hvm-ssd-gp3/ubuntu-{codename}-{release}-{machine}-server-{serial}",
        owner_id=CANONICAL,
        description=f"Canonical, Ubuntu, {release}, {machine} {codename} image",
        architecture=architecture,
        boot_mode="uefi" if architecture == "arm64" else "uefi-preferred",
        imds_support="v2.0" if release >= "23.04" else None,
        root_device_name="/dev/sda1",
        size_gib=8,
        created=f"{serial[:4]}-{serial[4:6]}-{serial[6:]}T04:27:51.000Z",
        ssm_parameters=(f"{_UBUNTU}/{release}/stable/current/{machine}/hvm/ebs-gp3/ami-id",),
    )


def _windows(prefix: str = "", edition: str = "Base", with_: str = "") -> PublicImage:
    kind = f"{prefix}Windows_Server-2022-English-Full-{edition}"
    return PublicImage(
        name=f"{kind}-2026.11.12",
        owner_id=WINDOWS,
        description=f"Microsoft Windows Server 2022 Full Locale English {with_}".rstrip()
        + " AMI provided by Amazon",
        architecture="x86_64",
        root_device_name="/dev/sda1",
        size_gib=30,
        created="2026-11-12T05:36:07.000Z",
        ssm_parameters=(f"/aws/service/ami-windows-latest/{kind}",),
        platform="windows",
        platform_details=f"Windows with {with_}" if with_ else None,
        boot_mode="uefi" if prefix else "legacy-bios",
        imds_support=None,
        tpm_support="v2.0" if prefix else None,
    )


IMAGES = (
    _amazon_linux("default", "x86_64", 8),
    _amazon_linux("default", "arm64", 8),
    _amazon_linux("minimal", "x86_64", 2),
    _amazon_linux("minimal", "arm64", 2),
    _ubuntu("22.04", "jammy", "20261014", "amd64"),
    _ubuntu("24.04", "noble", "20261028", "amd64"),
    _ubuntu("24.04", "noble", "20261028", "arm64"),
    _windows(),
    _windows("TPM-"),
    _windows(edition="SQL_2022_Standard", with_="SQL Server Standard"),
)
