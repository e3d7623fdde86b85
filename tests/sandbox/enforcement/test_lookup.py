"""What authorization is told of the sandbox's resources."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from goldenami_sandbox import catalogue, seed
from goldenami_sandbox.enforcement.lookup import LenientLookup, SandboxLookup
from goldenami_sandbox.fixed_ids import FixedIds
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

HOME, AWAY = "us-east-1", "eu-west-1"
EC2 = f"arn:aws:ec2:{HOME}:{ACCOUNT_ID}"
TAGS = [{"Key": "team", "Value": "web"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)
WORLD = SandboxLookup()
Launch = Callable[..., str]


def keys_of(kind: str, name: str, region: str = HOME) -> Mapping[str, Any]:
    found = WORLD.find(kind, name, region)
    assert found is not None
    return found.keys


def arn_of(kind: str, name: str) -> str:
    found = WORLD.find(kind, name, HOME)
    assert found is not None
    return found.arn


class TestImages:
    def test_a_public_image_of_amazon_s(self, ec2: Any, source_id: str) -> None:
        found = WORLD.find("image", source_id, HOME)
        assert found is not None
        assert found.arn == f"arn:aws:ec2:{HOME}::image/{source_id}"
        assert found.keys == {
            "ec2:ImageID": source_id, "ec2:ImageType": "machine", "ec2:Owner": "amazon",
            "ec2:Public": "true", "ec2:RootDeviceType": "ebs",
        }  # fmt: skip
        (device,) = found.details["devices"]
        assert device["Ebs"]["SnapshotId"].startswith("snap-")

    def test_an_own_image_and_its_snapshot_have_their_tags(self, ec2: Any, bake: Any) -> None:
        kinds = ("image", "snapshot")
        image = bake(TagSpecifications=[{"ResourceType": one, "Tags": TAGS} for one in kinds])
        keys = keys_of("image", image)
        assert (keys["ec2:Owner"], keys["ec2:Public"]) == (ACCOUNT_ID, "false")
        assert keys["ec2:ResourceTag/team"] == keys["aws:ResourceTag/team"] == "web"
        (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        keys = keys_of("snapshot", snapshot["SnapshotId"])
        assert keys["ec2:Owner"] == ACCOUNT_ID
        assert keys["ec2:ParentVolume"] == f"{EC2}:volume/{snapshot['VolumeId']}"
        assert keys["ec2:VolumeSize"] == str(snapshot["VolumeSize"])
        assert keys["ec2:ResourceTag/team"] == "web"

    def test_an_image_of_another_account_has_its_owner(self, ec2: Any) -> None:
        image = FixedIds(ACCOUNT_ID, HOME).image(None, "shared", "111122223333", "x86_64")
        keys = keys_of("image", image)
        assert keys["ec2:Owner"] == "111122223333"
        assert not any("ResourceTag" in key for key in keys)

    def test_an_image_is_in_one_region(self, ec2: Any, source_id: str) -> None:
        assert WORLD.find("image", source_id, AWAY) is None
        assert keys_of("image", catalogue.IMAGES[0].id_in(AWAY), AWAY)

    def test_a_deregistered_image_is_not_there(self, ec2: Any, bake: Any) -> None:
        image = bake()
        ec2.deregister_image(ImageId=image)
        assert WORLD.find("image", image, HOME) is None


class TestEc2:
    def test_an_instance_with_its_profile_and_volumes(
        self, ec2: Any, iam: Any, launch: Launch, source_id: str
    ) -> None:
        iam.create_instance_profile(InstanceProfileName="web")
        instance = launch(
            IamInstanceProfile={"Name": "web"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}],
        )
        found = WORLD.find("instance", instance, HOME)
        assert found is not None
        assert found.arn == f"{EC2}:instance/{instance}"
        assert found.keys["ec2:InstanceType"] == "t3.micro"
        profile = f"arn:aws:iam::{ACCOUNT_ID}:instance-profile/web"
        assert found.keys["ec2:InstanceProfile"] == profile
        assert found.keys["aws:ResourceTag/team"] == "web"
        (volume,) = ec2.describe_volumes()["Volumes"]
        assert found.details == {
            "image": source_id, "root": volume["VolumeId"], "volumes": [volume["VolumeId"]],
        }  # fmt: skip
        keys = keys_of("volume", volume["VolumeId"])
        parent = f"arn:aws:ec2:{HOME}::snapshot/{volume['SnapshotId']}"
        assert keys["ec2:ParentSnapshot"] == parent
        assert keys["ec2:VolumeSize"] == str(volume["Size"])

    def test_a_blank_volume_has_no_parent(self, ec2: Any) -> None:
        made = ec2.create_volume(AvailabilityZone=f"{HOME}a", Size=3, Encrypted=True)
        keys = keys_of("volume", made["VolumeId"])
        assert "ec2:ParentSnapshot" not in keys
        assert (keys["ec2:VolumeSize"], keys["ec2:Encrypted"]) == ("3", "true")

    def test_the_network_of_a_launch(self, ec2: Any, launch: Launch) -> None:
        (instance,) = ec2.describe_instances(InstanceIds=[launch()])["Reservations"][0]["Instances"]
        subnet, vpc = instance["SubnetId"], f"{EC2}:vpc/{instance['VpcId']}"
        assert keys_of("subnet", subnet) == {
            "ec2:SubnetID": subnet, "ec2:Vpc": vpc,
            "ec2:AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        }  # fmt: skip
        interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
        keys = keys_of("network-interface", interface)
        assert (keys["ec2:Subnet"], keys["ec2:Vpc"]) == (f"{EC2}:subnet/{subnet}", vpc)
        assert keys_of("vpc", instance["VpcId"]) == {"ec2:VpcID": instance["VpcId"]}

    def test_a_security_group_by_id_and_by_name(self, ec2: Any) -> None:
        group = ec2.create_security_group(GroupName="web", Description="x")["GroupId"]
        assert keys_of("security-group", group)["ec2:SecurityGroupID"] == group
        assert arn_of("security-group", "web") == f"{EC2}:security-group/{group}"

    def test_a_key_pair_by_name_and_by_id(self, ec2: Any) -> None:
        ec2.create_key_pair(KeyName="another")
        made = ec2.create_key_pair(
            KeyName="ops", TagSpecifications=[{"ResourceType": "key-pair", "Tags": TAGS}]
        )
        for name in ("ops", made["KeyPairId"]):
            assert arn_of("key-pair", name) == f"{EC2}:key-pair/ops"
            assert keys_of("key-pair", name)["ec2:ResourceTag/team"] == "web"

    def test_a_launch_template_with_its_versions(self, ec2: Any) -> None:
        made = ec2.create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.micro"}
        )["LaunchTemplate"]
        ec2.create_launch_template_version(
            LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.small"}
        )
        for name in ("web", made["LaunchTemplateId"]):
            found = WORLD.find("launch-template", name, HOME)
            assert found is not None
            assert found.arn == f"{EC2}:launch-template/{made['LaunchTemplateId']}"
            types = {key: one["InstanceType"] for key, one in found.details["versions"].items()}
            assert types == {
                "1": "t3.micro", "2": "t3.small", "$Default": "t3.micro", "$Latest": "t3.small",
            }  # fmt: skip

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("image", "ami-0123456789abcdef0"),
            ("instance", "i-0123456789abcdef0"),
            ("key-pair", "nobody"),
            ("launch-template", "lt-0123456789abcdef0"),
            ("network-interface", "eni-0123456789abcdef0"),
            ("security-group", "sg-0123456789abcdef0"),
            ("snapshot", "snap-0123456789abcdef0"),
            ("subnet", "subnet-0123456789abcdef0"),
            ("volume", "vol-0123456789abcdef0"),
            ("vpc", "vpc-0123456789abcdef0"),
        ],
    )
    def test_what_is_not_there_is_not_found(self, ec2: Any, kind: str, name: str) -> None:
        assert WORLD.find(kind, name, HOME) is None

    def test_in_a_region_that_does_not_exist_there_is_nothing(self, sandbox: Sandbox) -> None:
        assert WORLD.find("image", "ami-0123456789abcdef0", "mars-north-1") is None

    @pytest.mark.parametrize(
        ("kind", "name"), [("placement-group", "pack"), ("route-table", "rtb-0123456789abcdef0")]
    )
    def test_a_kind_that_the_server_alone_knows_is_taken_to_be_there(
        self, ec2: Any, kind: str, name: str
    ) -> None:
        assert arn_of(kind, name) == f"{EC2}:{kind}/{name}"


class TestIam:
    @pytest.fixture(autouse=True)
    def made(self, iam: Any) -> None:
        boundary = iam.create_policy(PolicyName="limits", PolicyDocument=DOCUMENT, Tags=TAGS)
        arn = boundary["Policy"]["Arn"]
        iam.create_user(UserName="bob", Path="/web/", Tags=TAGS, PermissionsBoundary=arn)
        iam.create_role(
            RoleName="worker", AssumeRolePolicyDocument=TRUST, Tags=TAGS, PermissionsBoundary=arn
        )
        iam.create_group(GroupName="admins")
        iam.create_instance_profile(InstanceProfileName="web", Tags=TAGS)

    @pytest.mark.parametrize(("kind", "path"), [("user", "/web/bob"), ("role", "/worker")])
    def test_a_user_and_a_role_have_tags_and_a_boundary(self, kind: str, path: str) -> None:
        name = path.rpartition("/")[2]
        assert arn_of(kind, name) == f"arn:aws:iam::{ACCOUNT_ID}:{kind}{path}"
        assert keys_of(kind, name) == {
            "iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT_ID}:policy/limits",
            "aws:ResourceTag/team": "web",
            "iam:ResourceTag/team": "web",
        }

    def test_without_boundary_there_is_no_key_for_it(self, iam: Any) -> None:
        iam.delete_user_permissions_boundary(UserName="bob")
        assert "iam:PermissionsBoundary" not in keys_of("user", "bob")

    def test_a_policy_by_its_arn(self) -> None:
        arn = f"arn:aws:iam::{ACCOUNT_ID}:policy/limits"
        assert keys_of("policy", arn)["aws:ResourceTag/team"] == "web"
        assert keys_of("policy", "arn:aws:iam::aws:policy/AdministratorAccess") == {}

    def test_a_group_has_no_keys(self) -> None:
        assert keys_of("group", "admins") == {}

    def test_an_instance_profile_has_its_role(self, iam: Any) -> None:
        found = WORLD.find("instance-profile", "web", HOME)
        assert found is not None
        assert found.details == {}
        assert found.keys["aws:ResourceTag/team"] == "web"
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="worker")
        found = WORLD.find("instance-profile", "web", HOME)
        assert found is not None
        assert found.details == {"role": f"arn:aws:iam::{ACCOUNT_ID}:role/worker"}

    @pytest.mark.parametrize("kind", ["user", "role", "group", "policy", "instance-profile"])
    def test_what_is_not_there_is_not_found(self, kind: str) -> None:
        assert WORLD.find(kind, "gone", HOME) is None


class TestOthers:
    def test_a_parameter_with_its_value_and_tags(self, ssm: Any) -> None:
        ssm.put_parameter(Name="/golden/web", Value="ami-1", Type="String", Tags=TAGS)
        found = WORLD.find("parameter", "/golden/web", HOME)
        assert found is not None
        assert found.arn == f"arn:aws:ssm:{HOME}:{ACCOUNT_ID}:parameter/golden/web"
        assert found.keys == {"aws:ResourceTag/team": "web", "ssm:resourceTag/team": "web"}
        assert found.details == {"value": "ami-1"}
        assert WORLD.find("parameter", "/golden/web", AWAY) is None

    def test_a_public_parameter_has_no_account(self, sandbox: Sandbox) -> None:
        name = catalogue.IMAGES[0].ssm_parameters[0]
        assert arn_of("parameter", name) == f"arn:aws:ssm:{HOME}::parameter{name}"

    @pytest.mark.parametrize("name", ["/gone", "/aws/service/gone"])
    def test_a_parameter_that_is_not_there(self, sandbox: Sandbox, name: str) -> None:
        assert WORLD.find("parameter", name, HOME) is None

    def test_an_organization_and_its_policies(self, sandbox: Sandbox) -> None:
        made = seed.organization(sandbox)
        prefix = f"arn:aws:organizations::{ACCOUNT_ID}"
        assert arn_of("root", made.root_id) == f"{prefix}:root/{made.id}/{made.root_id}"
        assert arn_of("organizationalunit", made.unit_id).endswith(f"/{made.unit_id}")
        assert arn_of("account", ACCOUNT_ID).endswith(f"/{ACCOUNT_ID}")
        policy = sandbox.client("organizations").create_policy(
            Name="p", Description="x", Type="SERVICE_CONTROL_POLICY", Content=DOCUMENT
        )["Policy"]["PolicySummary"]
        assert keys_of("organizations-policy", policy["Id"]) == {
            "organizations:PolicyType": "SERVICE_CONTROL_POLICY"
        }
        assert WORLD.find("organizations-policy", "p-gone", HOME) is None

    def test_without_organization_there_is_none_of_it(self, sandbox: Sandbox) -> None:
        assert WORLD.find("account", ACCOUNT_ID, HOME) is None


class TestLenientLookup:
    def test_what_is_there_is_found(self, ec2: Any, source_id: str) -> None:
        world = LenientLookup(WORLD)
        assert world.find("image", source_id, HOME).arn.endswith(source_id)
        assert world.missing == set()

    def test_what_is_not_there_is_remembered(self, ec2: Any) -> None:
        world = LenientLookup(WORLD)
        found = world.find("image", "ami-0123456789abcdef0", HOME)
        assert found.keys == {}
        assert found.details["devices"] == ()
        assert world.missing == {found.arn}
