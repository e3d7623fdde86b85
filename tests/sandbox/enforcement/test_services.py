"""The services beside EC2: each is decided, by the tags and the launches that count there."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
STATUS = "goldenami:status"


def deny(*actions: str, **conditions: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": "No", "Effect": "Deny", "Action": actions, "Resource": "*"}
    return statement | ({"Condition": conditions} if conditions else {})


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """Return code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("autoscaling", "describe_auto_scaling_groups", {}, "DescribeAutoScalingGroups", "*"),
        ("kms", "list_keys", {}, "ListKeys", "*"),
        ("kms", "describe_key", {"KeyId": "alias/golden"}, "DescribeKey", "key/*"),
        ("eks", "describe_cluster", {"name": "web"}, "DescribeCluster", "cluster/web"),
        ("config", "describe_configuration_recorders", {}, "DescribeConfigurationRecorders", "*"),
        ("service-quotas", "get_service_quota",
         {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}, "GetServiceQuota", "ec2/L-1216C47A"),
        ("securityhub", "get_findings", {}, "GetFindings", "hub/default"),
        ("ebs", "start_snapshot", {"VolumeSize": 1}, "StartSnapshot", "snapshot/*"),
        ("resourcegroupstaggingapi", "get_resources", {}, "GetResources", "*"),
        ("rbin", "list_rules", {"ResourceType": "EC2_IMAGE"}, "ListRules", "*"),
        ("rbin", "get_rule", {"Identifier": "abcdefghijk"}, "GetRule", "rule/abcdefghijk"),
        ("inspector2", "start_on_demand_scan",
         {"resourceId": "ami-0123456789abcdef0", "resourceType": "AMI"}, "StartOnDemandScan", "*"),
        ("inspector2", "create_sbom_export",
         {"reportFormat": "SPDX_2_3", "s3Destination": {"bucketName": "b", "kmsKeyArn": "k"}},
         "CreateSbomExport", "*"),
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:t", "Message": "m"},
         "Publish", f"sns:us-east-1:{ACCOUNT_ID}:t"),
        ("sqs", "send_message",
         {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT_ID}/q", "MessageBody": "m"},
         "SendMessage", f"sqs:us-east-1:{ACCOUNT_ID}:q"),
        ("cloudwatch", "put_metric_data",
         {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]},
         "PutMetricData", "*"),
        ("account", "enable_region", {"RegionName": "af-south-1"}, "EnableRegion", "account"),
        ("ec2-instance-connect", "send_serial_console_ssh_public_key",
         {"InstanceId": "i-00000000000000000", "SSHPublicKey": "k" * 80},
         "SendSerialConsoleSSHPublicKey", "*"),
    ],
)  # fmt: skip
def test_who_has_no_policy_may_nothing_anywhere(
    user: Any, service: str, operation: str, parameters: Any, action: str, resource: str
) -> None:
    call = getattr(user()(service), operation)
    code, message = refusal(lambda: call(**parameters))
    assert code in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
    assert re.search(rf"not authorized to perform: [a-z0-9-]+:{action} on resource: ", message)
    assert f"{resource} because no identity-based policy allows" in message


class TestAutoScaling:
    @pytest.fixture
    def template(self, sandbox: Sandbox, public: str) -> str:
        made = sandbox.client("ec2").create_launch_template(
            LaunchTemplateName="web",
            LaunchTemplateData={"ImageId": public, "InstanceType": "t3.micro"},
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    @pytest.fixture
    def group(self, template: str) -> dict[str, Any]:
        return {
            "AutoScalingGroupName": "web",
            "MinSize": 0,
            "MaxSize": 1,
            "AvailabilityZones": ["us-east-1a"],
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
        }

    def test_a_group_needs_the_launch_of_its_template(
        self, user: Any, sandbox: Sandbox, group: dict[str, Any], template: str, public: str
    ) -> None:
        other: Any = {"StringNotEquals": {"ec2:Owner": ACCOUNT_ID}}
        launch = deny("ec2:RunInstances", **other) | {"Resource": "arn:aws:ec2:*::image/*"}
        bob = user(EVERYTHING, launch)("autoscaling")
        refused = ("AccessDenied", f"You are not authorized to use launch template: {template}")
        assert refusal(lambda: bob.create_auto_scaling_group(**group)) == refused
        sandbox.client("autoscaling").create_auto_scaling_group(**group)
        assert refusal(lambda: bob.update_auto_scaling_group(**group)) == refused
        bob.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=2)
        web = {"AutoScalingGroupName": "web"}
        desired = {"LaunchTemplate": group["LaunchTemplate"]}
        assert refusal(lambda: bob.start_instance_refresh(**web, DesiredConfiguration=desired)) == (
            refused
        )
        bob.start_instance_refresh(**web)

    def test_a_group_that_may_be_launched_is_made(self, user: Any, group: dict[str, Any]) -> None:
        bob = user(EVERYTHING)("autoscaling")
        bob.create_auto_scaling_group(**group)
        assert len(bob.describe_auto_scaling_groups()["AutoScalingGroups"]) == 1

    def test_a_launch_configuration_needs_no_launch_but_can_be_tested(
        self, user: Any, group: dict[str, Any], public: str
    ) -> None:
        del group["LaunchTemplate"]
        configuration = {"LaunchConfigurationName": "old"}
        plain = user(EVERYTHING, deny("ec2:RunInstances"), name="plain")("autoscaling")
        plain.create_launch_configuration(**configuration, ImageId=public, InstanceType="t3.micro")
        plain.create_auto_scaling_group(**group, **configuration)
        null = {"Null": {"autoscaling:LaunchConfigurationName": "false"}}
        guarded = user(EVERYTHING, deny("autoscaling:*", **null), name="guarded")("autoscaling")
        code, _ = refusal(
            lambda: guarded.update_auto_scaling_group(AutoScalingGroupName="web", **configuration)
        )
        assert code == "AccessDenied"

    def test_a_group_s_tags_count(self, user: Any, sandbox: Sandbox, group: dict[str, Any]) -> None:
        tags = [{"Key": "stage", "Value": "prod"}]
        sandbox.client("autoscaling").create_auto_scaling_group(**group, Tags=tags)
        prod = {"StringEquals": {"autoscaling:ResourceTag/stage": "prod"}}
        bob = user(EVERYTHING, deny("autoscaling:DeleteAutoScalingGroup", **prod))("autoscaling")
        code, message = refusal(lambda: bob.delete_auto_scaling_group(AutoScalingGroupName="web"))
        assert code == "AccessDenied"
        assert "autoScalingGroupName/web with an explicit deny" in message


@pytest.fixture
def image(sandbox: Sandbox, public: str) -> str:
    sandbox.pending_s = 0.0
    ec2 = sandbox.client("ec2")
    launched = ec2.run_instances(ImageId=public, InstanceType="t3.micro", MinCount=1, MaxCount=1)[
        "Instances"
    ][0]["InstanceId"]
    return str(ec2.create_image(InstanceId=launched, Name="own")["ImageId"])


PROTECTED = deny("ec2:CreateTags", Null={f"aws:RequestTag/{STATUS}": "false"})


class TestTags:
    def test_tagging_through_resource_groups_needs_ec2_s_permission(
        self, user: Any, sandbox: Sandbox, image: str
    ) -> None:
        bob = user(EVERYTHING, PROTECTED)
        arn = f"arn:aws:ec2:us-east-1::image/{image}"
        tagging = bob("resourcegroupstaggingapi")
        code, message = refusal(
            lambda: tagging.tag_resources(ResourceARNList=[arn], Tags={STATUS: "approved"})
        )
        assert code == "AccessDeniedException"
        assert f"ec2:CreateTags on resource: {arn} with an explicit deny" in message
        tagging.tag_resources(ResourceARNList=[arn], Tags={"Team": "web"})
        described = sandbox.client("ec2").describe_images(ImageIds=[image])["Images"][0]
        assert described["Tags"] == [{"Key": "Team", "Value": "web"}]

    def test_a_snapshot_by_blocks_is_tagged_by_ec2_s_permission_too(self, user: Any) -> None:
        ebs = user(EVERYTHING, PROTECTED)("ebs")
        tags = [{"Key": STATUS, "Value": "approved"}]
        code, message = refusal(lambda: ebs.start_snapshot(VolumeSize=1, Tags=tags))
        assert code == "AccessDeniedException"
        assert "ec2:CreateTags" in message
        assert ebs.start_snapshot(VolumeSize=1)["SnapshotId"]

    def test_who_may_not_tag_may_not_copy_an_image_with_its_tags(
        self, user: Any, image: str
    ) -> None:
        ec2 = user(EVERYTHING, deny("ec2:CreateTags"))("ec2")
        copy = {"SourceImageId": image, "SourceRegion": "us-east-1"}
        code, _ = refusal(lambda: ec2.copy_image(**copy, Name="with", CopyImageTags=True))
        assert code == "UnauthorizedOperation"
        assert ec2.copy_image(**copy, Name="without")["ImageId"]

    def test_the_tags_of_a_user_decide_who_may_delete_him(self, user: Any, iam: Any) -> None:
        leaving = {"StringEquals": {"iam:ResourceTag/status": "leaving"}}
        hr = user(EVERYTHING | {"Action": "iam:DeleteUser", "Condition": leaving})("iam")
        iam.create_user(UserName="gone", Tags=[{"Key": "status", "Value": "leaving"}])
        iam.create_user(UserName="stays")
        assert refusal(lambda: hr.delete_user(UserName="stays"))[0] == "AccessDenied"
        hr.delete_user(UserName="gone")

    def test_the_tags_of_a_policy_protect_it(self, user: Any, iam: Any) -> None:
        protected = {"StringEquals": {"aws:ResourceTag/protected": "yes"}}
        bob = user(EVERYTHING, deny("iam:DeletePolicy", **protected))("iam")
        document = '{"Version": "2012-10-17", "Statement": []}'
        arn = iam.create_policy(
            PolicyName="guard",
            PolicyDocument=document.replace(
                "[]", '[{"Effect": "Deny", "Action": "*", "Resource": "*"}]'
            ),
            Tags=[{"Key": "protected", "Value": "yes"}],
        )["Policy"]["Arn"]
        code, message = refusal(lambda: bob.delete_policy(PolicyArn=arn))
        assert code == "AccessDenied"
        assert "explicit deny" in message

    def test_the_tags_of_a_unit_protect_it(self, user: Any, sandbox: Sandbox) -> None:
        organizations = sandbox.client("organizations")
        organizations.create_organization()
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(
            ParentId=root, Name="prod", Tags=[{"Key": "stage", "Value": "prod"}]
        )["OrganizationalUnit"]["Id"]
        prod = {"StringEquals": {"aws:ResourceTag/stage": "prod"}}
        bob = user(EVERYTHING, deny("organizations:*", **prod))("organizations")
        code, _ = refusal(lambda: bob.delete_organizational_unit(OrganizationalUnitId=unit))
        assert code == "AccessDeniedException"


class TestRecycleBin:
    @pytest.fixture
    def rule_id(self, sandbox: Sandbox) -> str:
        sandbox.pending_s = 0  # else the rule holds a moment later
        made = sandbox.client("rbin").create_rule(
            RetentionPeriod={"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"},
            ResourceType="EC2_IMAGE",
            Tags=[{"Key": "stage", "Value": "prod"}],
        )
        return str(made["Identifier"])

    @pytest.mark.parametrize(
        "condition",
        [
            {"aws:ResourceTag/stage": "prod"},
            {"rbin:Attribute/ResourceType": "EC2_IMAGE"},
        ],
    )
    def test_a_rule_is_protected_by_its_tags_and_by_its_type(
        self, user: Any, rule_id: str, condition: dict[str, str]
    ) -> None:
        bob = user(EVERYTHING, deny("rbin:*", StringEquals=condition))("rbin")
        code, message = refusal(lambda: bob.delete_rule(Identifier=rule_id))
        assert code == "AccessDeniedException"
        assert f"rule/{rule_id} with an explicit deny" in message
        code, _ = refusal(lambda: bob.delete_rule(Identifier="abcdefghijk"))
        assert code == "ResourceNotFoundException"

    def test_what_is_in_the_bin_is_restored_by_its_tags(
        self, user: Any, sandbox: Sandbox, rule_id: str, public: str
    ) -> None:
        ec2 = sandbox.client("ec2")
        instance = ec2.run_instances(
            ImageId=public, InstanceType="t3.micro", MinCount=1, MaxCount=1
        )["Instances"][0]
        tags = [{"Key": STATUS, "Value": "approved"}]
        image_id = ec2.create_image(
            InstanceId=instance["InstanceId"],
            Name="web",
            TagSpecifications=[{"ResourceType": "image", "Tags": tags}],
        )["ImageId"]
        ec2.deregister_image(ImageId=image_id)
        approved = {"StringEquals": {f"aws:ResourceTag/{STATUS}": "approved"}}
        bob = user(EVERYTHING, deny("ec2:RestoreImageFromRecycleBin", **approved))("ec2")
        code, _ = refusal(lambda: bob.restore_image_from_recycle_bin(ImageId=image_id))
        assert code == "UnauthorizedOperation"
        assert bob.list_images_in_recycle_bin()["Images"][0]["ImageId"] == image_id
        bob.delete_tags(Resources=[image_id], Tags=tags)
        assert bob.restore_image_from_recycle_bin(ImageId=image_id)["Return"] is True
