import json
from typing import Any

import pytest

from goldenami_sandbox import seed
from goldenami_sandbox.server import Sandbox

IMAGE = "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"
SUBNET = "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0a"
LAUNCH = ["ec2:RunInstances"]
DENY_UNTAGGED = {
    "Sid": "OnlyApproved",
    "Effect": "Deny",
    "Action": "ec2:RunInstances",
    "Resource": "arn:aws:ec2:*::image/*",
    "Condition": {"StringNotEquals": {"ec2:ResourceTag/goldenami:status": "approved"}},
}
APPROVED = {
    "ContextKeyName": "ec2:ResourceTag/goldenami:status",
    "ContextKeyValues": ["approved"],
    "ContextKeyType": "string",
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


GUARDED = policy(allow("ec2:*"), DENY_UNTAGGED)


def custom(iam: Any, *documents: str, **more: Any) -> Any:
    asked = {"ActionNames": LAUNCH, "PolicyInputList": list(documents)} | more
    (result,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    return result


def principal(iam: Any, arn: str, **more: Any) -> Any:
    asked = {"ActionNames": LAUNCH, "PolicySourceArn": arn} | more
    (result,) = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    return result


def sources(result: Any) -> list[str]:
    return [one["SourcePolicyId"] for one in result["MatchedStatements"]]


@pytest.mark.parametrize(
    ("documents", "decision"),
    [
        ([policy(allow("ec2:*"))], "allowed"),
        ([policy(allow("ec2:*")), policy(allow("iam:*"))], "allowed"),
        ([policy(allow("iam:*"))], "implicitDeny"),
        ([policy(allow("*") | {"Effect": "Deny"}), policy(allow("*"))], "explicitDeny"),
    ],
    ids=["an allow", "an allow beside another", "no allow", "a deny beside an allow"],
)
def test_policies_decide_together(iam: Any, documents: list[str], decision: str) -> None:
    result = custom(iam, *documents)
    assert (result["EvalActionName"], result["EvalDecision"]) == ("ec2:RunInstances", decision)
    assert (result["EvalResourceName"], "ResourceSpecificResults" in result) == ("*", False)


def test_each_resource_has_its_result_and_the_worst_counts(iam: Any) -> None:
    result = custom(iam, GUARDED, ResourceArns=[SUBNET, IMAGE])
    assert result["EvalDecision"] == "explicitDeny"
    told = [
        (one["EvalResourceName"], one["EvalResourceDecision"], one["MissingContextValues"])
        for one in result["ResourceSpecificResults"]
    ]
    missing = ["ec2:ResourceTag/goldenami:status"]
    assert told == [(SUBNET, "allowed", []), (IMAGE, "explicitDeny", missing)]
    assert sources(result) == ["PolicyInputList.1", "PolicyInputList.1"]


def test_the_context_decides(iam: Any) -> None:
    result = custom(iam, GUARDED, ResourceArns=[IMAGE], ContextEntries=[APPROVED])
    assert result["EvalDecision"] == "allowed"
    (told,) = result["ResourceSpecificResults"]
    assert told["MissingContextValues"] == []


def test_a_key_of_a_list_type_has_several_values(iam: Any, refused: Any) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["Name", "Team"]}}
    document = policy(allow("ec2:CreateTags", Condition=condition))
    entry = {"ContextKeyName": "aws:TagKeys", "ContextKeyValues": ["Name", "Other"]}
    for kind, values, decision in (
        ("stringList", ["Name", "Other"], "implicitDeny"),
        ("stringList", ["Name", "Team"], "allowed"),
    ):
        entries = [entry | {"ContextKeyType": kind, "ContextKeyValues": values}]
        result = custom(
            iam, document, ActionNames=["ec2:CreateTags"], ResourceArns=[IMAGE],
            ContextEntries=entries,
        )  # fmt: skip
        assert result["EvalDecision"] == decision
    with refused("InvalidInput", "2 values and no list type"):
        custom(iam, document, ContextEntries=[entry | {"ContextKeyType": "string"}])


def test_a_missing_variable_is_told_too(iam: Any) -> None:
    document = policy(allow("ec2:*", Condition={"StringEquals": {"aws:username": "${aws:userid}"}}))
    assert custom(iam, document)["MissingContextValues"] == ["aws:userid", "aws:username"]


def test_a_statement_is_told_by_its_place(iam: Any) -> None:
    (told,) = custom(iam, GUARDED, ResourceArns=[IMAGE])["MatchedStatements"]
    lines = GUARDED.splitlines()
    start, end = told["StartPosition"], told["EndPosition"]
    statement = "\n".join(lines[start["Line"] - 1 : end["Line"]]).strip()
    assert json.loads(statement) == DENY_UNTAGGED
    assert lines[start["Line"] - 1][start["Column"] - 1] == "{"


def test_a_statement_need_not_be_in_a_list(iam: Any) -> None:
    document = json.dumps({"Statement": allow("ec2:*"), "Version": "2012-10-17"})
    (told,) = custom(iam, document)["MatchedStatements"]
    start, end = told["StartPosition"]["Column"] - 1, told["EndPosition"]["Column"] - 1
    assert json.loads(document[start:end]) == allow("ec2:*")


def test_a_place_that_is_hard_to_find_is_left_out(iam: Any) -> None:
    document = policy(allow("ec2:*")).replace('"Statement"', '"\\u0053tatement"')
    (told,) = custom(iam, document)["MatchedStatements"]
    assert told == {"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy"}


def test_a_boundary_has_to_allow_too(iam: Any) -> None:
    key, told = "PermissionsBoundaryPolicyInputList", "PermissionsBoundaryDecisionDetail"
    result = custom(iam, GUARDED, **{key: [policy(allow("iam:*"))]})
    assert result["EvalDecision"] == "implicitDeny"
    assert result[told] == {"AllowedByPermissionsBoundary": False}
    result = custom(iam, GUARDED, ContextEntries=[APPROVED], **{key: [policy(allow("*"))]})
    assert result[told] == {"AllowedByPermissionsBoundary": True}
    assert told not in custom(iam, GUARDED)


def test_every_level_of_service_control_policies_has_to_allow(iam: Any) -> None:
    key, told = "OrderedOrganizationPolicyInputList", "OrganizationsDecisionDetail"
    full, deny = policy(allow("*")), policy(allow("ec2:RunInstances") | {"Effect": "Deny"})
    for levels, decision in (
        ([[full], [full]], "allowed"),
        ([[full], [policy(allow("iam:*"))]], "implicitDeny"),
        ([[full, deny], [full]], "explicitDeny"),
    ):
        given = [{"ServiceControlPolicyInputList": level} for level in levels]
        result = custom(iam, policy(allow("ec2:*")), **{key: given})
        assert result["EvalDecision"] == decision
        assert result[told] == {"AllowedByOrganizations": decision == "allowed"}


def test_results_come_in_pages(iam: Any) -> None:
    actions = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CopyImage"]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[policy(allow("ec2:*"))],
        ActionNames=actions,
        PaginationConfig={"PageSize": 2},
    )
    told = [[one["EvalActionName"] for one in page["EvaluationResults"]] for page in pages]
    assert told == [actions[:2], actions[2:]]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"PolicyInputList": ["{"]}, "InvalidInput"),
        ({"ActionNames": ["RunInstances"]}, "InvalidInput"),
        ({"ActionNames": ["ec2:*"]}, "InvalidInput"),
        ({"PermissionsBoundaryPolicyInputList": [GUARDED, GUARDED]}, "InvalidInput"),
        ({"CallerArn": "arn:aws:iam::123456789012:user/nobody"}, "NoSuchEntity"),
        ({"CallerArn": "arn:aws:iam::123456789012:root"}, "ValidationError"),
        ({"ResourcePolicy": GUARDED}, "InvalidAction"),
    ],
    ids=[
        "a policy that is none",
        "an action without service",
        "a wildcard for an action",
        "two boundaries",
        "a caller that does not exist",
        "a caller that is no user, group or role",
        "a policy of a resource, which the sandbox does not simulate",
    ],
)
def test_what_makes_no_sense_is_refused(
    iam: Any, refused: Any, asked: dict[str, Any], code: str
) -> None:
    with refused(code):
        custom(iam, GUARDED, **asked)


def test_what_cannot_be_decided_is_an_error(iam: Any, refused: Any) -> None:
    condition = {"StringEquals": {"aws:TagKeys": "Name"}}
    entries = [
        {
            "ContextKeyName": "aws:TagKeys",
            "ContextKeyValues": ["Name", "Team"],
            "ContextKeyType": "stringList",
        }
    ]
    with refused("PolicyEvaluation"):
        custom(
            iam, policy(allow("ec2:CreateTags", Condition=condition)),
            ActionNames=["ec2:CreateTags"], ContextEntries=entries, ResourceArns=[IMAGE],
        )  # fmt: skip


class TestAPrincipal:
    @pytest.fixture
    def ann(self, iam: Any) -> str:
        """A user with an inline policy, in a group with a policy of its own and one of AWS."""
        iam.create_group(GroupName="admins")
        iam.attach_group_policy(
            GroupName="admins", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
        )
        own = iam.create_policy(PolicyName="guard", PolicyDocument=policy(DENY_UNTAGGED))
        iam.attach_group_policy(GroupName="admins", PolicyArn=own["Policy"]["Arn"])
        arn = iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "web"}])["User"]["Arn"]
        iam.add_user_to_group(GroupName="admins", UserName="ann")
        tagged = {"StringEquals": {"aws:PrincipalTag/team": "web", "aws:username": "ann"}}
        iam.put_user_policy(
            UserName="ann", PolicyName="own", PolicyDocument=policy(allow("s3:*", Condition=tagged))
        )
        return str(arn)

    def test_has_the_policies_of_its_groups(self, iam: Any, ann: str) -> None:
        result = principal(iam, ann, ResourceArns=[SUBNET])
        assert (result["EvalDecision"], sources(result)) == ("allowed", ["AmazonEC2FullAccess"])
        (told,) = result["MatchedStatements"][:1]
        assert told["SourcePolicyType"] == "IAM Policy"
        result = principal(iam, ann, ResourceArns=[IMAGE])
        assert (result["EvalDecision"], sources(result)) == ("explicitDeny", ["guard"])

    def test_has_its_own_keys(self, iam: Any, ann: str) -> None:
        result = principal(iam, ann, ActionNames=["s3:ListAllMyBuckets"])
        assert (result["EvalDecision"], sources(result)) == ("allowed", ["user_ann_own"])

    def test_can_be_given_more_policies(self, iam: Any, ann: str) -> None:
        asked = {"ActionNames": ["iam:GetUser"], "PolicyInputList": [policy(allow("iam:*"))]}
        assert principal(iam, ann, **asked)["EvalDecision"] == "allowed"

    def test_is_bounded(self, iam: Any, ann: str) -> None:
        edge = iam.create_policy(PolicyName="edge", PolicyDocument=policy(allow("s3:*")))
        iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=edge["Policy"]["Arn"])
        assert principal(iam, ann, ResourceArns=[SUBNET])["EvalDecision"] == "implicitDeny"
        other = {"PermissionsBoundaryPolicyInputList": [policy(allow("*"))]}
        assert principal(iam, ann, ResourceArns=[SUBNET], **other)["EvalDecision"] == "allowed"

    def test_can_be_a_group_or_a_role(self, iam: Any, ann: str) -> None:
        group = principal(iam, "arn:aws:iam::123456789012:group/admins", ResourceArns=[IMAGE])
        assert sources(group) == ["guard"]
        trust = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
        role = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        assert principal(iam, role)["EvalDecision"] == "implicitDeny"

    def test_can_be_simulated_for_another_caller(self, iam: Any, ann: str) -> None:
        bob = iam.create_user(UserName="bob")["User"]["Arn"]
        result = principal(iam, ann, ActionNames=["s3:ListAllMyBuckets"], CallerArn=bob)
        assert result["EvalDecision"] == "implicitDeny"

    def test_is_subject_to_its_organization(self, sandbox: Sandbox, iam: Any, ann: str) -> None:
        joined = seed.organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        told = principal(iam, ann, ResourceArns=[SUBNET])["OrganizationsDecisionDetail"]
        assert told == {"AllowedByOrganizations": True}
        client = sandbox.client("organizations")
        made = client.create_policy(
            Name="no launch", Description="", Type="SERVICE_CONTROL_POLICY",
            Content=policy(allow("ec2:RunInstances") | {"Effect": "Deny"}),
        )  # fmt: skip
        client.attach_policy(
            PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=joined.unit_id
        )
        result = principal(iam, ann, ResourceArns=[SUBNET])
        assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
        assert (result["EvalDecision"], sources(result)) == ("explicitDeny", ["no launch"])

    def test_has_to_exist(self, iam: Any, refused: Any) -> None:
        with refused("NoSuchEntity"):
            principal(iam, "arn:aws:iam::123456789012:user/nobody")
        with refused("ValidationError"):
            principal(iam, "arn:aws:iam::123456789012:root")
