"""Importing findings into AWS Security Hub.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
"""

from collections.abc import Sequence
from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.session import Aws

FINDINGS_A_CALL = 100


def import_findings(aws: Aws, region: str, findings: Sequence[dict[str, Any]]) -> list[str]:
    """Import at most 100 findings of the caller's account and region.

    Returns:
        What Security Hub did not take, and why.

    Raises:
        AwsError: it could not be asked, or is not enabled there.
    """
    with explained("importing findings into Security Hub", region):
        answer = aws.client("securityhub", region).batch_import_findings(Findings=findings)
    return [
        f"{one['Id']}: {one['ErrorCode']}: {one['ErrorMessage']}"
        for one in answer.get("FailedFindings", ())
    ]
