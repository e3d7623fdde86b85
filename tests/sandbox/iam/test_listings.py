"""IAM's listings in pages, and its words for what is not there."""

import json
from typing import Any

import pytest
from tests.sandbox.conftest import Refused

from goldenami_sandbox.iam.wording import worded
from goldenami_sandbox.server import Sandbox

DOCUMENT = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}],
})  # fmt: skip


def test_groups_and_instance_profiles_come_in_pages_by_path(iam: Any) -> None:
    for number in range(3):
        iam.create_group(GroupName=f"g{number}", Path="/a/")
        iam.create_instance_profile(InstanceProfileName=f"p{number}", Path="/a/")
    for key, call in (
        ("Groups", iam.list_groups), ("InstanceProfiles", iam.list_instance_profiles),
    ):  # fmt: skip
        first = call(MaxItems=2)
        assert (len(first[key]), first["IsTruncated"]) == (2, True)
        rest = call(Marker=first["Marker"])
        assert (len(rest[key]), rest["IsTruncated"]) == (1, False)
        assert call(PathPrefix="/b/")[key] == []


def test_users_of_a_group_and_their_keys_come_in_pages(iam: Any) -> None:
    iam.create_group(GroupName="admins")
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="admins", UserName=name)
        iam.create_access_key(UserName="ann")
    group = iam.get_group(GroupName="admins", MaxItems=1)
    assert (group["Group"]["GroupName"], group["IsTruncated"]) == ("admins", True)
    assert [user["UserName"] for user in group["Users"]] == ["ann"]
    keys = iam.list_access_keys(UserName="ann", MaxItems=1)
    assert (len(keys["AccessKeyMetadata"]), keys["IsTruncated"]) == (1, True)


def test_versions_are_listed_without_their_documents(iam: Any) -> None:
    arn = iam.create_policy(PolicyName="p", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=DOCUMENT, SetAsDefault=True)
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert made["PolicyVersion"] in listed
    for version in listed:
        assert version.keys() == {"VersionId", "IsDefaultVersion", "CreateDate"}


def test_ids_begin_as_awss_do(iam: Any) -> None:
    made = [
        iam.create_group(GroupName="a")["Group"]["GroupId"],
        iam.create_instance_profile(InstanceProfileName="a")["InstanceProfile"][
            "InstanceProfileId"
        ],
        iam.create_policy(PolicyName="a", PolicyDocument=DOCUMENT)["Policy"]["PolicyId"],
        iam.create_user(UserName="a")["User"]["UserId"],
        iam.create_role(RoleName="a", AssumeRolePolicyDocument="{}")["Role"]["RoleId"],
    ]
    assert [each[:4] for each in made] == ["AGPA", "AIPA", "ANPA", "AIDA", "AROA"]
    assert {len(each) for each in made} == {21}


@pytest.mark.parametrize(
    ("operation", "parameters", "says"),
    [
        ("get_role", {"RoleName": "nope"}, "The role with name nope cannot be found."),
        ("get_user", {"UserName": "nope"}, "The user with name nope cannot be found."),
        ("get_group", {"GroupName": "nope"}, "The group with name nope cannot be found."),
        ("get_instance_profile", {"InstanceProfileName": "nope"},
         "Instance Profile nope cannot be found."),
        ("get_policy", {"PolicyArn": "arn:aws:iam::123456789012:policy/nope"},
         "Policy arn:aws:iam::123456789012:policy/nope was not found."),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_as_iam_names_it(
    iam: Any, refused: Refused, operation: str, parameters: Any, says: str
) -> None:
    with refused("NoSuchEntity", says):
        getattr(iam, operation)(**parameters)


def test_other_words_stay() -> None:
    assert worded("Device 1 not found") == "Device 1 not found"


def test_an_invocation_that_is_not_there(sandbox: Sandbox, refused: Refused) -> None:
    with refused("InvocationDoesNotExist"):
        sandbox.client("ssm").get_command_invocation(
            CommandId="00000000-0000-0000-0000-000000000000", InstanceId="i-0123456789abcdef0"
        )
