"""Commands in any order, cut off anywhere: no status goes where the table does not lead.

The dice are seeded: with GOLDENAMI_SOAK there are many throws.
"""

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

from goldenami.domain import record, tags
from goldenami.domain.status import Status, may_become, may_return
from goldenami_sandbox.calls import Call
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

THROWS = 40 if os.environ.get("GOLDENAMI_SOAK") else 2
COMMANDS = 7
WHY = ("--why", "dice", "--yes")
ORDERS: tuple[tuple[str, ...], ...] = (
    ("deprecate", "web-base", "{version}", *WHY),
    ("revoke", "web-base", "{version}", *WHY),
    ("revoke", "web-base", "{version}", "--hard", *WHY),
    ("retire", "web-base", "{version}", "--now", *WHY),
    ("restore", "web-base", "{version}", *WHY),
    ("rollback", "web-base", "--yes"),
)
BACK = ("restore", "rollback")
CUT = (
    ("ec2", "CreateTags"), ("ssm", "PutParameter"), ("ec2", "EnableImageDeprecation"),
    ("ec2", "DisableImage"), ("ec2", "EnableImage"), ("ec2", "DeregisterImage"),
)  # fmt: skip
ENDS = (0, 1, 2, 3, 4, 10)


def written(calls: Sequence[Call]) -> dict[str, list[str]]:
    """Return the statuses that calls have written, by resource, in their order."""
    statuses: dict[str, list[str]] = {}
    for call in calls:
        if call.operation != "CreateTags":
            continue
        for tag in call.parameters["Tags"]:
            if tag["Key"] == tags.STATUS:
                for resource in call.parameters["Resources"]:
                    statuses.setdefault(resource, []).append(tag["Value"])
    return statuses


def lives(sandbox: Sandbox) -> list[list[Status]]:
    """Return what the records say became of each build."""
    ssm = sandbox.client("ssm")
    kept = ssm.get_parameters_by_path(Path="/goldenami/build", Recursive=True)["Parameters"]
    records = [record.read(each["Name"], each["Value"]) for each in kept]
    return [[change.status for change in each.life or ()] for each in records if each]


@pytest.mark.parametrize("seed", range(THROWS))
def test_no_order_of_commands_and_failures_takes_a_status_where_none_leads(
    cli: Any, write: Any, sandbox: Sandbox, seed: int
) -> None:
    dice = random.Random(seed)
    now: dict[str, str] = {}
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version, regions=["us-east-1"]), "--yes").code == 0
    now = {each: several[-1] for each, several in written(sandbox.calls).items()}
    for _ in range(COMMANDS):
        order = dice.choice(ORDERS)
        words = [word.format(version=dice.choice(("1.0", "2.0"))) for word in order]
        service, operation = dice.choice(CUT)
        fault = Fault(
            service=service, operation=operation, code="UnauthorizedOperation", status=403,
            skip=dice.randrange(3), times=1,
        )  # fmt: skip
        before = len(sandbox.calls)
        with sandbox.fail(fault):
            ran = cli(*words)
        assert ran.code in ENDS, ran.err
        for resource, several in written(sandbox.calls[before:]).items():
            for status in map(Status, several):
                may = may_become(now.get(resource, ""), status) or (
                    order[0] in BACK and may_return(now.get(resource, ""), status)
                )
                assert may, (words, resource, now.get(resource), status)
                now[resource] = status
    for life in lives(sandbox):
        for earlier, later in zip([Status.APPROVED, *life], life, strict=False):
            assert may_become(earlier, later) or may_return(earlier, later), life
