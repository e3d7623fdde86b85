from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.ec2.regions import ENABLED_BY_DEFAULT
from goldenami_sandbox.server import Sandbox


def statuses(answer: Any) -> dict[str, str]:
    return {region["RegionName"]: region["OptInStatus"] for region in answer["Regions"]}


def test_enabled_regions_are_those_that_need_no_opt_in(ec2: Any) -> None:
    found = statuses(ec2.describe_regions())
    assert found == dict.fromkeys(ENABLED_BY_DEFAULT, "opt-in-not-required")
    assert len(found) == 17


def test_all_regions_are_those_of_the_partition(ec2: Any) -> None:
    found = statuses(ec2.describe_regions(AllRegions=True))
    assert found["me-south-1"] == found["af-south-1"] == "not-opted-in"
    assert found["us-east-1"] == "opt-in-not-required"
    assert not any(name.startswith(("cn-", "us-gov-")) for name in found)


def test_regions_are_found_by_name_and_status(ec2: Any, refused: Any) -> None:
    assert statuses(ec2.describe_regions(RegionNames=["af-south-1"])) == {
        "af-south-1": "not-opted-in"
    }
    wish = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    found = statuses(ec2.describe_regions(AllRegions=True, Filters=wish))
    assert found.keys() == ENABLED_BY_DEFAULT
    with refused("InvalidParameterValue", "eu-nowhere-1"):
        ec2.describe_regions(RegionNames=["eu-nowhere-1"])


@pytest.mark.parametrize("region", ["us-east-1", "mx-central-1", "cn-north-1", "us-gov-west-1"])
def test_every_zone_takes_a_launch_and_no_other_does(
    sandbox: Sandbox, region: str, refused: Any
) -> None:
    ec2 = sandbox.client("ec2", region)
    launch = {"ImageId": catalogue.IMAGES[0].id_in(region), "InstanceType": "t3.micro"}
    for zone in ec2.describe_availability_zones()["AvailabilityZones"]:
        place = {"AvailabilityZone": zone["ZoneName"]}
        (instance,) = ec2.run_instances(MinCount=1, MaxCount=1, Placement=place, **launch)[
            "Instances"
        ]
        assert instance["Placement"]["AvailabilityZone"] == zone["ZoneName"]
    with refused("InvalidParameterValue"):
        ec2.run_instances(
            MinCount=1, MaxCount=1, Placement={"AvailabilityZone": "eu-west-9a"}, **launch
        )
