import json
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

FULL_EC2 = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"


def document(characters: int = 0, spaces: int = 0) -> str:
    """A policy document of exactly so many characters, and white space beside them."""
    statement = {"Sid": "", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    short = json.dumps(policy, separators=(",", ":"))
    filler = "x" * (characters - len(short)) if characters else "one"
    return short.replace('"Sid":""', f'"Sid":"{filler}"') + " " * spaces


@pytest.fixture
def arn(iam: Any) -> str:
    return str(iam.create_policy(PolicyName="golden", PolicyDocument=document())["Policy"]["Arn"])


@pytest.fixture
def group(iam: Any) -> str:
    iam.create_group(GroupName="admins")
    return "admins"


def test_white_space_does_not_count_for_the_size(iam: Any, arn: str, refused: Any) -> None:
    iam.create_policy(PolicyName="full", PolicyDocument=document(6144, spaces=500))
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(6144, spaces=500))
    with refused("LimitExceeded", "PolicySize: 6144"):
        iam.create_policy(PolicyName="over", PolicyDocument=document(6145))
    with refused("LimitExceeded", "PolicySize: 6144"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(6145))


def test_a_policy_has_at_most_five_versions(iam: Any, arn: str, refused: Any) -> None:
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(), SetAsDefault=True)
    with refused("LimitExceeded"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v5"
    with refused("DeleteConflict"):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    assert len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 4


def test_a_policy_in_use_cannot_be_deleted(iam: Any, arn: str, group: str, refused: Any) -> None:
    iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    with refused("DeleteConflict", "attached"):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_group_policy(GroupName=group, PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    with refused("DeleteConflict", "more than one version"):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:*"}]}',
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", '
        '"Resource": "*", "Principal": "*"}}',
    ],
    ids=["no JSON", "no statement", "an unknown effect", "no action", "no resource", "a principal"],
)
def test_a_bad_document_is_refused(iam: Any, arn: str, group: str, refused: Any, text: str) -> None:
    with refused("MalformedPolicyDocument"):
        iam.put_group_policy(GroupName=group, PolicyName="bad", PolicyDocument=text)
    with refused("MalformedPolicyDocument"):
        iam.create_policy(PolicyName="bad", PolicyDocument=text)
    with refused("MalformedPolicyDocument"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text)


@pytest.mark.parametrize("kind", ["group", "user", "role"])
def test_ten_policies_can_be_attached(iam: Any, refused: Any, kind: str) -> None:
    more = {"AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}'}
    name = {f"{kind.capitalize()}Name": "x"}
    getattr(iam, f"create_{kind}")(**name, **(more if kind == "role" else {}))
    attach = getattr(iam, f"attach_{kind}_policy")
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document())["Policy"]["Arn"]
        for number in range(11)
    ]
    for arn in arns[:10]:
        attach(PolicyArn=arn, **name)
    attach(PolicyArn=arns[0], **name)
    with refused("LimitExceeded", f"PoliciesPer{kind.capitalize()}: 10"):
        attach(PolicyArn=arns[10], **name)
    listed = getattr(iam, f"list_attached_{kind}_policies")(**name)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in listed] == arns[:10]


def test_inline_policies_of_a_group_share_their_room(iam: Any, group: str, refused: Any) -> None:
    def put(name: str, size: int) -> None:
        iam.put_group_policy(GroupName=group, PolicyName=name, PolicyDocument=document(size))

    put("one", 5000)
    with refused("LimitExceeded"):
        put("two", 121)
    put("two", 120)
    put("one", 4000)


@pytest.mark.parametrize(("kind", "room"), [("user", 2048), ("role", 10_240)])
def test_so_do_those_of_users_and_roles(iam: Any, refused: Any, kind: str, room: int) -> None:
    more = {"AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}'}
    name = {f"{kind.capitalize()}Name": "x"}
    getattr(iam, f"create_{kind}")(**name, **(more if kind == "role" else {}))
    put = getattr(iam, f"put_{kind}_policy")
    put(**name, PolicyName="one", PolicyDocument=document(room - 200))
    with refused("LimitExceeded", str(room)):
        put(**name, PolicyName="two", PolicyDocument=document(201))
    put(**name, PolicyName="two", PolicyDocument=document(200))


def test_a_group_in_use_cannot_be_deleted(iam: Any, group: str, refused: Any) -> None:
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName=group, UserName="ann")
    with refused("DeleteConflict"):
        iam.delete_group(GroupName=group)
    iam.remove_user_from_group(GroupName=group, UserName="ann")
    iam.attach_group_policy(GroupName=group, PolicyArn=FULL_EC2)
    with refused("DeleteConflict"):
        iam.delete_group(GroupName=group)
    iam.detach_group_policy(GroupName=group, PolicyArn=FULL_EC2)
    iam.delete_group(GroupName=group)


@pytest.mark.parametrize("name", ["AmazonEC2FullAccess", "AdministratorAccess"])
def test_aws_own_policies_are_there(iam: Any, group: str, name: str) -> None:
    arn = f"arn:aws:iam::aws:policy/{name}"
    iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    assert found["Document"]["Statement"]


def test_a_policy_has_tags(iam: Any) -> None:
    tags = [{"Key": "goldenami:policy", "Value": "guardrail"}]
    arn = iam.create_policy(PolicyName="t", PolicyDocument=document(), Tags=tags)["Policy"]["Arn"]
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == tags
    iam.untag_policy(PolicyArn=arn, TagKeys=["goldenami:policy"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == []


def test_the_account_summary_counts_and_tells_the_quotas(iam: Any, arn: str, group: str) -> None:
    summary = iam.get_account_summary()["SummaryMap"]
    expected = {
        "Policies": 1,
        "Groups": 1,
        "Users": 0,
        "PolicySizeQuota": 6144,
        "GroupPolicySizeQuota": 5120,
        "VersionsPerPolicyQuota": 5,
        "AttachedPoliciesPerGroupQuota": 10,
    }
    assert summary.items() >= expected.items()


def test_a_caller_is_who_owns_the_access_key(sandbox: Sandbox, iam: Any) -> None:
    assert sandbox.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    sts = sandbox.client("sts", access_key_id=key["AccessKeyId"])
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/ann"


def test_an_assumed_role_is_a_caller_too(sandbox: Sandbox, iam: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    given = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="ci")["Credentials"]
    sts = sandbox.client(
        "sts", access_key_id=given["AccessKeyId"], session_token=given["SessionToken"]
    )
    arn = sts.get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::123456789012:assumed-role/pipeline/ci"
