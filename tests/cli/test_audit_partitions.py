"""`goldenami audit` of a region that is listed in partitions, on an AWS that heeds its filters."""

import csv
from collections import Counter
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import inventory, region_pages
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
LISTING = "DescribeInstanceImageMetadata"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_METADATA", structs.replace(inventory._METADATA, size=5))
    monkeypatch.setattr(
        inventory, "_RESERVATIONS", structs.replace(inventory._RESERVATIONS, size=5)
    )
    monkeypatch.setattr(region_pages, "BIG_PAGES", 0)


@pytest.fixture
def fleet(sandbox: Sandbox, golden: str, public: str) -> list[str]:
    ec2 = sandbox.client("ec2")
    ids: list[str] = []
    for number, zone in [*((1, zone) for zone in ZONES), *zip((9, 19, 29), ZONES, strict=True)]:
        launched = ec2.run_instances(
            ImageId=public, InstanceType="t3.micro", MinCount=1, MaxCount=number,
            Placement={"AvailabilityZone": zone},
        )  # fmt: skip
        ids += [instance["InstanceId"] for instance in launched["Instances"]]
    ec2.stop_instances(InstanceIds=ids[::7])
    ec2.terminate_instances(InstanceIds=[ids.pop()])
    return ids


def audited(cli: Any, code: int = 10) -> Counter[str]:
    ran = cli("audit", "--region", "us-east-1", "--only", "instances", "--format", "csv")
    assert ran.code == code, ran.err
    return Counter(row["id"] for row in csv.DictReader(ran.out.splitlines()) if row["id"])


def filters(sandbox: Sandbox, name: str) -> set[str]:
    """Return what listings of instances were filtered by."""
    return {
        value
        for call in sandbox.calls
        if call.operation in (LISTING, "DescribeInstances")
        for each in call.parameters.get("Filters", ())
        if each["Name"] == name
        for value in each["Values"]
    }


def test_each_instance_is_judged_once(cli: Any, sandbox: Sandbox, fleet: list[str]) -> None:
    assert audited(cli) == Counter(fleet)
    assert filters(sandbox, "instance-id") > {f"*{digit}" for digit in "0123456789abcdef"}
    assert not filters(sandbox, "availability-zone")


def test_a_throttled_listing_slows_down_and_is_whole(
    cli: Any, sandbox: Sandbox, fleet: list[str]
) -> None:
    fault = Fault(
        service="ec2", operation=LISTING, code="RequestLimitExceeded", status=503, times=4, skip=2
    )
    with sandbox.fail(fault) as armed:
        assert audited(cli) == Counter(fleet)
    assert armed.hits == 4


def test_a_partition_that_fails_makes_the_region_unread(
    cli: Any, sandbox: Sandbox, fleet: list[str]
) -> None:
    fault = Fault(service="ec2", operation=LISTING, code="InvalidNextToken", skip=10)
    with sandbox.fail(fault):
        judged = audited(cli, code=3)
    assert set(judged) < set(fleet)
    assert max(judged.values()) == 1


@pytest.mark.parametrize("denied", [False, True], ids=["zones", "in sequence"])
def test_where_patterns_are_refused_zones_are_listed_or_one_page_after_the_other(
    cli: Any, sandbox: Sandbox, fleet: list[str], denied: bool
) -> None:
    patterns = Fault(
        service="ec2", operation=LISTING, code="InvalidParameterValue", skip=1, times=1
    )
    zones = Fault(
        service="ec2", operation="DescribeAvailabilityZones", code="UnauthorizedOperation",
        status=403, skip=0 if denied else 1,
    )  # fmt: skip
    with sandbox.fail(patterns) as probed, sandbox.fail(zones) as looked_at:
        assert audited(cli) == Counter(fleet)
    assert probed.hits == 1
    assert looked_at.hits == denied
    assert (filters(sandbox, "availability-zone") > set(ZONES)) == (not denied)


def test_without_the_metadata_of_images_instances_are_listed_in_partitions_too(
    cli: Any, sandbox: Sandbox, fleet: list[str]
) -> None:
    old = Fault(service="ec2", operation=LISTING, code="InvalidAction")
    with sandbox.fail(old):
        assert audited(cli) == Counter(fleet)
    assert len(filters(sandbox, "instance-id")) == 17
