"""What EC2 says of an instance in each of its states, whoever launched it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
WINDOWS = next(image for image in catalogue.IMAGES if image.platform)
UBUNTU = next(image for image in catalogue.IMAGES if not image.imds_support)
CALLS = {
    "start_instances": "StartingInstances",
    "stop_instances": "StoppingInstances",
    "terminate_instances": "TerminatingInstances",
}
BY_THE_USER = r"User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)"


def instance(ec2: Any, instance_id: str) -> Any:
    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return reservation["Instances"][0]


def change(ec2: Any, call: str, instance_id: str) -> tuple[str, str]:
    """Make a call, and return the states that it tells of."""
    (told,) = getattr(ec2, call)(InstanceIds=[instance_id])[CALLS[call]]
    return told["PreviousState"]["Name"], told["CurrentState"]["Name"]


@pytest.mark.parametrize(
    ("before", "call", "between", "waiter"),
    [
        ((), "stop_instances", (64, "stopping"), "instance_stopped"),
        (("stop_instances",), "start_instances", (0, "pending"), "instance_running"),
        ((), "terminate_instances", (32, "shutting-down"), "instance_terminated"),
    ],
)
def test_an_instance_passes_through_the_states_in_between(
    sandbox: Sandbox,
    ec2: Any,
    launch: Make,
    before: tuple[str, ...],
    call: str,
    between: tuple[int, str],
    waiter: str,
) -> None:
    code, name = between
    slow, quick = launch(), launch()
    for instance_id in (slow, quick):
        for earlier in before:
            change(ec2, earlier, instance_id)
    sandbox.pending_s = 3600
    assert change(ec2, call, slow)[1] == name
    assert instance(ec2, slow)["State"] == {"Code": code, "Name": name}
    sandbox.pending_s = 0.01
    assert change(ec2, call, quick)[1] == name
    often = {"Delay": 0, "MaxAttempts": 1000}
    ec2.get_waiter(waiter).wait(InstanceIds=[quick], WaiterConfig=often)


@pytest.mark.parametrize(
    ("states", "call", "told"),
    [
        ((), "start_instances", ("running", "running")),
        (("stop_instances",), "stop_instances", ("stopped", "stopped")),
        (("stop_instances",), "start_instances", ("stopped", "pending")),
        (("stop_instances",), "terminate_instances", ("stopped", "shutting-down")),
        (("terminate_instances",), "terminate_instances", ("terminated", "terminated")),
    ],
)
def test_a_call_tells_what_it_changes(
    ec2: Any, launch: Make, states: tuple[str, ...], call: str, told: tuple[str, str]
) -> None:
    instance_id = launch()
    for before in states:
        change(ec2, before, instance_id)
    assert change(ec2, call, instance_id) == told


@pytest.mark.parametrize(
    ("before", "pending_s", "call"),
    [
        ("terminate_instances", 0, "start_instances"),
        ("terminate_instances", 0, "stop_instances"),
        ("terminate_instances", 3600, "start_instances"),
        ("terminate_instances", 3600, "stop_instances"),
        ("stop_instances", 3600, "start_instances"),
    ],
)
def test_some_states_have_no_way_to_others(
    sandbox: Sandbox, ec2: Any, launch: Make, refused: Any, before: str, pending_s: int, call: str
) -> None:
    instance_id = launch()
    sandbox.pending_s = pending_s
    change(ec2, before, instance_id)
    state = instance(ec2, instance_id)["State"]
    with refused("IncorrectInstanceState", "not in a state from which it can be"):
        getattr(ec2, call)(InstanceIds=[instance_id])
    assert instance(ec2, instance_id)["State"] == state


def test_reasons_are_told_of_what_was_stopped_or_terminated_and_of_nothing_that_runs(
    sandbox: Sandbox, ec2: Any, launch: Make
) -> None:
    instance_id = launch()
    running = instance(ec2, instance_id)
    assert running["StateTransitionReason"] == ""
    assert "StateReason" not in running
    for call in ("stop_instances", "terminate_instances"):
        change(ec2, call, instance_id)
        ended = instance(ec2, instance_id)
        assert re.fullmatch(BY_THE_USER, ended["StateTransitionReason"])
        assert ended["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    sandbox.pending_s = 3600
    pending = instance(ec2, launch())
    assert pending["StateReason"] == {"Code": "pending", "Message": "pending"}


def test_a_terminated_instance_has_no_network_left(ec2: Any, launch: Make) -> None:
    instance_id = launch()
    change(ec2, "terminate_instances", instance_id)
    ended = instance(ec2, instance_id)
    network = ("VpcId", "SubnetId", "PrivateIpAddress", "PublicIpAddress")
    assert not ended.keys() & set(network)
    for name in ("NetworkInterfaces", "SecurityGroups", "BlockDeviceMappings"):
        assert ended[name] == []
    assert (ended["PrivateDnsName"], ended["PublicDnsName"]) == ("", "")


@pytest.mark.parametrize(
    ("region", "private", "public"),
    [
        ("us-east-1", "ec2.internal", "compute-1.amazonaws.com"),
        ("eu-west-1", "eu-west-1.compute.internal", "eu-west-1.compute.amazonaws.com"),
    ],
)
def test_addresses_have_the_names_of_their_region(
    sandbox: Sandbox, region: str, private: str, public: str
) -> None:
    ec2 = sandbox.client("ec2", region)
    image_id = catalogue.IMAGES[0].id_in(region)
    launched = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"][0]
    (interface,) = launched["NetworkInterfaces"]
    (address,) = interface["PrivateIpAddresses"]
    inside = f"ip-{launched['PrivateIpAddress'].replace('.', '-')}.{private}"
    outside = f"ec2-{launched['PublicIpAddress'].replace('.', '-')}.{public}"
    for named in (launched, interface, address):
        assert named["PrivateDnsName"] == inside
    assert launched["PublicDnsName"] == outside
    for associated in (interface, address):
        assert associated["Association"]["PublicDnsName"] == outside
        assert associated["Association"]["IpOwnerId"] == "amazon"
    (alone,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert alone["PrivateDnsName"] == inside


def test_an_elastic_address_is_the_accounts_own(ec2: Any, launch: Make) -> None:
    instance_id = launch()
    allocated = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=allocated["AllocationId"], InstanceId=instance_id)
    (interface,) = instance(ec2, instance_id)["NetworkInterfaces"]
    assert interface["Association"]["PublicIp"] == allocated["PublicIp"]
    assert interface["Association"]["IpOwnerId"] == interface["OwnerId"]


@pytest.mark.parametrize(
    ("image", "details", "operation"),
    [
        (catalogue.IMAGES[0], "Linux/UNIX", "RunInstances"),
        (WINDOWS, "Windows", "RunInstances:0002"),
        (catalogue.IMAGES[-1], "Windows with SQL Server Standard", "RunInstances:0006"),
    ],
    ids=["Linux", "Windows", "Windows with SQL Server"],
)
def test_image_and_instance_tell_what_is_billed(
    ec2: Any,
    launch: Make,
    bake: Make,
    image: catalogue.PublicImage,
    details: str,
    operation: str,
) -> None:
    image_id = image.id_in("us-east-1")
    (of_image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    launched = instance(ec2, launch(image_id))
    (own,) = ec2.describe_images(ImageIds=[bake(InstanceId=launched["InstanceId"])])["Images"]
    for told in (of_image, launched, own):
        assert (told["PlatformDetails"], told["UsageOperation"]) == (details, operation)
    assert launched["UsageOperationUpdateTime"] == launched["LaunchTime"]


@pytest.mark.parametrize(
    ("image", "template", "request_", "tokens", "hops"),
    [
        (catalogue.IMAGES[0], {}, {}, "required", 2),
        (UBUNTU, {}, {}, "optional", 1),
        (UBUNTU, {"HttpTokens": "required"}, {}, "required", 1),
        (catalogue.IMAGES[0], {"HttpTokens": "optional"}, {}, "optional", 2),
        (
            catalogue.IMAGES[0],
            {"HttpTokens": "optional"},
            {"HttpTokens": "required", "HttpPutResponseHopLimit": 3},
            "required",
            3,
        ),
    ],
    ids=["image", "nothing", "template", "template before image", "request before both"],
)
def test_metadata_options_are_the_requests_the_templates_or_the_images(
    ec2: Any,
    launch: Make,
    image: catalogue.PublicImage,
    template: dict[str, Any],
    request_: dict[str, Any],
    tokens: str,
    hops: int,
) -> None:
    data = {"InstanceType": "t3.micro", "MetadataOptions": template}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    launched = launch(
        image.id_in("us-east-1"),
        LaunchTemplate={"LaunchTemplateName": "web"},
        MetadataOptions=request_,
    )
    options = instance(ec2, launched)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == (tokens, hops)


def test_an_instance_without_a_security_group_is_in_the_default_one(ec2: Any, launch: Make) -> None:
    launched = instance(ec2, launch())
    (interface,) = launched["NetworkInterfaces"]
    assert [group["GroupName"] for group in launched["SecurityGroups"]] == ["default"]
    assert interface["Groups"] == launched["SecurityGroups"]


def test_groups_of_an_instance_are_those_of_its_first_interface(ec2: Any, launch: Make) -> None:
    instance_id = launch()
    first, second = (
        ec2.create_security_group(GroupName=name, Description=name)["GroupId"] for name in "ab"
    )

    def groups() -> list[str]:
        told = instance(ec2, instance_id)
        (interface,) = told["NetworkInterfaces"]
        assert told["SecurityGroups"] == interface["Groups"]
        return [group["GroupId"] for group in interface["Groups"]]

    (interface,) = instance(ec2, instance_id)["NetworkInterfaces"]
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[first]
    )
    assert groups() == [first]
    ec2.modify_instance_attribute(InstanceId=instance_id, Groups=[second])
    assert groups() == [second]


def test_volumes_go_with_their_instance_or_stay_as_their_attachment_says(
    ec2: Any, launch: Make
) -> None:
    devices = [
        {"DeviceName": f"/dev/sd{letter}", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": goes}}
        for letter, goes in (("f", True), ("g", False))
    ]
    instance_id = launch(BlockDeviceMappings=devices)
    extra = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    ec2.attach_volume(VolumeId=extra, InstanceId=instance_id, Device="/dev/sdh")
    goes = {
        attachment["Device"]: attachment["DeleteOnTermination"]
        for volume in ec2.describe_volumes()["Volumes"]
        for attachment in volume["Attachments"]
    }
    assert goes == {"/dev/xvda": True, "/dev/sdf": True, "/dev/sdg": False, "/dev/sdh": False}
    kept = {"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}
    ec2.modify_instance_attribute(InstanceId=instance_id, BlockDeviceMappings=[kept])
    mapped = {
        device["DeviceName"]: device["Ebs"]
        for device in instance(ec2, instance_id)["BlockDeviceMappings"]
    }
    stay = {name: ebs["VolumeId"] for name, ebs in mapped.items() if not ebs["DeleteOnTermination"]}
    assert stay.keys() == {"/dev/xvda", "/dev/sdg", "/dev/sdh"}
    change(ec2, "terminate_instances", instance_id)
    left = {volume["VolumeId"]: volume["State"] for volume in ec2.describe_volumes()["Volumes"]}
    assert left == dict.fromkeys(stay.values(), "available")


def test_instances_of_groups_are_as_others(sandbox: Sandbox, ec2: Any, source_id: str) -> None:
    sandbox.pending_s = 3600
    data = {"ImageId": source_id, "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    sandbox.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        AvailabilityZones=["us-east-1a"],
    )
    (reservation,) = ec2.describe_instances()["Reservations"]
    (launched,) = reservation["Instances"]
    assert launched["State"] == {"Code": 0, "Name": "pending"}
    assert launched["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 2}
