"""Whether SSM reaches instances that have no instance profile: by default host management.

https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html
"""

from goldenami.aws.answers.ssm import GetServiceSetting
from goldenami.aws.session import RegionalAws
from goldenami.domain.check_result import CheckResult
from goldenami.errors import AwsError

PERMISSIONS = ("ssm:GetServiceSetting",)
_DEFAULT_ROLE = "/ssm/managed-instance/default-ec2-instance-management-role"
_NO_ROLE = "$None"


def check(regional: RegionalAws, steps: str) -> CheckResult:
    """Look whether the region's default host management takes instances without a profile.

    Args:
        regional: where the instances are launched.
        steps: the keys of the release file that need it, for messages.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetServiceSetting.html
    """
    try:
        setting = regional.ask(
            GetServiceSetting, "looking at default host management", SettingId=_DEFAULT_ROLE
        ).part.value  # fmt: skip
    except AwsError as error:
        return CheckResult(
            unknown=(f"whether SSM reaches the instance for {steps}: {error.message}",)
        )
    if setting == _NO_ROLE:
        return CheckResult(
            wrong=(
                f"{steps}: runs by SSM Run Command, which does not reach the instance: name a "
                "profile in `base.instance_profile` whose role has the policy "
                f"AmazonSSMManagedInstanceCore ({regional.region} has no default host management "
                "role)",
            )
        )
    role = setting.rpartition("/")[2]
    return CheckResult(fine=(f"{steps}: SSM reaches the instance by the default role {role}",))
