from collections.abc import Callable
from typing import Any

import pytest
from moto.core.utils import get_service_model
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.ec2 import ids

Make = Callable[..., str]
NONE = "0123456789abcdef0"


@pytest.mark.parametrize(
    "kind", list(dict.fromkeys(ids.FORMS.values())), ids=lambda kind: kind.code
)
@pytest.mark.parametrize("end", ["xyz", "1", "0123456789ABCDEF0", NONE + "0", "01234567\n"])
def test_what_is_no_id_is_malformed(kind: ids.IdForm, end: str) -> None:
    for good in (NONE, "01234567"):
        kind.check(f"{kind.prefix}-{good}")
    with pytest.raises(EC2ClientError) as caught:
        kind.check(f"{kind.prefix}-{end}")
    assert caught.value.code == kind.code
    with pytest.raises(EC2ClientError, match="foo"):
        kind.check("foo")


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "says"),
    [
        ("describe_images", {"ImageIds": ["foo"]}, "InvalidAMIID.Malformed",
         'Invalid id: "foo" (expecting "ami-...")'),
        ("describe_images", {"ImageIds": [f"ami-{NONE}", "ami-xyz"]}, "InvalidAMIID.Malformed",
         "ami-xyz"),
        ("describe_images", {"ImageIds": [f"ami-{NONE}", "ami-01234567"]},
         "InvalidAMIID.NotFound", f"The image ids '[ami-{NONE}, ami-01234567]' do not exist"),
        ("create_image", {"InstanceId": "foo", "Name": "web"}, "InvalidInstanceID.Malformed", ""),
        ("describe_instances", {"InstanceIds": [f"i-{NONE}", "i-01234567"]},
         "InvalidInstanceID.NotFound", f"The instance IDs 'i-{NONE}, i-01234567' do not exist"),
        ("describe_instance_status", {"InstanceIds": [f"i-{NONE}", "i-01234567"]},
         "InvalidInstanceID.NotFound", f"The instance IDs 'i-{NONE}, i-01234567' do not exist"),
        ("describe_snapshots", {"SnapshotIds": ["foo"]}, "InvalidParameterValue",
         "Value (foo) for parameter snapshotId is invalid. Expected: 'snap-...'."),
        ("describe_snapshots", {"SnapshotIds": ["snap-x"]}, "InvalidSnapshotID.Malformed", ""),
        ("describe_volumes", {"VolumeIds": ["vol-x"]}, "InvalidVolumeID.Malformed", "vol-x"),
        ("describe_volumes", {"VolumeIds": [f"vol-{NONE}"]}, "InvalidVolume.NotFound",
         f"The volume 'vol-{NONE}' does not exist."),
        ("describe_security_groups", {"GroupIds": [f"sg-{NONE}"]}, "InvalidGroup.NotFound",
         f"The security group 'sg-{NONE}' does not exist"),
        ("run_instances", {"ImageId": f"ami-{NONE}", "MinCount": 1, "MaxCount": 1,
                           "LaunchTemplate": {"LaunchTemplateId": "lt-x"}},
         "InvalidLaunchTemplateId.Malformed", ""),
        ("run_instances", {"MinCount": 1, "MaxCount": 1,
                           "LaunchTemplate": {"LaunchTemplateId": f"lt-{NONE}"}},
         "InvalidLaunchTemplateId.NotFound", ""),
        ("run_instances", {"ImageId": f"ami-{NONE}", "MinCount": 1, "MaxCount": 1,
                           "NetworkInterfaces": [{"SubnetId": "x", "DeviceIndex": 0}]},
         "InvalidSubnetID.Malformed", ""),
        ("create_image", {"InstanceId": "resolve:ssm:/a", "Name": "web"},
         "InvalidInstanceID.Malformed", ""),
        ("deregister_image", {"ImageId": "resolve:ssm:/a"}, "InvalidAMIID.Malformed", ""),
    ],
)  # fmt: skip
def test_each_call_says_which_id_is_wrong(
    ec2: Any, refused: Any, operation: str, parameters: dict[str, Any], code: str, says: str
) -> None:
    with refused(code, says):
        getattr(ec2, operation)(**parameters)


def test_an_empty_id_and_a_placement_group_s_are_passed_over(ec2: Any, source_id: str) -> None:
    ec2.create_security_group(GroupName="web", Description="d", VpcId="")
    shape = get_service_model("ec2").shape_for("RunInstancesRequest")
    ids.check(shape, {"ImageId": source_id, "Placement": {"GroupId": "pg-1"}})
