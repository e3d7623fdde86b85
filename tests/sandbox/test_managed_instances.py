"""Systems Manager reaches an instance only if its agent could register."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox import catalogue, seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.people import AGENT_POLICY
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
MANAGED = {"IamInstanceProfile": {"Name": "managed"}}
SETTING = "/ssm/managed-instance/default-ec2-instance-management-role"
UPDATE, CHANNEL, MESSAGES = (
    ["ssm:UpdateInstanceInformation"],
    ["ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel"],
    ["ec2messages:GetMessages", "ec2messages:AcknowledgeMessage"],
)


@pytest.fixture
def send(ssm: Any) -> Callable[..., Any]:
    def send(*instance_ids: str, document: str = "AWS-RunShellScript") -> Any:
        return ssm.send_command(
            InstanceIds=list(instance_ids),
            DocumentName=document,
            Parameters={"commands": ["echo hi"]},
        )

    return send


def profile_of(sandbox: Sandbox, *actions: str, denied: str = "") -> dict[str, Any]:
    """Make an instance profile whose role may do these actions; return its launch parameter."""
    iam = sandbox.client("iam")
    seed.instance_profile(sandbox, "other")
    iam.detach_role_policy(RoleName="other", PolicyArn=f"arn:aws:iam::aws:policy/{AGENT_POLICY}")
    statements = [
        {"Effect": effect, "Action": action, "Resource": "*"}
        for effect, action in (("Allow", list(actions)), ("Deny", denied))
        if action
    ]
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName="other", PolicyName="own", PolicyDocument=document)
    return {"IamInstanceProfile": {"Name": "other"}}


def trusted_by(sandbox: Sandbox, role: str, service: str) -> None:
    statement = {
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sandbox.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)


def listed(ssm: Any, **wishes: Any) -> dict[str, str]:
    """Return the ping status of the managed instances by id."""
    rows = ssm.describe_instance_information(**wishes)["InstanceInformationList"]
    return {row["InstanceId"]: row["PingStatus"] for row in rows}


@pytest.mark.parametrize(
    ("actions", "denied", "manages"),
    [
        ([], "", False),
        (UPDATE, "", False),
        (CHANNEL, "", False),
        ([*UPDATE, *CHANNEL], "", True),
        ([*UPDATE, *MESSAGES], "", True),
        (["ssm:*", "ec2messages:*"], "", True),
        (["*"], "ssm:UpdateInstanceInformation", False),
        (["ec2:*"], "", False),
    ],
    ids=["nothing", "no channel", "no registration", "a channel", "messages", "all of SSM",
         "all but one", "all of EC2"],
)  # fmt: skip
def test_the_role_of_the_instance_decides(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Any, refused: Any,
    actions: list[str], denied: str, manages: bool,
) -> None:  # fmt: skip
    instance_id = launch(**profile_of(sandbox, *actions, denied=denied))
    if manages:
        send(instance_id)
        assert listed(ssm) == {instance_id: "Online"}
        return
    says = f"Instances [[{instance_id}]] not in a valid state for account 123456789012"
    with refused("InvalidInstanceId", says):
        send(instance_id)
    assert listed(ssm) == {}


def test_without_a_profile_the_account_may_manage_by_default(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Any, refused: Any
) -> None:
    instance_id = launch()
    with refused("InvalidInstanceId"):
        send(instance_id)
    default = ssm.get_service_setting(SettingId=SETTING)["ServiceSetting"]
    assert (default["SettingValue"], default["Status"]) == ("$None", "Default")
    seed.instance_profile(sandbox, "default")
    trusted_by(sandbox, "default", "ssm.amazonaws.com")
    ssm.update_service_setting(SettingId=SETTING, SettingValue="default")
    arn = default["ARN"]
    changed = ssm.get_service_setting(SettingId=arn)["ServiceSetting"]
    assert (changed["SettingValue"], changed["Status"]) == ("default", "Customized")
    assert (default["LastModifiedUser"], changed["LastModifiedUser"]) == (
        "System",
        f"arn:aws:iam::{ACCOUNT_ID}:root",
    )
    send(instance_id)
    ssm.reset_service_setting(SettingId=SETTING)
    with refused("InvalidInstanceId"):
        send(instance_id)
    with refused("ServiceSettingNotFound"):
        ssm.get_service_setting(SettingId="/ssm/parameter-store/high-throughput-enabled")


def test_an_agent_takes_a_while_to_register_and_a_stopped_one_is_lost(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Any, refused: Any
) -> None:
    seed.instance_profile(sandbox, "managed")
    sandbox.pending_s = 3600
    young = launch(**MANAGED)
    sandbox.pending_s = 0
    stopped, ended, good = launch(**MANAGED), launch(**MANAGED), launch(**MANAGED)
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.terminate_instances(InstanceIds=[ended])
    assert listed(ssm) == {stopped: "ConnectionLost", good: "Online"}
    for instance_id in (young, stopped, ended, "i-0123456789abcdef0"):
        with refused("InvalidInstanceId"):
            send(good, instance_id)


def test_managed_instances_are_filtered_and_paged(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, refused: Any
) -> None:
    seed.instance_profile(sandbox, "managed")
    ids = [launch(**MANAGED) for _ in range(7)]
    ec2.create_tags(Resources=ids[:1], Tags=[{"Key": "Name", "Value": "web"}])
    ec2.stop_instances(InstanceIds=ids[1:2])
    first = ssm.describe_instance_information(MaxResults=5)
    rest = ssm.describe_instance_information(MaxResults=5, NextToken=first["NextToken"])
    assert [len(page["InstanceInformationList"]) for page in (first, rest)] == [5, 2]
    assert "NextToken" not in rest

    def matching(key: str, *values: str) -> list[str]:
        return sorted(listed(ssm, Filters=[{"Key": key, "Values": list(values)}]))

    assert matching("tag:Name", "web") == matching("tag-key", "Name") == ids[:1]
    assert matching("PingStatus", "ConnectionLost") == ids[1:2]
    assert matching("PlatformTypes", "Windows") == []
    assert matching("ResourceType", "EC2Instance") == matching("PlatformTypes", "Linux")
    assert matching("ActivationIds", "a") == []
    assert sorted(matching("InstanceIds", *ids[2:4])) == sorted(ids[2:4])
    assert len(matching("AgentVersion", "3.3.3050.0")) == 7
    old = [{"key": "InstanceIds", "valueSet": ids[:1]}]
    assert list(listed(ssm, InstanceInformationFilterList=old)) == ids[:1]
    with refused("InvalidInstanceInformationFilterValue"):
        matching("Colour", "red")
    with refused("InvalidNextToken"):
        ssm.describe_instance_information(NextToken="next")
    with refused("ValidationException"):
        ssm.describe_instance_information(MaxResults=51)


def test_the_invocations_of_commands_are_listed(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Any, refused: Any
) -> None:
    seed.instance_profile(sandbox, "managed")
    one, other = launch(**MANAGED), launch(**MANAGED)
    both = send(one, other)["Command"]["CommandId"]
    send(one, document="AWS-RunPowerShellScript")

    def invocations(**wishes: Any) -> list[dict[str, Any]]:
        return list(ssm.list_command_invocations(**wishes)["CommandInvocations"])

    assert {item["InstanceId"] for item in invocations(CommandId=both)} == {one, other}
    assert len(invocations()) == 3
    (detailed,) = invocations(CommandId=both, InstanceId=one, Details=True)
    assert detailed["CommandPlugins"][0]["Output"] == "hi\n"
    assert detailed["Status"] == "Success"
    for key, value, count in (
        ("Status", "Success", 3), ("Status", "Failed", 0), ("ExecutionStage", "Executing", 0),
        ("ExecutionStage", "Complete", 3), ("DocumentName", "AWS-RunShellScript", 2),
        ("InvokedAfter", "2020-01-01T00:00:00Z", 3), ("InvokedBefore", "2020-01-01T00:00:00Z", 0),
    ):  # fmt: skip
        assert len(invocations(Filters=[{"key": key, "value": value}])) == count
    first = ssm.list_command_invocations(MaxResults=2)
    rest = ssm.list_command_invocations(MaxResults=2, NextToken=first["NextToken"])
    assert len(rest["CommandInvocations"]) == 1
    with refused("ValidationException"):
        invocations(MaxResults=51)
    with refused("InvalidCommandId"):
        invocations(CommandId="00000000-0000-0000-0000-000000000000")


def test_user_data_takes_as_long_and_ends_as_it_is_set(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make
) -> None:
    seed.instance_profile(sandbox, "managed")
    with_data, without = launch(UserData="#!/bin/sh", **MANAGED), launch(**MANAGED)

    def ended(instance_id: str, line: str) -> list[tuple[str, str]]:
        command = ssm.send_command(
            InstanceIds=[instance_id], DocumentName="AWS-RunShellScript",
            Parameters={"commands": [line]},
        )["Command"]["CommandId"]  # fmt: skip
        answers = [
            ssm.get_command_invocation(CommandId=command, InstanceId=instance_id) for _ in range(3)
        ]
        return [(each["Status"], each["StandardOutputContent"]) for each in answers
                if each["Status"] != "InProgress"]  # fmt: skip

    wait = "cloud-init status --wait"
    with sandbox.user_data(polls=2, exit_code=1, log="no such package\n"):
        assert ended(with_data, wait) == [("Failed", "no such package\n")]
        assert ended(without, wait) == ended(with_data, "true") == [("Success", "")] * 3
    assert ended(with_data, wait) == [("Success", "")] * 3


def test_a_shell_document_is_not_for_windows(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Any, refused: Any
) -> None:
    seed.instance_profile(sandbox, "managed")
    (image,) = (each for each in catalogue.IMAGES if each.tpm_support)
    instance_id = launch(image.id_in("us-east-1"), **MANAGED)
    (described,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    assert described["Instances"][0]["Platform"] == "windows"
    with refused("UnsupportedPlatformType"):
        send(instance_id)
    send(instance_id, document="AWS-RunPowerShellScript")
    wish = [{"Key": "PlatformTypes", "Values": ["Windows"]}]
    assert listed(ssm, Filters=wish) == {instance_id: "Online"}


def test_a_role_that_its_service_may_not_assume_manages_nothing(
    sandbox: Sandbox, launch: Make, ssm: Any
) -> None:
    sandbox.pending_s = 0.0
    instance_id = launch(**profile_of(sandbox, *UPDATE, *CHANNEL))
    assert listed(ssm) == {instance_id: "Online"}
    trusted_by(sandbox, "other", "lambda.amazonaws.com")
    assert listed(ssm) == {}
    ssm.update_service_setting(SettingId=SETTING, SettingValue="other")
    assert listed(ssm) == {}


def test_targets_reach_the_managed_instances_that_all_of_them_name(
    sandbox: Sandbox, ec2: Any, launch: Make, ssm: Any
) -> None:
    seed.instance_profile(sandbox, "managed")
    web, other, unmanaged = launch(**MANAGED), launch(**MANAGED), launch()
    ec2.create_tags(Resources=[web, unmanaged], Tags=[{"Key": "role", "Value": "web"}])

    def reached(**targets: list[str]) -> Any:
        command = ssm.send_command(
            Targets=[
                {"Key": key.replace("_", ":"), "Values": values} for key, values in targets.items()
            ],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": ["true"]},
        )["Command"]
        listing = ssm.list_command_invocations(CommandId=command["CommandId"])
        return {row["InstanceId"] for row in listing["CommandInvocations"]}

    assert reached(InstanceIds=[web, other, unmanaged]) == {web, other}
    assert reached(tag_role=["web"]) == {web}
    assert reached(**{"tag-key": ["role"]}) == {web}
    assert reached(tag_role=["web"], InstanceIds=[other]) == set()
