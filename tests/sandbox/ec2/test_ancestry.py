"""Where an image comes from, over regions, accounts and images that are gone."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import pytest
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2 import ancestry
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
CONSUMER = "444455556666"


def chain(client: Any, image_id: str) -> list[str]:
    entries = client.get_image_ancestry(ImageId=image_id)["ImageAncestryEntries"]
    for entry, source in pairwise(entries):
        assert entry["SourceImageId"] == source["ImageId"]
    return [entry["ImageId"] for entry in entries]


def test_it_leads_over_regions_and_what_is_gone_to_the_image_of_a_verified_provider(
    ec2: Any, ec2_away: Any, launch: Make, bake: Make, source_id: str
) -> None:
    parent = bake("parent")
    child = bake("child", InstanceId=launch(parent))
    copy = ec2_away.copy_image(Name="copy", SourceImageId=child, SourceRegion="us-east-1")
    ec2.deregister_image(ImageId=parent)
    assert chain(ec2_away, copy["ImageId"]) == [copy["ImageId"], child, parent, source_id]
    assert chain(ec2, source_id) == [source_id]
    first, *_, root = ec2_away.get_image_ancestry(ImageId=copy["ImageId"])["ImageAncestryEntries"]
    (image,) = ec2_away.describe_images(ImageIds=[copy["ImageId"]])["Images"]
    assert first["SourceImageRegion"] == "us-east-1"
    assert f"{first['CreationDate']:%Y-%m-%dT%H:%M:%S}" == image["CreationDate"][:19]
    assert root["ImageOwnerAlias"] == "amazon"
    assert "SourceImageId" not in root


def test_consumers_see_it_of_what_is_shared_with_them_and_no_more(
    sandbox: Sandbox, ec2: Any, bake: Make, refused: Any, source_id: str
) -> None:
    image_id, private = bake("shared"), bake("private")
    permissions = {"Add": [{"UserId": CONSUMER}]}
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=permissions)
    consumer = sandbox.client("ec2", account=CONSUMER)
    assert chain(consumer, image_id) == [image_id, source_id]
    with refused("InvalidAMIID.NotFound"):
        consumer.get_image_ancestry(ImageId=private)
    with refused("DryRunOperation"):
        consumer.get_image_ancestry(ImageId=image_id, DryRun=True)


def test_it_ends_without_a_source_and_after_fifty(
    ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = ec2.register_image(
        Name="registered", Architecture="x86_64",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}],
    )["ImageId"]  # fmt: skip
    ids = [registered]
    for number in range(3):
        copy = ec2.copy_image(Name=f"copy {number}", SourceImageId=ids[0], SourceRegion="us-east-1")
        ids.insert(0, copy["ImageId"])
    assert chain(ec2, ids[0]) == ids
    store = cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"])
    store.images[registered].source_image_id = "ami-0123456789abcdef0"  # nobody knows it
    store.images[registered].source_image_region = "us-east-1"
    assert chain(ec2, ids[0]) == ids
    assert ancestry.MOST == 50
    monkeypatch.setattr(ancestry, "MOST", 2)
    assert chain(ec2, ids[0]) == ids[:2]
