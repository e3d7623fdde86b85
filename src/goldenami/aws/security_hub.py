"""Importing findings into AWS Security Hub.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
"""

from collections.abc import Sequence
from typing import Any

from goldenami.aws.answers.others import BatchImportFindings
from goldenami.aws.session import RegionalAws

FINDINGS_A_CALL = 100


def import_findings(regional: RegionalAws, findings: Sequence[dict[str, Any]]) -> list[str]:
    """Import at most 100 findings of the caller's account and region.

    Returns:
        What Security Hub did not take, and why.

    Raises:
        AwsError: it could not be asked, or is not enabled there.
    """
    purpose = "importing findings into Security Hub"
    answer = regional.ask(BatchImportFindings, purpose, Findings=findings)
    return [
        f"{failed.id}: {failed.error_code}: {failed.error_message}"
        for failed in answer.failed_findings
    ]
