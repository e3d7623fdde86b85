"""Whether the caller may do something, asked of IAM's policy simulator.

What the simulator cannot see, such as a session policy, is not known.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Sequence

from goldenami.aws.answers.iam import GetRole, SimulatePrincipalPolicy
from goldenami.aws.session import Aws

PERMISSIONS = ("iam:GetRole", "iam:SimulatePrincipalPolicy")


def refused(
    aws: Aws, actions: Sequence[str], arns: Sequence[str], doing: str
) -> tuple[str, ...] | None:
    """Return which of these actions on these resources the caller may not do, in words.

    Returns:
        Nothing if he may do all; None if he is the account's root user, who is not simulated.

    Raises:
        AwsError: the simulator could not be asked.
    """
    source = _identity(aws, doing)
    if source is None:
        return None
    pages = aws.listed(
        SimulatePrincipalPolicy, doing,
        PolicySourceArn=source, ActionNames=list(actions), ResourceArns=list(arns),
    )  # fmt: skip
    results = [result for page in pages for result in page.evaluation_results]
    return tuple(
        sorted(
            f"{result.eval_action_name} on {part.eval_resource_name}"
            for result in results
            for part in result.resource_specific_results
            if part.eval_resource_decision != "allowed"
        )
    )


def _identity(aws: Aws, doing: str) -> str | None:
    """Return the caller's user or role, which the simulator asks for; None for the root user."""
    kind, _, rest = aws.caller.split(":")[5].partition("/")
    if kind == "assumed-role":
        role = rest.split("/")[0]
        return aws.ask(GetRole, doing, RoleName=role).role.arn
    return aws.caller if kind == "user" else None
