"""Service quotas: one that is used up fails a bake half-way, so look first."""

from collections.abc import Callable

from goldenami.aws import instance_types
from goldenami.aws.calls import pages
from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.domain.checked import Checked
from goldenami.errors import AwsError

PERMISSIONS = ("servicequotas:GetServiceQuota",)
AMIS = "L-B665C33B"
AMI_SHARING = "L-70015FFA"
VCPUS = {
    "acdhimrtz": "L-1216C47A",
    "f": "L-74FC7D96",
    "gv": "L-DB2E81BA",
    "p": "L-417A185B",
    "x": "L-7295265B",
}
"""The quota of running vCPUs, by first letter of the instance types that count to it."""
_OTHERS = ("inf", "trn", "hpc", "dl", "mac")
"""Families with quotas of their own, which no bake is usually done on."""


def images(aws: Aws, region: str) -> Checked:
    """Look whether one more image fits into a region.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html
    """
    found = pages(
        aws, "ec2", "describe_images", "Images", region, "counting the images",
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True,
    )  # fmt: skip
    return _check(aws, region, AMIS, "images", lambda: sum(1 for _ in found), 1)


def shares(aws: Aws, region: str, targets: int) -> Checked:
    """Look whether an image may be shared with so many."""
    return _check(aws, region, AMI_SHARING, "launch permissions of an image", lambda: 0, targets)


def vcpus(aws: Aws, region: str, instance_type: str) -> Checked:
    """Look whether one more instance of a type may run; a DryRun does not tell.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html
    """
    letters = next((one for one in VCPUS if _counts(instance_type, one)), None)
    if letters is None:
        return Checked(
            unknown=(f"the vCPU quota of {instance_type} in {region} was not looked at",)
        )
    try:
        kind = instance_types.described(aws, region, instance_type, f"looking at {instance_type}")
    except AwsError:
        return Checked()  # the launch that is tried says what is wrong with it
    needed = int(kind["VCpuInfo"]["DefaultVCpus"])

    def used() -> int:
        reservations = pages(
            aws, "ec2", "describe_instances", "Reservations", region, "counting vCPUs",
            Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}],
        )  # fmt: skip
        return sum(
            one["CpuOptions"]["CoreCount"] * one["CpuOptions"]["ThreadsPerCore"]
            for reservation in reservations
            for one in reservation["Instances"]
            if _counts(one["InstanceType"], letters)
            and one.get("InstanceLifecycle") != "spot"
            and "CpuOptions" in one
        )

    return _check(aws, region, VCPUS[letters], f"vCPUs for {instance_type}", used, needed)


def _counts(instance_type: str, letters: str) -> bool:
    return instance_type[:1] in letters and not instance_type.startswith(_OTHERS)


def _check(
    aws: Aws, region: str, code: str, what: str, used: Callable[[], int], needed: int
) -> Checked:
    try:
        with explained("reading a quota", region):
            answer = aws.client("service-quotas", region).get_service_quota(
                ServiceCode="ec2", QuotaCode=code
            )
        allowed, there = int(answer["Quota"]["Value"]), used()
    except AwsError as error:
        return Checked(unknown=(f"the quota of {what} in {region} is not known: {error.message}",))
    told = f"{what} in {region}: {there:,} of {allowed:,} are used, and {needed:,} more are needed"
    if there + needed > allowed:
        return Checked(wrong=(f"quota {code}: {told}; ask AWS for more, or remove some",))
    return Checked(fine=(f"quota of {told}",))
