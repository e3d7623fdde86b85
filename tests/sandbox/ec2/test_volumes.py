"""Volumes that are taken from an instance."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return str(raised.value.response["Error"]["Code"])


@pytest.fixture
def instance(launch: Callable[..., str]) -> str:
    return launch(BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}])


def volume_at(ec2: Any, instance: str, device: str) -> str:
    told = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    (volume,) = (
        one["Ebs"]["VolumeId"]
        for one in told["BlockDeviceMappings"]
        if (one["DeviceName"] == told["RootDeviceName"]) == (device == "root")
    )
    return str(volume)


def test_a_volume_is_detached_without_its_instance_being_named(ec2: Any, instance: str) -> None:
    volume = volume_at(ec2, instance, "/dev/sdf")
    detached = ec2.detach_volume(VolumeId=volume)
    assert (detached["InstanceId"], detached["State"]) == (instance, "detaching")
    assert code_of(ec2.detach_volume, VolumeId=volume) == "IncorrectState"


def test_a_root_volume_stays_at_a_running_instance(ec2: Any, instance: str) -> None:
    root = volume_at(ec2, instance, "root")
    assert code_of(ec2.detach_volume, VolumeId=root) == "OperationNotPermitted"
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance])
    assert ec2.detach_volume(VolumeId=root, InstanceId=instance)["VolumeId"] == root
