"""DescribeRegions, and the zones of the regions that moto has none of.

Otherwise than in moto: a call tells of its own partition, and without AllRegions of enabled regions
only (moto names the regions of China and GovCloud too, and takes some opt-in regions for enabled).
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
"""

from moto.core.responses import ActionResult
from moto.ec2.models import instances
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value
from goldenami_sandbox.models import regions, regions_of
from goldenami_sandbox.overriding import overrides, replace

ENABLED_BY_DEFAULT = frozenset(
    {
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    }
)
opted_in: set[tuple[str, str]] = set()
"""Account and region, where an account has opted in."""


def install() -> None:
    """Give each region zones, in each of which can be launched; moto fails where it has none.

    It also looks through all types of a region's instances at each launch, and does nothing then.
    """
    zones = {name: _zones(name) for name in regions()} | RegionsAndZonesBackend.zones
    replace(RegionsAndZonesBackend, "zones", zones)
    places = {
        name: [{"InstanceType": "", "Location": zone.name} for zone in of_region]
        for name, of_region in zones.items()
    }
    replace(instances, "INSTANCE_TYPE_OFFERINGS", {"availability-zone": places, "region": {}})


def _zones(region: str) -> list[Zone]:
    begins = region.replace("-", "")
    return [
        Zone(f"{region}{letter}", region, f"{begins}-az{number}")
        for number, letter in enumerate("abc", start=1)
    ]


class RegionsResponse(Ec2Base, AvailabilityZonesAndRegions):
    """DescribeRegions."""

    @overrides
    def describe_regions(self) -> ActionResult:
        """List enabled regions, or all of the partition."""
        names = self._get_param("RegionNames", [])
        known = {name: self._described(name) for name in regions_of("ec2", self.partition)}
        for name in names:
            if name not in known:
                raise bad_value(f"Invalid value '{name}' for region name.")
        every = names or self._get_param("AllRegions", False)
        regions = [
            region
            for name, region in known.items()
            if (not names or name in names) and (every or region["OptInStatus"] != "not-opted-in")
        ]
        return ActionResult({"Regions": regions})

    def _described(self, name: str) -> dict[str, str]:
        enabled = self.partition != "aws" or name in ENABLED_BY_DEFAULT
        status = "opted-in" if (self.current_account, name) in opted_in else "not-opted-in"
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return {
            "RegionName": name,
            "Endpoint": f"ec2.{name}.{suffix}",
            "OptInStatus": "opt-in-not-required" if enabled else status,
        }
