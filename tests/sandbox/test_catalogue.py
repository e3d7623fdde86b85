from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.ec2.regions import ENABLED_BY_DEFAULT
from goldenami_sandbox.server import Sandbox

PARAMETERS = [(name, image) for image in catalogue.IMAGES for name in image.ssm_parameters]


@pytest.mark.parametrize(("name", "image"), PARAMETERS, ids=[name for name, _ in PARAMETERS])
def test_a_public_parameter_names_the_image_of_its_region(
    ssm: Any, ec2: Any, name: str, image: catalogue.PublicImage
) -> None:
    parameter = ssm.get_parameter(Name=name)["Parameter"]
    (found,) = ec2.describe_images(ImageIds=[parameter["Value"]])["Images"]
    assert parameter["DataType"] == "aws:ec2:image"
    assert found["Name"] == image.name
    assert found["State"] == "available"
    assert found["Public"]


def test_every_enabled_region_has_its_own_images(sandbox: Sandbox) -> None:
    found = {
        region: sandbox.client("ec2", region).describe_images(Owners=["amazon"])["Images"]
        for region in ENABLED_BY_DEFAULT
    }
    ids = [image["ImageId"] for images in found.values() for image in images]
    assert len(set(ids)) == len(catalogue.IMAGES) * len(ENABLED_BY_DEFAULT)


@pytest.mark.parametrize(
    ("name", "owner", "architecture"),
    [
        ("al2023-ami-2023.*-x86_64", "amazon", "x86_64"),
        ("al2023-ami-minimal-*-arm64", "137112412989", "arm64"),
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*", "099720109477", "x86_64"),
    ],
)
def test_an_image_is_found_by_name_and_owner(
    ec2: Any, name: str, owner: str, architecture: str
) -> None:
    wish = [{"Name": "name", "Values": [name]}]
    (image,) = ec2.describe_images(Owners=[owner], Filters=wish)["Images"]
    assert image["Architecture"] == architecture
    assert image["ImageOwnerAlias"] == "amazon"


def test_an_image_keeps_its_id(source_id: str) -> None:
    assert source_id == catalogue.IMAGES[0].id_in("us-east-1")
    assert source_id != catalogue.IMAGES[0].id_in("eu-west-1")
