"""Service quotas: one that is used up fails a bake half-way, so look first."""

from collections.abc import Callable, Sequence

from goldenami.aws import instances
from goldenami.aws.answers.ec2 import DescribeImages, DescribeInstances
from goldenami.aws.answers.others import GetServiceQuota
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.aws.session import RegionalAws
from goldenami.domain.check_result import CheckResult
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


def images(regional: RegionalAws, needed: int = 1) -> CheckResult:
    """Look whether so many more images fit into a region.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html
    """
    described = regional.rows(
        DescribeImages, "counting the images",
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True,
    )  # fmt: skip
    return _check(regional, AMIS, "images", lambda: len(list(described)), needed)


def shares(regional: RegionalAws, targets: int) -> CheckResult:
    """Look whether an image may be shared with so many."""
    return _check(regional, AMI_SHARING, "launch permissions of an image", lambda: 0, targets)


def vcpus(regional: RegionalAws, instance_type: str, beside: Sequence[str] = ()) -> CheckResult:
    """Look whether one more instance of a type may run; a DryRun does not tell.

    Args:
        regional: whose, and where.
        instance_type: its type.
        beside: the types of instances that are to run at the same time.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html
    """
    letters = next(
        (first_letters for first_letters in VCPUS if _counts(instance_type, first_letters)), None
    )
    if letters is None:
        return CheckResult(
            unknown=(f"the vCPU quota of {instance_type} in {regional.region} was not looked at",)
        )
    together = [instance_type, *(kind for kind in beside if _counts(kind, letters))]
    try:
        kinds = side_by_side(
            together, lambda kind: instances.instance_type(regional, kind, f"looking at {kind}")
        )
    except AwsError:
        return CheckResult()  # the launch that is tried says what is wrong with it
    needed = sum(kinds[kind].v_cpu_info.default_vcpus for kind in together)

    def used() -> int:
        pages = regional.listed(
            DescribeInstances, "counting vCPUs",
            Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}],
        )  # fmt: skip
        return sum(
            instance.cpu_options.core_count * instance.cpu_options.threads_per_core
            for page in pages
            for instance in page.instances
            if _counts(instance.instance_type, letters)
            and instance.instance_lifecycle != "spot"
            and instance.cpu_options
        )

    return _check(
        regional, VCPUS[letters], f"vCPUs for {' and '.join(sorted(together))}", used, needed
    )


def _counts(instance_type: str, letters: str) -> bool:
    return instance_type[:1] in letters and not instance_type.startswith(_OTHERS)


def _check(
    regional: RegionalAws, code: str, what: str, used: Callable[[], int], needed: int
) -> CheckResult:
    counting = ahead(used)
    try:
        answer = regional.ask(GetServiceQuota, "reading a quota", ServiceCode="ec2", QuotaCode=code)
        allowed, there = int(answer.part.value), counting()
    except AwsError as error:
        return CheckResult(
            unknown=(f"the quota of {what} in {regional.region} is not known: {error.message}",)
        )
    usage = f"{what} in {regional.region}: {there:,} of {allowed:,} are used, "
    usage += f"and {needed:,} more {'is' if needed == 1 else 'are'} needed"
    if there + needed > allowed:
        return CheckResult(wrong=(f"quota {code}: {usage}; ask AWS for more, or remove some",))
    return CheckResult(fine=(f"quota of {usage}",))
