"""Whose policies count, under which names and ARNs."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from goldenami.errors import GoldenamiError, PolicyError
from goldenami.iam.evaluator.decide import Layer, Matched
from goldenami_sandbox import seed
from goldenami_sandbox.enforcement.caller import Caller, caller_of
from goldenami_sandbox.enforcement.policies import policies_of, policy_arn
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

TRUST = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
IAM = f"arn:aws:iam::{ACCOUNT_ID}:policy"
FULL_ACCESS = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
READ = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def managed(iam: Any, name: str) -> str:
    made = iam.create_policy(PolicyName=name, PolicyDocument=document(READ))
    return str(made["Policy"]["Arn"])


@pytest.fixture
def key(iam: Any) -> str:
    """The access key of a user in a group, each with a policy of both kinds, and a boundary."""
    boundary = managed(iam, "limits")
    iam.create_user(
        UserName="bob", Path="/web/", PermissionsBoundary=boundary,
        Tags=[{"Key": "team", "Value": "web"}],
    )  # fmt: skip
    iam.create_group(GroupName="admins")
    iam.add_user_to_group(GroupName="admins", UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document(READ))
    iam.attach_user_policy(UserName="bob", PolicyArn=managed(iam, "reader"))
    iam.put_group_policy(GroupName="admins", PolicyName="ours", PolicyDocument=document(READ))
    iam.attach_group_policy(GroupName="admins", PolicyArn=managed(iam, "goldenami-guardrail"))
    return str(iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"])


def assumed(sandbox: Sandbox, iam: Any, **parameters: Any) -> Caller:
    iam.create_role(
        RoleName="worker", Path="/ci/", AssumeRolePolicyDocument=document(TRUST),
        Tags=[{"Key": "team", "Value": "web"}, {"Key": "stage", "Value": "test"}],
    )  # fmt: skip
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document(READ))
    told = sandbox.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/ci/worker", RoleSessionName="work", **parameters
    )
    return caller_of(told["Credentials"]["AccessKeyId"])


def test_a_user_is_known_by_name_path_and_tags(key: str, iam: Any) -> None:
    caller = caller_of(key)
    assert caller.arn == f"arn:aws:iam::{ACCOUNT_ID}:user/web/bob"
    keys = caller.principal.keys
    assert keys["aws:username"] == "bob"
    assert keys["aws:PrincipalTag/team"] == "web"
    assert keys["aws:userid"] == iam.get_user(UserName="bob")["User"]["UserId"]
    assert "aws:PrincipalOrgID" not in keys


def test_a_session_is_its_role_with_tags_of_its_own(sandbox: Sandbox, iam: Any) -> None:
    caller = assumed(sandbox, iam, Tags=[{"Key": "stage", "Value": "live"}])
    assert caller.arn == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/worker/work"
    assert caller.principal.arn == f"arn:aws:iam::{ACCOUNT_ID}:role/ci/worker"
    keys = caller.principal.keys
    assert str(keys["aws:userid"]).endswith(":work")
    assert (keys["aws:PrincipalTag/team"], keys["aws:PrincipalTag/stage"]) == ("web", "live")


@pytest.mark.parametrize("manager", [ACCOUNT_ID, "999988887777"])
def test_the_organization_of_the_account_is_known(sandbox: Sandbox, key: str, manager: str) -> None:
    made = seed.organization(sandbox, management_account=manager)
    principal = caller_of(key).principal
    assert principal.keys["aws:PrincipalOrgID"] == made.id
    assert principal.in_management_account == (manager == ACCOUNT_ID)


def test_a_key_of_nobody_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(GoldenamiError, match="is nobody's"):
        caller_of("AKIANOBODY")


def test_the_policies_of_a_user_are_named_as_people_know_them(key: str) -> None:
    policies = policies_of(caller_of(key))
    assert {one.name for one in policies.identity} == {
        "reader", 'inline "own" of user bob',
        "goldenami-guardrail", 'inline "ours" of group admins',
    }  # fmt: skip
    assert policies.boundary is not None
    assert policies.boundary.name == "limits"
    assert policies.session is None
    assert policies.scps == ()


def test_a_document_is_compiled_once(key: str) -> None:
    first, second = policies_of(caller_of(key)), policies_of(caller_of(key))
    assert [id(one) for one in first.identity] == [id(one) for one in second.identity]


def test_the_default_version_of_a_managed_policy_counts(key: str, iam: Any) -> None:
    arn = f"{IAM}/reader"
    (before,) = (one for one in policies_of(caller_of(key)).identity if one.name == "reader")
    launch = document({**READ, "Action": "ec2:RunInstances"})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=launch, SetAsDefault=True)
    (after,) = (one for one in policies_of(caller_of(key)).identity if one.name == "reader")
    assert before.about("ec2:runinstances") == ()
    assert after.about("ec2:runinstances")


def test_a_session_has_the_policies_that_were_passed(sandbox: Sandbox, iam: Any) -> None:
    passed = {"Policy": document(READ), "PolicyArns": [{"arn": managed(iam, "reader")}]}
    session = policies_of(assumed(sandbox, iam, **passed)).session
    assert session is not None
    assert [one.name for one in session] == ["the session's policy", "reader"]


def test_without_passed_policies_a_session_has_its_role_s_alone(sandbox: Sandbox, iam: Any) -> None:
    policies = policies_of(assumed(sandbox, iam))
    assert policies.session is None
    assert [one.name for one in policies.identity] == ['inline "own" of role worker']


def test_the_scps_of_every_level_bind_a_member_account(sandbox: Sandbox, key: str) -> None:
    made = seed.organization(sandbox, management_account="999988887777")
    root, unit, account = policies_of(caller_of(key)).scps
    assert "root" in root.name.lower()
    assert made.unit_id in unit.name
    assert ACCOUNT_ID in account.name
    assert [one.name for one in root.policies] == ["FullAWSAccess"]


@pytest.mark.parametrize(
    ("layer", "policy", "arn"),
    [
        (Layer.IDENTITY, "reader", f"{IAM}/reader"),
        (Layer.IDENTITY, "goldenami-guardrail", f"{IAM}/goldenami-guardrail"),
        (Layer.IDENTITY, 'inline "own" of user bob', ""),
        (Layer.BOUNDARY, "limits", f"{IAM}/limits"),
        (Layer.SESSION, "the session's policy", ""),
        (Layer.SCP, "FullAWSAccess", FULL_ACCESS),
    ],
    ids=[
        "a user's managed policy",
        "a group's managed policy",
        "an inline policy has none",
        "the boundary",
        "a session's document has none",
        "a service control policy",
    ],
)
def test_a_policy_that_has_an_arn_is_told_by_it(
    sandbox: Sandbox, key: str, layer: Layer, policy: str, arn: str
) -> None:
    seed.organization(sandbox, management_account="999988887777")
    assert policy_arn(caller_of(key), Matched(layer, policy, "No")) == arn


def test_the_arn_of_a_policy_passed_to_a_session_is_known(sandbox: Sandbox, iam: Any) -> None:
    arn = managed(iam, "reader")
    caller = assumed(sandbox, iam, PolicyArns=[{"arn": arn}])
    assert policy_arn(caller, Matched(Layer.SESSION, "reader", "No")) == arn


def test_without_organization_no_scp_has_an_arn(key: str) -> None:
    assert policy_arn(caller_of(key), Matched(Layer.SCP, "FullAWSAccess", "No")) == ""


def test_a_policy_that_is_not_understood_is_an_error_with_its_name(key: str, iam: Any) -> None:
    odd = READ | {"Condition": {"StringEquals": {"aws:SourceIp": "${nonsense}"}}}
    iam.put_group_policy(GroupName="admins", PolicyName="odd", PolicyDocument=document(odd))
    with pytest.raises(PolicyError, match='inline "odd" of group admins'):
        policies_of(caller_of(key))
