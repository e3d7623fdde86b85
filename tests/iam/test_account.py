"""An account as data: whom which policies bind, now and after a change."""

import json
from typing import Any

import pytest

from goldenami.errors import IncompleteError, UsageError
from goldenami.iam.account import ADMINISTRATOR, Account, ControlLevel, NamedDocument, User
from goldenami.iam.evaluator.decide import decide
from goldenami.iam.evaluator.request import Request

ID = "123456789012"
IAM = f"arn:aws:iam::{ID}"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
NO_LAUNCH = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "NoLaunch", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
    ],
}
ALL = json.loads(ADMINISTRATOR.text)


def managed(arn: str, document: Any) -> dict[str, Any]:
    return {
        "Arn": arn,
        "PolicyName": arn.rpartition("/")[2],
        "PolicyVersionList": [
            {"VersionId": "v1", "IsDefaultVersion": False, "Document": {"old": True}},
            {"VersionId": "v2", "IsDefaultVersion": True, "Document": document},
        ],
    }


DETAILS: dict[str, Any] = {
    "UserDetailList": [
        {
            "Arn": f"{IAM}:user/team/ann", "UserName": "ann", "UserId": "AIDA1",
            "GroupList": ["admins"], "Tags": [{"Key": "team", "Value": "web"}],
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": NO_LAUNCH}],
            "PermissionsBoundary": {"PermissionsBoundaryArn": f"{IAM}:policy/limit"},
        },
        {"Arn": f"{IAM}:user/bob", "UserName": "bob", "GroupList": ["admins"]},
        {"Arn": f"{IAM}:user/eve", "UserName": "eve"},
    ],
    "GroupDetailList": [
        {
            "Arn": f"{IAM}:group/admins", "GroupName": "admins",
            "AttachedManagedPolicies": [{"PolicyArn": ADMIN, "PolicyName": "AdministratorAccess"}],
            "GroupPolicyList": [],
        },
    ],
    "RoleDetailList": [
        {
            "Arn": f"{IAM}:role/worker", "RoleName": "worker", "RoleId": "AROA1",
            "AssumeRolePolicyDocument": json.dumps({"Statement": []}),
            "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": ALL}],
        },
        {
            "Arn": f"{IAM}:role/lost", "RoleName": "lost", "AssumeRolePolicyDocument": {},
            "AttachedManagedPolicies": [
                {"PolicyArn": f"{IAM}:policy/unread", "PolicyName": "unread"}
            ],
        },
    ],
    "Policies": [managed(ADMIN, ALL), managed(f"{IAM}:policy/limit", ALL)],
}  # fmt: skip
ACCOUNT = Account.from_details(DETAILS, id=ID, organization="o-1")


def decided(account: Account, kind: Any, name: str) -> str:
    one = account.named(kind, name)
    request = Request(
        principal=account.principal(one), action="ec2:RunInstances",
        resource="arn:aws:ec2:us-east-1::image/ami-1",
    )  # fmt: skip
    return decide(account.policies_of(one), request).reason


def test_a_user_has_his_groups_policies_and_his_own() -> None:
    ann = ACCOUNT.named("user", "ann")
    names = [document.name for document in ACCOUNT.documents_of(ann)]
    assert names == ['inline "own" of user ann', "AdministratorAccess"]
    assert decided(ACCOUNT, "user", "ann").startswith("explicitly denied by NoLaunch of inline")
    assert decided(ACCOUNT, "user", "bob").startswith("allowed by #1 of AdministratorAccess")
    assert decided(ACCOUNT, "user", "eve").startswith("implicitly denied")


def test_a_boundary_is_a_policy_by_its_arn() -> None:
    boundary = ACCOUNT.boundary_of(ACCOUNT.named("user", "ann"))
    assert boundary is not None
    assert boundary.name == "limit"
    assert ACCOUNT.boundary_of(ACCOUNT.named("group", "admins")) is None
    assert ACCOUNT.boundary_of(ACCOUNT.named("user", "bob")) is None


def test_a_principal_tells_who_it_is() -> None:
    ann = ACCOUNT.principal(ACCOUNT.named("user", "ann"))
    assert ann.keys["aws:PrincipalTag/team"] == "web"
    assert ann.keys["aws:PrincipalOrgID"] == "o-1"
    member = ACCOUNT.principal(ACCOUNT.named("group", "admins"))
    assert member.arn == f"{IAM}:user/member-of-admins"
    worker = ACCOUNT.principal(ACCOUNT.named("role", "worker"))
    assert worker.keys["aws:userid"] == "AROA1:goldenami-proof"


def test_the_members_of_a_group() -> None:
    assert [member.name for member in ACCOUNT.members("admins")] == ["ann", "bob"]


@pytest.mark.parametrize("name", ["ann", f"{IAM}:user/team/ann"])
def test_a_user_is_found_by_name_and_by_arn(name: str) -> None:
    assert ACCOUNT.named("user", name).arn == f"{IAM}:user/team/ann"


@pytest.mark.parametrize(
    ("name", "fix"),
    [("anne", "did you mean `ann`?"), ("nobody", "aws iam list-users"),
     (f"{IAM}:user/other/ann", "did you mean")],
)  # fmt: skip
def test_a_user_who_is_not_there_is_an_error(name: str, fix: str) -> None:
    with pytest.raises(UsageError, match="there is no user") as raised:
        ACCOUNT.named("user", name)
    assert fix in raised.value.fix


def test_a_policy_that_could_not_be_read_is_never_left_out() -> None:
    with pytest.raises(IncompleteError, match="policy/unread"):
        ACCOUNT.documents_of(ACCOUNT.named("role", "lost"))


class TestAfterAChange:
    def test_a_policy_attached_to_a_group_binds_its_members(self) -> None:
        after = ACCOUNT.with_group_policy("admins", "goldenami-guardrail", NO_LAUNCH)
        assert "NoLaunch of goldenami-guardrail" in decided(after, "user", "bob")
        assert "NoLaunch of goldenami-guardrail" in decided(after, "group", "admins")
        assert decided(ACCOUNT, "user", "bob").startswith("allowed")

    def test_a_new_version_counts_wherever_it_is_attached(self) -> None:
        once = ACCOUNT.with_group_policy("admins", "goldenami-guardrail", NO_LAUNCH)
        again = once.with_group_policy("admins", "goldenami-guardrail", ALL)
        assert decided(again, "user", "bob").startswith("allowed")

    def test_a_policy_detached_from_a_group_binds_nobody(self) -> None:
        after = ACCOUNT.with_group_policy("admins", "goldenami-guardrail", NO_LAUNCH)
        back = after.with_group_policy("admins", "goldenami-guardrail", None)
        assert decided(back, "user", "bob").startswith("allowed")

    def test_a_boundary_put_on_a_role_and_taken_off(self) -> None:
        after = ACCOUNT.with_boundary("worker", "goldenami-boundary", NO_LAUNCH)
        assert "NoLaunch of goldenami-boundary (permissions boundary)" in decided(
            after, "role", "worker"
        )
        back = after.with_boundary("worker", "goldenami-boundary", None)
        assert decided(back, "role", "worker").startswith("allowed")

    def test_an_scp_attached_above_the_account(self) -> None:
        full = (ADMINISTRATOR,)
        levels = (ControlLevel("r-1", "root", full), ControlLevel(ID, f"account {ID}", full))
        account = Account.from_details(DETAILS, id=ID, levels=levels)
        assert decided(account, "user", "bob").startswith("allowed")
        after = account.with_scp("r-1", "goldenami-guardrail", NO_LAUNCH)
        assert "NoLaunch of goldenami-guardrail (service control policy)" in decided(
            after, "user", "bob"
        )
        assert after.with_scp("r-1", "goldenami-guardrail", None) == account
        assert account.with_scp("ou-elsewhere", "x", NO_LAUNCH) == account

    def test_the_management_account_is_not_bound(self) -> None:
        levels = (ControlLevel("r-1", "root", (NamedDocument.from_json("no", NO_LAUNCH),)),)
        account = Account.from_details(DETAILS, id=ID, levels=levels, manages_organization=True)
        assert decided(account, "user", "bob").startswith("allowed")


def test_a_group_that_was_not_read_is_not_taken_for_none() -> None:
    user = User(arn="arn:aws:iam::123456789012:user/ann", groups=("unread",))
    account = Account(id="123456789012", users={"ann": user})
    with pytest.raises(IncompleteError, match="the group unread could not be read"):
        account.documents_of(user)
