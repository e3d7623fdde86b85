"""What moto keeps is the same when it is imported without what it reads for nothing."""

import subprocess
import sys

import pytest
from boto3 import Session
from moto.core import utils

from goldenami_sandbox import installation, models

COMPARED = """
import gc
from goldenami_sandbox.lean_import import lean

with lean():
    assert not gc.isenabled()
    import moto.ec2.models
    from boto3 import Session
    assert "us-east-1" in Session().get_available_regions("ssm")

assert gc.isenabled() and gc.get_freeze_count()

from pathlib import Path
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, InstanceTypeOfferingBackend
from moto.utilities.utils import load_resource

kinds = Path(moto.ec2.models.__file__).parents[1] / "resources/instance_type_offerings"
assert {kind.name for kind in kinds.iterdir()} == set(INSTANCE_TYPE_OFFERINGS)
for kind in kinds.iterdir():
    files = {file.name.partition(".")[0]: file.name for file in kind.iterdir()}
    offered = INSTANCE_TYPE_OFFERINGS[kind.name]
    assert set(offered) == set(files) and len(offered) == len(files)
    for region in ("us-east-1", "eu-west-1"):
        resource = f"ec2/resources/instance_type_offerings/{kind.name}/{files[region]}"
        expected = [{**each, "LocationType": kind.name} for each in load_resource(resource)]
        assert offered[region] == expected
    assert offered.get("nowhere-1") is None
for partition in ("aws", "aws-cn", "aws-us-gov"):
    for region in Session().get_available_regions("ec2", partition):
        assert region in {each.name for each in RegionsAndZonesBackend.regions}
assert moto.ec2.models.amis.AMIS == load_resource("ec2/resources/amis.json")
with lean():
    import moto.ec2
    try:
        moto.ec2.models.amis.load_resource("ec2/resources/none.json")
    except FileNotFoundError:
        print("compared")
"""


def test_moto_knows_the_same_regions_and_types_of_instances() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", COMPARED], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("compared\n", "")


OTHERS = ("eks", "elb", "elbv2", "iam", "organizations", "rbin", "service-quotas", "sns", "sts")


@pytest.mark.parametrize("service", [*installation._CALLED_AS_THEIR_ENDPOINTS, *OTHERS, "nothing"])
def test_the_regions_of_a_service_are_those_that_boto3_names(service: str) -> None:
    session = Session()
    assert list(models.partitions()) == list(session.get_available_partitions())
    assert installation._regions(service) == tuple(
        region
        for partition in models.partitions()
        for region in session.get_available_regions(service, partition)
    )


@pytest.mark.parametrize(
    ("package", "service"),
    [("servicequotas", "service-quotas"), ("ec2", "ec2"), ("moto_api", "moto_api")],
)
def test_a_package_of_motos_is_of_one_service(package: str, service: str) -> None:
    installation.install()
    assert utils.service_name_from_moto_package_name(package) == service
