"""Bakes between whose calls and the embedded AWS things go wrong, by the dice of many seeds.

Whatever happens: no traceback, nothing that `sweep` does not list, no wrong tag, no half release
that is not marked as one; and once the trouble is over, the same command ends the release.
"""

import random
from contextlib import ExitStack
from typing import Any

import pytest

from goldenami.aws import session
from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import PARAMETER, REGIONS, SOAK, account

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

SEEDS = 160 if SOAK else 20
PARTS = 4
MUTATING = (
    ("ec2", "RunInstances"), ("ec2", "CreateImage"), ("ec2", "CopyImage"), ("ec2", "CreateTags"),
    ("ec2", "ModifyImageAttribute"), ("ec2", "TerminateInstances"), ("ssm", "PutParameter"),
    ("ssm", "LabelParameterVersion"), ("ec2", "DeleteTags"), ("ssm", "DeleteParameter"),
)  # fmt: skip
READING = (
    ("ec2", "DescribeImages"), ("ec2", "DescribeInstances"), ("ec2", "DescribeInstanceStatus"),
    ("ssm", "GetParameter"), ("ec2", "DescribeSnapshots"), ("ec2", "DescribeImageAttribute"),
)  # fmt: skip
STALE = {
    "DescribeImages": "InvalidAMIID.NotFound",
    "CopyImage": "InvalidAMIID.NotFound",
    "CreateTags": "InvalidAMIID.NotFound",
    "ModifyImageAttribute": "InvalidAMIID.NotFound",
    "CreateImage": "InvalidInstanceID.NotFound",
    "DescribeInstances": "InvalidInstanceID.NotFound",
}


def trouble(dice: random.Random) -> Fault | None:
    """Return one thing that goes wrong; None for a copy that turns failed."""
    service, operation = dice.choice(MUTATING + READING)
    region = dice.choice((None, *REGIONS))
    times, skip, applied = dice.randint(1, 6), dice.randint(0, 3), dice.random() < 0.5
    match dice.choice(
        ("throttled", "broken", "reset", "slow", "stale", "copy", "expired", "down", "refused")
    ):
        case "throttled":
            return Fault(service=service, operation=operation, code="RequestLimitExceeded",
                         status=503, times=times, skip=skip)  # fmt: skip
        case "broken":
            return Fault(service=service, operation=operation, code="InternalError", status=500,
                         times=times, skip=skip, applied=applied)  # fmt: skip
        case "reset":
            return Fault(service=service, operation=operation, reset=True, times=times, skip=skip,
                         applied=applied)  # fmt: skip
        case "slow":
            return Fault(service=service, operation=operation, delay_s=0.02, times=times)
        case "stale":
            operation = dice.choice(sorted(STALE))
            return Fault(service="ec2", operation=operation, code=STALE[operation], times=times,
                         skip=skip, region=region)  # fmt: skip
        case "expired":
            return Fault(service=dice.choice(("ec2", "ssm")), operation="*", code="ExpiredToken",
                         status=403, skip=dice.randint(10, 60))  # fmt: skip
        case "down":
            return Fault(service=dice.choice(("ec2", "ssm")), operation="*", region="eu-west-1",
                         code="ServiceUnavailable", status=503,
                         skip=dice.randint(0, 12))  # fmt: skip
        case "refused":
            return Fault(service=service, operation=operation, code="UnauthorizedOperation",
                         status=403, times=1, skip=skip, region=region)  # fmt: skip
    return None


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ATTEMPTS", 1)  # our own patience is what is tried
    monkeypatch.setattr("goldenami.bake.distribute.COMPARE_TIMEOUT_S", 0.5)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_nothing_is_lost_and_the_release_can_be_ended(
    cli: Any, write: Any, sandbox: Sandbox, part: int, record_property: Any
) -> None:
    release = write(share={"accounts": ["111122223333"]})
    codes: dict[int, int] = {}
    sandbox.pending_s = 0.0
    assert cli("bake", release, "--yes").code == 0
    wanted = account(sandbox)
    for seed in range(part, SEEDS, PARTS):
        sandbox.reset()
        sandbox.pending_s = 0.0
        code = troubled(cli, release, sandbox, seed)
        codes[code] = codes.get(code, 0) + 1
        if code != 0:
            ran = cli("bake", release, "--yes")
            assert ran.code == 0, f"seed {seed}: {ran.err}"
        elif account(sandbox)["us-east-1"]["leases"]:  # its end could not be told to AWS
            assert cli("sweep", "--older-than", "0s", "--region", "us-east-1", "--yes").code == 0
        assert account(sandbox) == wanted, f"seed {seed}"
    told = ", ".join(f"{count} with exit code {code}" for code, count in sorted(codes.items()))
    record_property("counted", f"{sum(codes.values())} seeded runs in trouble: {told}")


def troubled(cli: Any, release: Any, sandbox: Sandbox, seed: int) -> int:
    """Bake while things go wrong; check what is left; return the exit code."""
    dice = random.Random(seed)
    with ExitStack() as stack:
        for _ in range(dice.randint(1, 3)):
            fault = trouble(dice)
            failing = sandbox.failing_copies(REGIONS[1], "Copy image operation failed")
            stack.enter_context(sandbox.fail(fault) if fault else failing)
        ran = cli("bake", release, "--yes")
    assert "Traceback" not in ran.err, f"seed {seed}: {ran.err}"
    assert "unexpected" not in ran.err, f"seed {seed}: {ran.err}"
    assert ran.code in (0, 1, 3), f"seed {seed}: {ran.err}"
    if ran.code == 0:
        return 0
    where = [word for region in REGIONS for word in ("--region", region)]
    swept = cli("sweep", "--older-than", "0s", "--plan", "--format", "json", *where).out
    parameters = {region: published(sandbox, region) for region in REGIONS}
    for region in REGIONS:
        look(sandbox, region, swept, parameters, seed)
    return int(ran.code)


def published(sandbox: Sandbox, region: str) -> str:
    found = sandbox.client("ssm", region).get_parameters(Names=[PARAMETER])["Parameters"]
    return str(found[0]["Value"]) if found else ""


def look(sandbox: Sandbox, region: str, swept: str, parameters: dict[str, str], seed: int) -> None:
    ec2 = sandbox.client("ec2", region)
    approved: dict[str, dict[str, str]] = {}
    snapshots: set[str] = set()
    for image in ec2.describe_images(Owners=["self"])["Images"]:
        written = tags.from_aws(image["Tags"])
        assert (written["Team"], written[tags.VERSION]) == ("platform", "1.0"), seed
        if written[tags.STATUS] == "approved":
            approved[image["ImageId"]] = written
            snapshots |= {one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"]}
        else:
            assert image["ImageId"] in swept, f"seed {seed}: an orphan image"
            snapshots |= {one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"]}
    for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        known = snapshot["SnapshotId"] in snapshots or snapshot["SnapshotId"] in swept
        assert known, f"seed {seed}: an orphan snapshot"
    for reservation in ec2.describe_instances()["Reservations"]:
        for one in reservation["Instances"]:
            gone = one["State"]["Name"] in ("terminated", "shutting-down")
            assert gone or one["InstanceId"] in swept, f"seed {seed}: an orphan instance"
    if parameters[region]:
        written = approved[parameters[region]]
        missing = [one for one in REGIONS if not parameters[one]]
        marked = written.get(tags.UNPUBLISHED, "").split()
        assert set(missing) <= set(marked), f"seed {seed}: half a release that is not marked"
