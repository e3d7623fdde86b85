"""Which snapshot the root volume of each instance was made from."""

from collections.abc import Iterable

from goldenami.aws.answers.ec2_around import DescribeVolumes
from goldenami.aws.regional import RegionalAws


def snapshots(regional: RegionalAws, devices: Iterable[str]) -> dict[str, str]:
    """Return the snapshot of each instance's root volume; empty if it was made from none.

    Args:
        regional: whose, and where.
        devices: the names that the root device of a golden image has, such as ``/dev/xvda``.
    """
    volumes = regional.rows(
        DescribeVolumes, "reading root volumes",
        Filters=[
            {"Name": "attachment.status", "Values": ["attached"]},
            {"Name": "attachment.device", "Values": sorted(devices)},
        ],
        MaxResults=500,
    )  # fmt: skip
    return {
        attachment.instance_id: volume.snapshot_id
        for volume in volumes
        for attachment in volume.attachments
    }
