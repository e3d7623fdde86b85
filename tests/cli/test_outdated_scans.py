"""What Inspector finds on a released image makes its release outdated."""

import json
from datetime import datetime, timedelta
from typing import Any

from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability

FIXED = datetime(2026, 1, 2)  # noqa: DTZ001  as the sandbox has times
CURL = Vulnerability(
    id="CVE-1", severity="CRITICAL", package="curl", version="8", fixed_in="9",
    fix_available_since=FIXED,
)  # fmt: skip
NEW = Vulnerability(id="CVE-3", severity="HIGH", package="vim", version="9", fixed_in="9.1")
XZ = Vulnerability(id="CVE-2", severity="HIGH", package="xz", version="5")


def test_a_scan_of_the_released_image_makes_it_outdated(
    cli: Any, write: Any, golden: str, sandbox: Sandbox
) -> None:
    release = write(regions=["us-east-1"], enforce=None)

    def scan(*found: Vulnerability) -> tuple[int, dict[str, bool]]:
        with sandbox.vulnerable("us-east-1", *found):
            sandbox.client("inspector2").start_on_demand_scan(resourceId=golden, resourceType="AMI")
        ran = cli("outdated", release, "--format", "json")
        [item] = json.loads(ran.out)["items"]
        return ran.code, {reason["rule"]: reason["bake_mends"] for reason in item["reasons"]}

    assert scan() == (0, {})
    assert scan(XZ) == (0, {})
    assert scan(CURL) == (10, {"vulnerable-image": False})
    sandbox.advance(timedelta(days=3))
    assert scan(NEW) == (10, {"vulnerable-image": True})
