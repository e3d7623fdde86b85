"""Whether an SSM parameter can be written, told without writing it: SSM knows no DryRun."""

from collections.abc import Sequence

from goldenami.aws import policy_simulator
from goldenami.aws.answers.ssm import GetParameter
from goldenami.aws.errors import NOT_FOUND, code_of
from goldenami.aws.regional import RegionalAws
from goldenami.aws.session import Aws
from goldenami.domain import arns
from goldenami.domain.check_result import CheckResult
from goldenami.errors import AwsError

PERMISSIONS = (*policy_simulator.PERMISSIONS, "ssm:GetParameter")
WRITING = ("ssm:PutParameter", "ssm:LabelParameterVersion")


def check(regional: RegionalAws, name: str) -> CheckResult:
    """Look whether a parameter is new or of the type that can be written over.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    try:
        parameter = regional.ask(GetParameter, f"reading {name}", Name=name).parameter
    except AwsError as error:
        if code_of(error) in NOT_FOUND:
            return CheckResult(fine=(f"parameter {name} is new in {regional.region}",))
        return CheckResult(wrong=(error.message,))
    if parameter.type != "String":
        return CheckResult(
            wrong=(
                f"parameter {name} in {regional.region} is a {parameter.type}, and SSM does not "
                "change types: delete it, or publish under another name",
            )
        )
    return CheckResult(
        fine=(f"parameter {name} in {regional.region} is version {parameter.version}",)
    )


def may_write(aws: Aws, regions: Sequence[str], name: str) -> CheckResult:
    """Ask IAM's policy simulator whether the caller may write a parameter in these regions."""
    parameters = [
        arns.arn(aws.partition, "ssm", region, aws.account, "parameter", name) for region in regions
    ]
    try:
        refused = policy_simulator.refused(
            aws, WRITING, parameters, "asking whether the parameter may be written"
        )
    except AwsError as error:
        return CheckResult(
            unknown=(f"whether {name} may be written is not known: {error.message}",)
        )
    if refused is None:
        return CheckResult(fine=(f"{name} may be written by the account's root user",))
    if refused:
        return CheckResult(wrong=tuple(f"the caller may not {action}" for action in refused))
    return CheckResult(fine=(f"{name} may be written in {', '.join(regions)}",))
