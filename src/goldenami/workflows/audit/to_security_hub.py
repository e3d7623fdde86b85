"""Sending the findings of an audit to Security Hub: each to its account and region."""

from collections.abc import Iterable, Iterator
from typing import Any

from goldenami.aws.security_hub import FINDINGS_A_CALL, import_findings
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.errors import AwsError, IncompleteError

MOST_PROBLEMS = 20
Finding = dict[str, Any]


def send(aws: Aws, findings: Iterable[Finding], role: str) -> int:
    """Import findings, and return how many.

    A finding can be imported only by the account that it is about, so that those of others are
    sent as the role there.

    Args:
        aws: the caller.
        findings: in Security Hub's format.
        role: the name of the role in other accounts.

    Raises:
        IncompleteError: some could not be imported; the others were.
    """
    sent = 0
    problems: list[str] = []
    for (account, region), some in _batches(findings):
        try:
            place = AccountRegion(account, region, aws.role_in(account, role))
            refused = import_findings(aws.at(place), some)
        except AwsError as error:
            problems.append(f"{account}/{region}: {error.message}")
            continue
        sent += len(some) - len(refused)
        problems += refused
    if problems:
        raise IncompleteError(
            f"not all findings could be imported into Security Hub ({sent} were)",
            notes=problems[:MOST_PROBLEMS],
            fix="enable Security Hub there, and allow securityhub:BatchImportFindings",
        )
    return sent


def _batches(findings: Iterable[Finding]) -> Iterator[tuple[tuple[str, str], list[Finding]]]:
    """Yield findings in batches of one account and region."""
    waiting: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        where = (finding["AwsAccountId"], finding["ProductArn"].split(":")[3])
        some = waiting.setdefault(where, [])
        some.append(finding)
        if len(some) == FINDINGS_A_CALL:
            yield where, waiting.pop(where)
    yield from waiting.items()
