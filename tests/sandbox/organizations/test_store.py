import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox import seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

SCP, DECLARATIVE = "SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"
FULL = "p-FullAWSAccess"
AUDIT = {"ec2_attributes": {"allowed_images_settings": {"state": {"@@assign": "audit_mode"}}}}


def scp(characters: int = 0) -> str:
    """A service control policy of exactly so many characters."""
    statement = {"Sid": "", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return text.replace('"Sid": ""', f'"Sid": "{"x" * max(0, characters - len(text))}"')


@pytest.fixture
def organization(sandbox: Sandbox) -> seed.Organization:
    return seed.organization(sandbox)


@pytest.fixture
def client(sandbox: Sandbox, organization: seed.Organization) -> Any:
    return sandbox.client("organizations")


def new(client: Any, name: str = "guard", content: str = "", kind: str = SCP, **more: Any) -> str:
    asked = {"Content": content or scp(), "Description": "", "Type": kind, "Name": name}
    return str(client.create_policy(**asked, **more)["Policy"]["PolicySummary"]["Id"])


def names(client: Any, target: str, kind: str = SCP) -> list[str]:
    told = client.list_policies_for_target(TargetId=target, Filter=kind)["Policies"]
    return [one["Name"] for one in told]


def reason_of(call: Any, **asked: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    response: Any = caught.value.response
    return response["Error"]["Code"], response["Reason"]


def test_everything_begins_with_full_access(client: Any, organization: seed.Organization) -> None:
    for target in (organization.root_id, organization.unit_id, ACCOUNT_ID):
        assert names(client, target) == ["FullAWSAccess"]
    told = client.describe_policy(PolicyId=FULL)["Policy"]["PolicySummary"]
    assert told["AwsManaged"]
    assert told["Arn"] == "arn:aws:organizations::aws:policy/service_control_policy/" + FULL


def test_a_policy_lives_its_life(
    client: Any, organization: seed.Organization, refused: Any
) -> None:
    tags = [{"Key": "goldenami:policy", "Value": "guardrail"}]
    policy = new(client, Tags=tags)
    assert client.list_tags_for_resource(ResourceId=policy)["Tags"] == tags
    client.update_policy(PolicyId=policy, Name="guard-2", Content=scp(500))
    told = client.describe_policy(PolicyId=policy)["Policy"]
    assert (told["PolicySummary"]["Name"], len(told["Content"])) == ("guard-2", 500)
    client.attach_policy(PolicyId=policy, TargetId=organization.unit_id)
    (target,) = client.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert target["TargetId"] == organization.unit_id
    assert (target["Name"], target["Type"]) == ("Workloads", "ORGANIZATIONAL_UNIT")
    with refused("PolicyInUseException"):
        client.delete_policy(PolicyId=policy)
    client.detach_policy(PolicyId=policy, TargetId=organization.unit_id)
    with refused("PolicyNotAttachedException"):
        client.detach_policy(PolicyId=policy, TargetId=organization.unit_id)
    client.delete_policy(PolicyId=policy)
    with refused("PolicyNotFoundException"):
        client.describe_policy(PolicyId=policy)


def test_names_are_used_once(client: Any, refused: Any) -> None:
    policy, _ = new(client), new(client, "other")
    with refused("DuplicatePolicyException"):
        new(client)
    with refused("DuplicatePolicyException"):
        client.update_policy(PolicyId=policy, Name="other")
    client.update_policy(PolicyId=policy, Name="guard")


def test_a_policy_is_attached_once(
    client: Any, organization: seed.Organization, refused: Any
) -> None:
    policy = new(client)
    client.attach_policy(PolicyId=policy, TargetId=ACCOUNT_ID)
    with refused("DuplicatePolicyAttachmentException"):
        client.attach_policy(PolicyId=policy, TargetId=ACCOUNT_ID)


def test_aws_own_policies_stay_as_they_are(client: Any) -> None:
    expected = ("InvalidInputException", "IMMUTABLE_POLICY")
    assert reason_of(client.update_policy, PolicyId=FULL, Name="mine") == expected
    assert reason_of(client.delete_policy, PolicyId=FULL) == expected


def test_five_fit_and_one_stays(client: Any, organization: seed.Organization) -> None:
    target = organization.unit_id
    policies = [new(client, f"guard-{number}") for number in range(5)]
    for policy in policies[:4]:
        client.attach_policy(PolicyId=policy, TargetId=target)
    full = ("ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    assert reason_of(client.attach_policy, PolicyId=policies[4], TargetId=target) == full
    for policy in policies[:4]:
        client.detach_policy(PolicyId=policy, TargetId=target)
    last = ("ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    assert reason_of(client.detach_policy, PolicyId=FULL, TargetId=target) == last
    assert names(client, target) == ["FullAWSAccess"]


def test_the_size_is_a_quota_that_can_be_raised(sandbox: Sandbox, client: Any) -> None:
    policy = new(client, content=scp(5120))
    over = ("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED")
    assert reason_of(new, client=client, name="over", content=scp(5121)) == over
    assert reason_of(client.update_policy, PolicyId=policy, Content=scp(5121)) == over
    sandbox.scp_characters = 10_240
    client.update_policy(PolicyId=policy, Content=scp(10_240))
    assert reason_of(new, client=client, name="over", content=scp(10_241)) == over
    sandbox.reset()
    assert sandbox.scp_characters == 5120


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (SCP, "{"),
        (SCP, '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*"}]}'),
        (SCP, scp().replace('"Resource"', '"Principal": "*", "Resource"')),
        (DECLARATIVE, "{"),
        (DECLARATIVE, scp()),
        (DECLARATIVE, json.dumps(AUDIT).replace("audit_mode", "audit-mode")),
        ("TAG_POLICY", "{"),
    ],
    ids=[
        "no JSON",
        "no resource",
        "a principal",
        "no JSON for a declarative policy",
        "a policy of another type",
        "a state with a dash",
        "no JSON for a tag policy",
    ],
)
def test_a_malformed_document_is_refused(
    client: Any, refused: Any, kind: str, content: str
) -> None:
    with refused("MalformedPolicyDocumentException"):
        new(client, content=content, kind=kind)


def test_a_type_has_to_be_enabled(
    client: Any, organization: seed.Organization, refused: Any
) -> None:
    policy = new(client, content=json.dumps(AUDIT), kind=DECLARATIVE)
    attach = {"PolicyId": policy, "TargetId": organization.unit_id}
    enable = {"RootId": organization.root_id, "PolicyType": DECLARATIVE}
    with refused("PolicyTypeNotEnabledException"):
        client.attach_policy(**attach)
    with refused("PolicyTypeNotEnabledException"):
        client.disable_policy_type(**enable)
    types = client.enable_policy_type(**enable)["Root"]["PolicyTypes"]
    assert {"Type": DECLARATIVE, "Status": "ENABLED"} in types
    with refused("PolicyTypeAlreadyEnabledException"):
        client.enable_policy_type(**enable)
    client.attach_policy(**attach)
    assert names(client, organization.unit_id, DECLARATIVE) == ["guard"]
    client.disable_policy_type(**enable)
    assert client.list_targets_for_policy(PolicyId=policy)["Targets"] == []


def test_a_type_enabled_again_has_aws_own_policy_only(
    client: Any, organization: seed.Organization
) -> None:
    client.attach_policy(PolicyId=new(client), TargetId=organization.unit_id)
    root = {"RootId": organization.root_id, "PolicyType": SCP}
    client.disable_policy_type(**root)
    assert names(client, organization.unit_id) == []
    client.enable_policy_type(**root)
    assert names(client, organization.unit_id) == ["FullAWSAccess"]


def test_the_policy_that_allows_every_resource_stays_attached(
    client: Any, organization: seed.Organization
) -> None:
    kind = "RESOURCE_CONTROL_POLICY"
    client.enable_policy_type(RootId=organization.root_id, PolicyType=kind)
    assert names(client, ACCOUNT_ID, kind) == ["RCPFullAWSAccess"]
    expected = ("InvalidInputException", "NON_DETACHABLE_POLICY")
    asked = {"PolicyId": "p-RCPFullAWSAccess", "TargetId": ACCOUNT_ID}
    assert reason_of(client.detach_policy, **asked) == expected


def test_what_is_not_there_is_refused(
    client: Any, organization: seed.Organization, refused: Any
) -> None:
    with refused("TargetNotFoundException"):
        client.attach_policy(PolicyId=FULL, TargetId="111122223333")
    with refused("PolicyNotFoundException"):
        client.attach_policy(PolicyId="p-aaaaaaaa", TargetId=ACCOUNT_ID)
    with refused("RootNotFoundException"):
        client.enable_policy_type(RootId="r-none", PolicyType=DECLARATIVE)
    wrong = reason_of(client.attach_policy, PolicyId=FULL, TargetId="workloads")
    assert wrong == ("InvalidInputException", "INVALID_PATTERN_TARGET_ID")
    wrong = reason_of(client.list_policies, Filter="CHATBOT_POLICY")
    assert wrong == ("InvalidInputException", "INVALID_ENUM_POLICY_TYPE")


def test_lists_come_in_pages_of_twenty(client: Any) -> None:
    for number in range(20):
        new(client, f"guard-{number}")
    first = client.list_policies(Filter=SCP)
    assert len(first["Policies"]) == 20
    rest = client.list_policies(Filter=SCP, NextToken=first["NextToken"])
    assert [one["Name"] for one in rest["Policies"]] == ["guard-19"]
    assert "NextToken" not in rest
    wrong = reason_of(client.list_policies, Filter=SCP, NextToken="page-x")
    assert wrong == ("InvalidInputException", "INVALID_NEXT_TOKEN")


class TestTheEffectivePolicy:
    @pytest.fixture(autouse=True)
    def enabled(self, client: Any, organization: seed.Organization) -> None:
        client.enable_policy_type(RootId=organization.root_id, PolicyType=DECLARATIVE)

    def test_is_what_the_levels_add_up_to(
        self, client: Any, organization: seed.Organization
    ) -> None:
        policy = new(client, content=json.dumps(AUDIT), kind=DECLARATIVE)
        client.attach_policy(PolicyId=policy, TargetId=organization.root_id)
        own = json.dumps(AUDIT).replace("audit_mode", "enabled")
        client.attach_policy(PolicyId=new(client, "own", own, DECLARATIVE), TargetId=ACCOUNT_ID)
        told = client.describe_effective_policy(PolicyType=DECLARATIVE)["EffectivePolicy"]
        assert (told["TargetId"], told["PolicyType"]) == (ACCOUNT_ID, DECLARATIVE)
        content = json.loads(told["PolicyContent"])
        assert content == {"ec2_attributes": {"allowed_images_settings": {"state": "enabled"}}}

    def test_is_not_there_without_policies(self, client: Any, refused: Any) -> None:
        with refused("EffectivePolicyNotFoundException"):
            client.describe_effective_policy(PolicyType=DECLARATIVE)

    def test_is_of_an_account_and_of_a_type_the_sandbox_knows(
        self, client: Any, refused: Any
    ) -> None:
        with refused("TargetNotFoundException"):
            client.describe_effective_policy(PolicyType=DECLARATIVE, TargetId="111122223333")
        wrong = reason_of(client.describe_effective_policy, PolicyType="TAG_POLICY")
        assert wrong == ("InvalidInputException", "INVALID_ENUM")


def test_a_member_reads_its_own_effective_policy_only(sandbox: Sandbox, refused: Any) -> None:
    seed.organization(sandbox, management_account="999988887777")
    client = sandbox.client("organizations")
    with refused("EffectivePolicyNotFoundException"):
        client.describe_effective_policy(PolicyType=DECLARATIVE)
    with refused("AccessDeniedException"):
        client.describe_effective_policy(PolicyType=DECLARATIVE, TargetId="999988887777")
