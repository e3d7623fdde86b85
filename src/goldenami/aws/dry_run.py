"""Whether a call would be allowed, told by EC2 without making it.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
"""

from typing import Any

from goldenami.aws.answers.actions import ANSWERS
from goldenami.aws.regional import RegionalAws
from goldenami.errors import AwsError

_PASSED = "DryRunOperation"


def refusal(
    regional: RegionalAws, call: str, purpose: str, /, **parameters: Any
) -> AwsError | None:
    """Try a call with ``DryRun``; return why it would fail, None if it would not.

    Args:
        regional: whose AWS, and where.
        call: one of a plan's calls: ``ec2:RunInstances``.
        purpose: what it is tried for, as a sentence starts.
        parameters: those of the call.
    """
    try:
        regional.ask(ANSWERS[call], purpose, **parameters, DryRun=True)
    except AwsError as error:
        return None if error.code == _PASSED else error
    return None
