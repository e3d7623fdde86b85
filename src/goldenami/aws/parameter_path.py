"""Whether an SSM parameter can be written, told without writing it: SSM knows no DryRun."""

from collections.abc import Sequence

from goldenami.aws.answers.iam import GetRole, SimulatePrincipalPolicy
from goldenami.aws.answers.ssm import GetParameter
from goldenami.aws.ask import ask, listed
from goldenami.aws.errors import NOT_FOUND, code_of
from goldenami.aws.session import Aws
from goldenami.domain.checked import Checked
from goldenami.errors import AwsError

PERMISSIONS = ("iam:GetRole", "iam:SimulatePrincipalPolicy", "ssm:GetParameter")
WRITING = ("ssm:PutParameter", "ssm:LabelParameterVersion")


def check(aws: Aws, region: str, name: str) -> Checked:
    """Look whether a parameter is new or of the type that can be written over.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    try:
        parameter = ask(aws, region, GetParameter, f"reading {name}", Name=name).parameter
    except AwsError as error:
        if code_of(error) in NOT_FOUND:
            return Checked(fine=(f"parameter {name} is new in {region}",))
        return Checked(wrong=(error.message,))
    if parameter.type != "String":
        return Checked(
            wrong=(
                f"parameter {name} in {region} is a {parameter.type}, and SSM does not change "
                "types: delete it, or publish under another name",
            )
        )
    return Checked(fine=(f"parameter {name} in {region} is version {parameter.version}",))


def may_write(aws: Aws, regions: Sequence[str], name: str) -> Checked:
    """Ask IAM's policy simulator whether the caller may write a parameter in these regions.

    What the simulator cannot see, such as a session policy, is not known.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    path = f"parameter/{name.removeprefix('/')}"
    arns = [f"arn:{aws.partition}:ssm:{one}:{aws.account}:{path}" for one in regions]
    doing = "asking whether the parameter may be written"
    try:
        source = _identity(aws, doing)
        if source is None:
            return Checked(fine=(f"{name} may be written by the account's root user",))
        pages = listed(
            aws, None, SimulatePrincipalPolicy, doing,
            PolicySourceArn=source, ActionNames=list(WRITING), ResourceArns=arns,
        )  # fmt: skip
        results = [result for page in pages for result in page.evaluation_results]
    except AwsError as error:
        return Checked(unknown=(f"whether {name} may be written is not known: {error.message}",))
    refused = sorted(
        f"{result.eval_action_name} on {part.eval_resource_name}"
        for result in results
        for part in result.resource_specific_results
        if part.eval_resource_decision != "allowed"
    )
    if refused:
        return Checked(wrong=tuple(f"the caller may not {one}" for one in refused))
    return Checked(fine=(f"{name} may be written in {', '.join(regions)}",))


def _identity(aws: Aws, doing: str) -> str | None:
    """Return the caller's user or role, which the simulator asks for; None for the root user."""
    kind, _, rest = aws.caller.split(":")[5].partition("/")
    if kind == "assumed-role":
        role = rest.split("/")[0]
        return ask(aws, None, GetRole, doing, RoleName=role).role.arn
    return aws.caller if kind == "user" else None
