"""Which image a build of Packer has made, by what EC2 records; no Packer is needed for it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from goldenami import spec
from goldenami.aws import images, records
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.bake.interface import Recipe
from goldenami.bake.packer_leftovers import remove
from goldenami.bake.packer_output import BuiltImage, PackerEvent
from goldenami.bake.packer_watch import PackerWatch
from goldenami.domain import tags
from goldenami.domain.image import Build
from goldenami.domain.record import Record, parameter, text
from goldenami.errors import AwsError, BakeError, RefusedError
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

HOME = "us-east-1"
START = datetime.now(UTC) - timedelta(seconds=30)
BUILD = Build(
    id=f"{START:%Y%m%dT%H%M%SZ}-aaaaaa", image="web", version="1", spec="0" * 64, nonce="n"
)
RELEASE = """
schema: goldenami/v1
image: web
version: "1"
regions: [us-east-1]
base: {source: {ami: ami-03cf127a}}
approval_tag: {key: approved, value: "yes"}
bake: {method: packer}
"""


class World(Struct):
    """A build of Packer under way, and what it has told."""

    ec2: Any
    recipe: Recipe
    context: ActionContext
    watch: PackerWatch
    told: list[str]

    def launch(self, source: str = "") -> str:
        launched = self.ec2.run_instances(
            ImageId=source or self.recipe.source.id, InstanceType="t3.micro", MinCount=1, MaxCount=1
        )
        return str(launched["Instances"][0]["InstanceId"])

    def hear(self, instance_id: str) -> None:
        self.watch.listen(PackerEvent("message", f"web: Instance ID: {instance_id}"))

    def artifact(self, image_id: str) -> None:
        data = ("0", "id", f"{HOME}:{image_id}")
        self.watch.listen(PackerEvent("artifact", "", "web", data))

    def image(self, instance_id: str, name: str = "any", **own: str) -> str:
        tagged = [{"ResourceType": "image", "Tags": tags.to_aws(own)}] if own else []
        made = self.ec2.create_image(InstanceId=instance_id, Name=name, TagSpecifications=tagged)
        return str(made["ImageId"])

    def register(self, name: str = "any") -> str:
        volume = self.ec2.create_volume(Size=8, AvailabilityZone="us-east-1a")["VolumeId"]
        snapshot = self.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        devices = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
        made = self.ec2.register_image(
            Name=name, RootDeviceName="/dev/xvda", BlockDeviceMappings=devices
        )
        return str(made["ImageId"])


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> World:
    sandbox.pending_s = 0
    aws = Aws(region=HOME)
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE)
    regional = aws.in_region(HOME)
    ec2 = sandbox.client("ec2")
    found = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"]
    (source,) = images.by_id(regional, [found[0]["ImageId"]])
    recipe = Recipe(aws=aws, file=spec.load(path), build=BUILD, source=source, method="packer")
    record = Record(
        build=BUILD.id, image="web", version="1", spec="0" * 64, source=source.id,
        method="packer", started=f"{START:%Y-%m-%dT%H:%M:%SZ}", nonce="n",
    )  # fmt: skip
    sandbox.client("ssm").put_parameter(
        Name=parameter("web", BUILD.id), Value=text(record), Type="String"
    )
    told: list[str] = []
    context = ActionContext(
        regional=regional, summary="build", parameters={}, cancelled=threading.Event(),
        progress=told.append,
    )  # fmt: skip
    return World(ec2, recipe, context, PackerWatch(context, recipe), told)


def recorded(world: World) -> Record:
    there = records.read(world.recipe.aws.in_region(HOME), "web", BUILD.id)
    assert there
    return there.record


def test_the_image_of_the_instance_is_tagged_and_recorded_whatever_it_is_called(
    world: World,
) -> None:
    instance = world.launch()
    world.hear(instance)
    assert recorded(world).instance_id == instance
    own = {"approved": "yes", tags.APPROVED_BY: "mallory", "Team": "web"}
    image_id = world.image(instance, "called by the template", **own)
    image = world.watch.image_of(())
    assert image.id == image_id
    assert (recorded(world).image_id, recorded(world).instance_id) == (image_id, instance)
    (written,) = images.by_id(world.recipe.aws.in_region(HOME), [image_id])
    assert written.tags == {**world.recipe.image_tags, "Team": "web"}
    (described,) = world.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    assert tags.from_aws(described["Instances"][0]["Tags"]) == world.recipe.base_tags
    assert not [line for line in world.told if "also" in line]


def test_an_image_is_known_by_its_instance_even_if_no_line_told_of_that(world: World) -> None:
    image_id = world.image(world.launch())
    assert world.watch.image_of([BuiltImage(HOME, image_id)]).id == image_id


Several = Callable[[World], str]


def two_of_one(world: World) -> str:
    instance = world.launch()
    world.hear(instance)
    world.image(instance, "first")
    image_id = world.image(instance, "second")
    world.artifact(image_id)
    return image_id


def registered(world: World) -> str:
    image_id = world.register()
    world.artifact(image_id)
    return image_id


def encrypted(world: World) -> str:
    """Packer copies an image within its region to encrypt it, and deregisters the first."""
    instance = world.launch()
    world.hear(instance)
    first = world.image(instance, "first")
    image_id = world.ec2.copy_image(SourceImageId=first, SourceRegion=HOME, Name="second")
    world.ec2.deregister_image(ImageId=first)
    world.artifact(image_id["ImageId"])
    return str(image_id["ImageId"])


@pytest.mark.parametrize("several", [two_of_one, registered, encrypted])
def test_packer_decides_where_ec2_names_several_images_or_no_instance(
    world: World, several: Several
) -> None:
    image_id = several(world)
    assert world.watch.image_of(()).id == image_id
    assert recorded(world).image_id == image_id


def of_a_stranger(world: World) -> str:
    world.hear(world.launch())
    other = world.ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"][1]["ImageId"]
    image_id = world.image(world.launch(other), BUILD.ami_name)
    world.artifact(image_id)
    return image_id


def only_said(world: World) -> str:
    image_id = world.register()
    world.watch.listen(PackerEvent("message", f"web: AMI: {image_id}"))
    return image_id


def two_that_none_decides(world: World) -> str:
    instance = world.launch()
    world.hear(instance)
    world.image(instance, "first")
    return world.image(instance, "second")


@pytest.mark.parametrize("several", [of_a_stranger, only_said, two_that_none_decides])
def test_what_is_not_proved_is_told_and_not_taken(world: World, several: Several) -> None:
    image_id = several(world)
    with pytest.raises(BakeError, match=r"Packer made (no image|2 images) in us-east-1") as caught:
        world.watch.image_of(())
    assert image_id in " ".join(caught.value.notes)
    assert recorded(world).image_id == ""


@pytest.mark.parametrize("built", [True, False])
def test_copies_of_an_image_that_packer_has_removed_go_with_a_build_that_fails(
    world: World, sandbox: Sandbox, *, built: bool
) -> None:
    instance = world.launch()
    world.hear(instance)
    first = world.image(instance if built else world.launch(), "first")
    away = sandbox.client("ec2", "eu-west-1")
    unreadable = Fault(service="ec2", operation="DescribeImages", code="UnauthorizedOperation")
    with sandbox.fail(unreadable):
        world.watch.listen(PackerEvent("message", f"web: AMI: {first}"))
    world.watch.listen(
        PackerEvent("say", f"web: Copying/Encrypting AMI ({first}) to other regions")
    )
    copy = away.copy_image(SourceImageId=first, SourceRegion=HOME, Name="its copy")["ImageId"]
    world.watch.listen(PackerEvent("say", f"web: Modifying attributes on AMI ({copy})..."))
    world.ec2.deregister_image(ImageId=first)
    lines = remove(world.context, BUILD, world.watch.mentions, image=True)
    gone = f"removed what Packer had left: image {copy}"
    left = f"left: image {copy} in eu-west-1, copied from {first} in us-east-1"
    assert (gone if built else left) in lines
    assert len(away.describe_images(Owners=["self"])["Images"]) == (0 if built else 1)


def test_an_instance_of_another_source_is_refused(world: World) -> None:
    every = world.ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"]
    with pytest.raises(RefusedError, match="was launched from"):
        world.hear(world.launch(every[1]["ImageId"]))
    assert recorded(world).instance_id == ""


def test_an_instance_of_another_region_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldenami.aws.waits.STALE_S", 0)
    with pytest.raises(AwsError, match="is not in us-east-1"):
        world.hear("i-0123456789abcdef0")


def test_a_region_that_cannot_be_looked_at_is_told(world: World, sandbox: Sandbox) -> None:
    instance = world.launch()
    world.hear(instance)
    world.image(instance)
    sandbox.fail(
        Fault(
            service="ec2", operation="DescribeImages", code="UnauthorizedOperation",
            region="eu-central-1",
        )
    )  # fmt: skip
    world.watch.image_of(())
    assert [line for line in world.told if "eu-central-1 could not be looked at" in line]
