from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
KINDS = ("instance", "volume", "network-interface")


def instance(ec2: Any, instance_id: str) -> Any:
    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return reservation["Instances"][0]


def root_volume(ec2: Any, instance_id: str) -> Any:
    mapping = instance(ec2, instance_id)["BlockDeviceMappings"][0]
    (volume,) = ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    return volume


def test_tags_are_stored_on_every_kind_of_resource(ec2: Any, launch: Make) -> None:
    tags = [{"ResourceType": kind, "Tags": [{"Key": "Kind", "Value": kind}]} for kind in KINDS]
    instance_id = launch(TagSpecifications=tags)
    told = instance(ec2, instance_id)
    interface_id = told["NetworkInterfaces"][0]["NetworkInterfaceId"]
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])[
        "NetworkInterfaces"
    ]
    found = (told["Tags"], root_volume(ec2, instance_id)["Tags"], interface["TagSet"])
    assert found == tuple([{"Key": "Kind", "Value": kind}] for kind in KINDS)


def test_volumes_come_from_the_image_and_the_request(
    ec2: Any, launch: Make, source_id: str
) -> None:
    instance_id = launch(
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "VolumeType": "gp3"}},
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5, "VolumeType": "gp3"}},
        ]
    )
    (image,) = ec2.describe_images(ImageIds=[source_id])["Images"]
    snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    told = instance(ec2, instance_id)
    assert told["RootDeviceName"] == "/dev/xvda"
    assert [one["DeviceName"] for one in told["BlockDeviceMappings"]] == ["/dev/xvda", "/dev/sdf"]
    root, data = ec2.describe_volumes()["Volumes"]
    assert (root["SnapshotId"], root["Size"]) == (snapshot_id, 30)
    assert (data.get("SnapshotId", ""), data["Size"]) == ("", 5)


def test_a_volume_is_as_large_as_its_snapshot_by_default(ec2: Any, launch: Make) -> None:
    assert root_volume(ec2, launch())["Size"] == catalogue.IMAGES[0].size_gib


def test_an_alias_becomes_the_arn_of_its_key(sandbox: Sandbox, ec2: Any, launch: Make) -> None:
    kms = sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/golden", TargetKeyId=key["KeyId"])
    ebs = {"Encrypted": True, "KmsKeyId": "alias/golden"}
    instance_id = launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])
    volume = root_volume(ec2, instance_id)
    assert (volume["Encrypted"], volume["KmsKeyId"]) == (True, key["Arn"])


def test_metadata_options_are_returned(ec2: Any, launch: Make) -> None:
    options = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    assert instance(ec2, launch(MetadataOptions=options))["MetadataOptions"].items() >= (
        options.items()
    )


def test_max_count_instances_are_launched(ec2: Any, source_id: str) -> None:
    answer = ec2.run_instances(ImageId=source_id, InstanceType="t3.micro", MinCount=1, MaxCount=3)
    assert len(answer["Instances"]) == 3


class TestClientToken:
    def test_the_same_request_gives_the_same_instance(self, ec2: Any, launch: Make) -> None:
        assert launch(ClientToken="t") == launch(ClientToken="t")
        assert len(ec2.describe_instances()["Reservations"]) == 1

    def test_another_request_is_refused(self, launch: Make, refused: Any) -> None:
        launch(ClientToken="t")
        with refused("IdempotentParameterMismatch"):
            launch(ClientToken="t", InstanceType="t3.small")

    def test_another_token_gives_another_instance(self, launch: Make) -> None:
        assert launch(ClientToken="t") != launch(ClientToken="u")

    def test_a_dry_run_does_not_use_it_up(self, launch: Make, refused: Any) -> None:
        with refused("DryRunOperation"):
            launch(ClientToken="t", DryRun=True)
        assert launch(ClientToken="t", InstanceType="t3.small")


class TestImage:
    def test_a_pending_one_is_refused(
        self, sandbox: Sandbox, launch: Make, bake: Make, refused: Any
    ) -> None:
        instance_id = launch()
        sandbox.pending_s = 3600
        image_id = bake(InstanceId=instance_id)
        with refused("InvalidAMIID.Unavailable", image_id):
            launch(image_id)

    def test_a_disabled_one_is_refused(
        self, ec2: Any, launch: Make, bake: Make, refused: Any
    ) -> None:
        image_id = bake()
        ec2.disable_image(ImageId=image_id)
        with refused("InvalidAMIID.Unavailable", image_id):
            launch(image_id)

    def test_a_deregistered_one_is_refused_but_its_instances_stay(
        self, ec2: Any, launch: Make, bake: Make, refused: Any
    ) -> None:
        image_id = bake()
        instance_id = launch(image_id)
        ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
        with refused("InvalidAMIID.Unavailable", image_id):
            launch(image_id)
        assert instance(ec2, instance_id)["State"]["Name"] == "running"

    def test_an_unknown_one_is_refused_even_in_a_dry_run(self, launch: Make, refused: Any) -> None:
        with refused("InvalidAMIID.NotFound"):
            launch("ami-0123456789abcdef0", DryRun=True)


@pytest.mark.parametrize("dry_run", [False, True], ids=["a launch", "a dry run"])
@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"KeyName": "nobodys"}, "InvalidKeyPair.NotFound"),
        ({"InstanceType": "t3.colossal"}, "InvalidParameterValue"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobodys"}}, "InvalidParameterValue"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeType": "gp3"}}]},
            "MissingParameter",
        ),
    ],
    ids=[
        "an unknown key pair",
        "an unknown instance type",
        "an instance type of another architecture",
        "an unknown subnet",
        "an unknown security group",
        "an unknown instance profile",
        "a blank device without a size",
    ],
)
def test_what_cannot_be_launched_is_refused(
    ec2: Any, launch: Make, refused: Any, parameters: dict[str, Any], code: str, dry_run: bool
) -> None:
    with refused(code):
        launch(DryRun=dry_run, **parameters)
    assert ec2.describe_instances()["Reservations"] == []


def test_a_launch_template_is_followed(ec2: Any, source_id: str, refused: Any) -> None:
    data = {
        "ImageId": source_id,
        "InstanceType": "t3.micro",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 40}}],
    }
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    launched = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=1
    )["Instances"][0]
    assert (launched["ImageId"], launched["InstanceType"]) == (source_id, "t3.micro")
    assert root_volume(ec2, launched["InstanceId"])["Size"] == 40
    data["ImageId"] = "ami-0123456789abcdef0"
    ec2.create_launch_template(LaunchTemplateName="gone", LaunchTemplateData=data)
    with refused("InvalidAMIID.NotFound"):
        ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "gone"}, MinCount=1, MaxCount=1)


def test_an_instance_is_pending_then_running(sandbox: Sandbox, ec2: Any, launch: Make) -> None:
    running = launch()
    sandbox.pending_s = 3600
    pending = launch()
    assert instance(ec2, running)["State"] == {"Code": 16, "Name": "running"}
    assert instance(ec2, pending)["State"] == {"Code": 0, "Name": "pending"}


def test_an_instance_may_be_terminated_twice(ec2: Any, launch: Make, refused: Any) -> None:
    instance_id = launch()
    for _ in range(2):
        (ended,) = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert ended["PreviousState"]["Name"] == "terminated"
    with refused("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"])


def test_a_stopped_instance_stays_stopped_and_a_started_one_runs(ec2: Any, launch: Make) -> None:
    instance_id = launch()
    ec2.stop_instances(InstanceIds=[instance_id])
    assert instance(ec2, instance_id)["State"]["Name"] == "stopped"
    ec2.start_instances(InstanceIds=[instance_id])
    assert instance(ec2, instance_id)["State"]["Name"] == "running"


def test_a_terminated_instance_leaves_nothing_behind(ec2: Any, launch: Make) -> None:
    instance_id = launch()
    ec2.terminate_instances(InstanceIds=[instance_id])
    assert instance(ec2, instance_id)["State"]["Name"] == "terminated"
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


@pytest.mark.parametrize("call", ["terminate_instances", "stop_instances", "reboot_instances"])
def test_a_dry_run_leaves_the_instance_alone(
    ec2: Any, launch: Make, refused: Any, call: str
) -> None:
    instance_id = launch()
    with refused("DryRunOperation"):
        getattr(ec2, call)(InstanceIds=[instance_id], DryRun=True)
    assert instance(ec2, instance_id)["State"]["Name"] == "running"


def test_an_instance_tells_its_processors_and_what_nobody_asked_for(ec2: Any, launch: Make) -> None:
    launched = instance(ec2, launch())
    assert launched["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 2}
    assert launched["HibernationOptions"] == {"Configured": False}
    assert launched["EnaSupport"]
    reservation = launched["CapacityReservationSpecification"]
    assert reservation == {"CapacityReservationPreference": "open"}


def test_an_instance_that_is_protected_may_not_be_stopped(
    ec2: Any, launch: Make, refused: Any
) -> None:
    instance_id = launch(DisableApiStop=True)
    with refused("OperationNotPermitted", "may not be stopped"):
        ec2.stop_instances(InstanceIds=[instance_id])
