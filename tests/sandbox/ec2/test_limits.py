"""What EC2 limits, and what fails after a launch was taken."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPES

from goldenami_sandbox import service_quotas
from goldenami_sandbox.ec2 import image_attributes, vcpus
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
STANDARD = "L-1216C47A"


def test_vcpus_are_counted_by_what_runs(
    sandbox: Sandbox, ec2: Any, launch: Make, refused: Any
) -> None:
    sandbox.set_quota(STANDARD, 4)
    first, _ = launch(), launch()
    with refused("VcpuLimitExceeded", "current vCPU limit of 4 allows"):
        launch()
    ec2.stop_instances(InstanceIds=[first])
    launch()
    with refused("VcpuLimitExceeded", "limit of 0"):
        launch(InstanceType="g4dn.xlarge")


@pytest.mark.parametrize("instance_type", sorted({name.split(".")[0] for name in INSTANCE_TYPES}))
def test_each_family_has_its_quota_or_is_known_to_have_another(
    monkeypatch: pytest.MonkeyPatch, instance_type: str
) -> None:
    kind = next(name for name in INSTANCE_TYPES if name.startswith(f"{instance_type}."))
    monkeypatch.setattr(service_quotas, "value", lambda _: 0)
    apart = instance_type.startswith(("inf", "trn", "hpc", "dl", "mac", "u-", "u7"))
    running = SimpleNamespace(instance_type=kind, state="running", lifecycle=None)
    usage = vcpus.Usage()
    refuses: AbstractContextManager[object] = (
        nullcontext() if apart else pytest.raises(EC2ClientError, match="vCPU limit of 0")
    )
    with refuses:
        usage.add(lambda: [running], kind, 1)  # type: ignore[list-item]


def test_fewer_than_one_and_fewer_than_the_least_are_refused(
    ec2: Any, source_id: str, refused: Any
) -> None:
    for least, most in ((3, 1), (0, 1)):
        with refused("InvalidParameterValue", "minCount"):
            ec2.run_instances(ImageId=source_id, MinCount=least, MaxCount=most)


def test_an_image_has_a_thousand_launch_permissions_at_most(
    ec2: Any, bake: Make, refused: Any
) -> None:
    image_id = bake()

    def share(first: int, count: int) -> None:
        users = [{"UserId": f"{number:012}"} for number in range(first, first + count)]
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": users})

    share(0, 990)
    share(980, 20)
    with refused("ResourceLimitExceeded", "quota of 1000"):
        share(1000, 1)


def test_user_data_is_limited_wherever_it_stands(
    ec2: Any, launch: Make, source_id: str, refused: Any
) -> None:
    fits, long = "x" * 16_384, "x" * 16_385
    instance_id = launch(UserData=fits)
    with refused("InvalidParameterValue", "User data is limited to 16384 bytes"):
        launch(UserData=long)
    with refused("InvalidParameterValue", "16384"):
        ec2.modify_instance_attribute(InstanceId=instance_id, UserData={"Value": long.encode()})
    with refused("InvalidParameterValue", "BASE64"):
        ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"UserData": "x"})


def test_a_tag_key_stands_once(ec2: Any, launch: Make, bake: Make, refused: Any) -> None:
    tags = [{"Key": "Team", "Value": value} for value in "ab"]
    specification = [{"ResourceType": "instance", "Tags": tags}]
    with refused("InvalidParameterValue", "Duplicate tag key 'Team' specified."):
        launch(TagSpecifications=specification)
    image_id = bake()
    with refused("InvalidParameterValue", "Duplicate"):
        ec2.create_tags(Resources=[image_id], Tags=tags)
    ec2.create_tags(Resources=[image_id], Tags=tags[:1])
    ec2.delete_tags(Resources=[image_id], Tags=tags)


@pytest.mark.parametrize(
    ("lost", "code"),
    [(True, "Client.InternalError"), (False, "Client.InvalidKMSKey.InvalidState")],
    ids=["a key that is not there", "a key that is disabled"],
)
def test_a_launch_whose_key_cannot_be_used_ends(
    sandbox: Sandbox, ec2: Any, launch: Make, lost: bool, code: str
) -> None:
    kms = sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    lost_key = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    ebs = {"Encrypted": True, "KmsKeyId": lost_key if lost else key}
    mapping = {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": ebs}]}
    if not lost:
        kms.disable_key(KeyId=key)
    sandbox.pending_s = 3600
    pending = launch(**mapping)
    sandbox.pending_s = 0
    ended = launch(**mapping)
    states = {
        instance["InstanceId"]: (instance["State"]["Name"], instance["StateReason"]["Code"])
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    }
    assert states[ended] == ("terminated", code)
    assert states[pending][0] == "pending"
    image_id = ec2.copy_image(
        Name="copy", SourceRegion="us-east-1", SourceImageId=_amazon(ec2), Encrypted=True,
        KmsKeyId=ebs["KmsKeyId"],
    )["ImageId"]  # fmt: skip
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["State"] == "failed"


def _amazon(ec2: Any) -> str:
    filters = [{"Name": "name", "Values": ["al2023-ami-2023*x86_64"]}]
    (image,) = ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"]
    return str(image["ImageId"])


def test_every_attribute_of_an_image_is_told_but_one(ec2: Any, bake: Make, refused: Any) -> None:
    image_id = bake(Description="d")
    shape = ec2.meta.service_model.operation_model("DescribeImageAttribute").input_shape
    assert set(shape.members["Attribute"].enum) == set(image_attributes.READABLE)
    told = {
        name: ec2.describe_image_attribute(ImageId=image_id, Attribute=name)
        for name in image_attributes.READABLE
        if name != "blockDeviceMapping"
    }
    assert all(answer["ImageId"] == image_id for answer in told.values())
    assert told["description"]["Description"] == {"Value": "d"}
    assert told["productCodes"]["ProductCodes"] == []
    assert told["kernel"]["KernelId"] == {}
    with refused("AuthFailure"):
        ec2.describe_image_attribute(ImageId=image_id, Attribute="blockDeviceMapping")
    with refused("InvalidRequest"):
        ec2.describe_image_attribute(ImageId=image_id, Attribute="colour")
