import json
from typing import Any

import pytest


def policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]}


ALLOW = policy(Action="*", Resource="*")
TRUST = policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
FULL_EC2 = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
TAGS = [{"Key": "team", "Value": "platform"}]


@pytest.fixture
def arn(iam: Any) -> str:
    """A policy that ann has attached, the admins too, and that bounds ann and the role."""
    made = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(ALLOW), Tags=TAGS)
    return str(made["Policy"]["Arn"])


@pytest.fixture
def account(iam: Any, arn: str) -> str:
    iam.create_group(GroupName="admins")
    iam.create_user(UserName="ann", Tags=TAGS, PermissionsBoundary=arn)
    iam.create_user(UserName="bob", Path="/staff/")
    iam.add_user_to_group(GroupName="admins", UserName="ann")
    trust = json.dumps(TRUST)
    iam.create_role(
        RoleName="web", AssumeRolePolicyDocument=trust, Tags=TAGS, PermissionsBoundary=arn
    )
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    for kind, name in (("Group", "admins"), ("User", "ann"), ("Role", "web")):
        put = getattr(iam, f"put_{kind.lower()}_policy")
        put(**{f"{kind}Name": name}, PolicyName="own", PolicyDocument=json.dumps(ALLOW))
    iam.attach_group_policy(GroupName="admins", PolicyArn=FULL_EC2)
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    return arn


class TestTheWholeAccount:
    def test_has_users_with_groups_policies_boundary_and_tags(self, iam: Any, account: str) -> None:
        ann, bob = iam.get_account_authorization_details()["UserDetailList"]
        assert (ann["UserName"], ann["GroupList"], ann["Tags"]) == ("ann", ["admins"], TAGS)
        assert ann["PermissionsBoundary"]["PermissionsBoundaryArn"] == account
        assert ann["UserPolicyList"] == [{"PolicyName": "own", "PolicyDocument": ALLOW}]
        assert (bob["Path"], bob["Arn"]) == ("/staff/", "arn:aws:iam::123456789012:user/staff/bob")
        attached = [{"PolicyName": "edge", "PolicyArn": account}]
        assert bob["AttachedManagedPolicies"] == attached

    def test_has_groups_and_roles(self, iam: Any, account: str) -> None:
        told = iam.get_account_authorization_details()
        (group,), (role,) = told["GroupDetailList"], told["RoleDetailList"]
        assert group["GroupName"] == "admins"
        assert group["GroupPolicyList"] == [{"PolicyName": "own", "PolicyDocument": ALLOW}]
        assert [one["PolicyArn"] for one in group["AttachedManagedPolicies"]] == [FULL_EC2]
        assert (role["RoleName"], role["Tags"]) == ("web", TAGS)
        assert role["AssumeRolePolicyDocument"] == TRUST
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == account
        assert [one["InstanceProfileName"] for one in role["InstanceProfileList"]] == ["web"]

    def test_has_its_own_policies_and_those_of_aws_in_use(self, iam: Any, account: str) -> None:
        iam.create_policy_version(
            PolicyArn=account, PolicyDocument=json.dumps(ALLOW), SetAsDefault=True
        )
        aws, own = iam.get_account_authorization_details()["Policies"]
        assert aws["Arn"] == FULL_EC2
        assert (own["Arn"], own["DefaultVersionId"]) == (account, "v2")
        assert (own["AttachmentCount"], own["PermissionsBoundaryUsageCount"]) == (1, 2)
        versions = {one["VersionId"]: one for one in own["PolicyVersionList"]}
        assert {name: one["IsDefaultVersion"] for name, one in versions.items()} == {
            "v1": False,
            "v2": True,
        }
        assert versions["v2"]["Document"] == ALLOW

    @pytest.mark.parametrize(
        ("wanted", "key"),
        [
            ("User", "UserDetailList"),
            ("Group", "GroupDetailList"),
            ("Role", "RoleDetailList"),
            ("LocalManagedPolicy", "Policies"),
            ("AWSManagedPolicy", "Policies"),
        ],
    )
    def test_is_filtered(self, iam: Any, account: str, wanted: str, key: str) -> None:
        told = iam.get_account_authorization_details(Filter=[wanted])
        lists = {name: value for name, value in told.items() if isinstance(value, list) and value}
        assert list(lists) == [key]
        arns = [one["Arn"] for one in lists[key]]
        assert wanted not in ("LocalManagedPolicy", "AWSManagedPolicy") or arns == [
            account if wanted == "LocalManagedPolicy" else FULL_EC2
        ]

    def test_comes_in_pages(self, iam: Any, account: str, refused: Any) -> None:
        pages = list(
            iam.get_paginator("get_account_authorization_details").paginate(
                PaginationConfig={"PageSize": 2}
            )
        )
        assert [page["IsTruncated"] for page in pages] == [True, True, False]
        names = [user["UserName"] for page in pages for user in page["UserDetailList"]]
        assert names == ["ann", "bob"]
        assert [len(page["Policies"]) for page in pages] == [0, 0, 2]
        with refused("InvalidInput"):
            iam.get_account_authorization_details(Marker="x")


@pytest.mark.parametrize(
    ("asked", "users", "roles"),
    [
        ({}, ["ann", "bob"], ["web"]),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, ["ann"], ["web"]),
        ({"PolicyUsageFilter": "PermissionsPolicy"}, ["bob"], []),
        ({"EntityFilter": "Role"}, [], ["web"]),
        ({"PathPrefix": "/staff/"}, ["bob"], []),
    ],
    ids=["all", "as boundary", "as policy", "roles", "by path"],
)
def test_who_uses_a_policy(
    iam: Any, account: str, asked: dict[str, str], users: list[str], roles: list[str]
) -> None:
    told = iam.list_entities_for_policy(PolicyArn=account, **asked)
    assert [one["UserName"] for one in told["PolicyUsers"]] == users
    assert [one["RoleName"] for one in told["PolicyRoles"]] == roles
    assert told["PolicyGroups"] == []


def test_nobody_uses_a_policy_that_does_not_exist(iam: Any, refused: Any) -> None:
    with refused("NoSuchEntity"):
        iam.list_entities_for_policy(PolicyArn="arn:aws:iam::123456789012:policy/none")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"Scope": "Local"}, ["edge", "spare"]),
        ({"Scope": "Local", "OnlyAttached": True}, ["edge"]),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, ["edge"]),
        ({"PolicyUsageFilter": "PermissionsPolicy"}, ["AmazonEC2FullAccess", "edge"]),
        ({"Scope": "AWS", "OnlyAttached": True}, ["AmazonEC2FullAccess"]),
        ({"PathPrefix": "/spare/"}, ["spare"]),
    ],
    ids=str,
)
def test_policies_are_listed_by_scope_use_and_path(
    iam: Any, account: str, asked: dict[str, Any], names: list[str]
) -> None:
    iam.create_policy(PolicyName="spare", Path="/spare/", PolicyDocument=json.dumps(ALLOW))
    assert [one["PolicyName"] for one in iam.list_policies(**asked)["Policies"]] == names


def test_a_policy_is_tagged_and_untagged(iam: Any, arn: str) -> None:
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "stage", "Value": "prod"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["team"])
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Tags"] == [{"Key": "stage", "Value": "prod"}]
