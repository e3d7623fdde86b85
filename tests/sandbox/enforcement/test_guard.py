"""The server decides: users, groups, roles, boundaries, SCPs and sessions, by real policies."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.iam.profiles import profile_named
from goldenami.iam.render import render
from goldenami.iam.values import Values
from goldenami_sandbox import launch_attempts, seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.world import RehearsalSeed

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_LAUNCH = {
    "Sid": "NoLaunch", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*",
}  # fmt: skip
READ = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """Return code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def launch(ec2: Any, image: str, **parameters: Any) -> Any:
    return ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, **parameters
    )


def attach_scp(sandbox: Sandbox, target: str, *statements: Mapping[str, Any]) -> None:
    organizations = sandbox.client("organizations")
    made = organizations.create_policy(
        Name="limits", Description="x", Type="SERVICE_CONTROL_POLICY", Content=policy(*statements)
    )
    policy_id = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy_id, TargetId=target)


class TestUsers:
    def test_who_has_no_policy_may_nothing(self, user: Any) -> None:
        code, message = refusal(user()("ec2").describe_instances)
        assert code == "UnauthorizedOperation"
        assert f"User: arn:aws:iam::{ACCOUNT_ID}:user/bob is not authorized to perform" in message
        assert "because no identity-based policy allows the ec2:DescribeInstances action" in message

    def test_who_is_allowed_may(self, user: Any, public: str) -> None:
        assert launch(user(EVERYTHING)("ec2"), public)["Instances"]

    def test_a_deny_wins_and_its_statement_can_be_read(
        self, user: Any, public: str, sandbox: Sandbox
    ) -> None:
        bob = user(EVERYTHING, NO_LAUNCH)
        code, message = refusal(lambda: launch(bob("ec2"), public))
        assert code == "UnauthorizedOperation"
        assert (
            f"on resource: arn:aws:ec2:us-east-1::image/{public} with an explicit deny" in message
        )
        encoded = message.rpartition(" ")[2]
        told = bob("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
        decoded = json.loads(told)
        assert decoded["explicitDeny"] is True
        assert [one["statementId"] for one in decoded["matchedStatements"]["items"]] == ["NoLaunch"]
        assert decoded["context"]["action"] == "ec2:RunInstances"

    def test_a_message_that_aws_did_not_encode_is_refused(self, user: Any) -> None:
        sts = user(EVERYTHING)("sts")
        code, _ = refusal(lambda: sts.decode_authorization_message(EncodedMessage="nonsense"))
        assert code == "InvalidAuthorizationMessageException"

    def test_groups_bind_their_members(self, user: Any, iam: Any, public: str) -> None:
        bob = user(EVERYTHING)
        iam.create_group(GroupName="careful")
        iam.put_group_policy(GroupName="careful", PolicyName="no", PolicyDocument=policy(NO_LAUNCH))
        assert launch(bob("ec2"), public)
        iam.add_user_to_group(GroupName="careful", UserName="bob")
        assert refusal(lambda: launch(bob("ec2"), public))[0] == "UnauthorizedOperation"
        iam.remove_user_from_group(GroupName="careful", UserName="bob")
        assert launch(bob("ec2"), public)

    def test_a_boundary_has_to_allow_too(self, user: Any, iam: Any, public: str) -> None:
        bob = user(EVERYTHING)
        arn = iam.create_policy(PolicyName="readers", PolicyDocument=policy(READ))["Policy"]["Arn"]
        iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=arn)
        _, message = refusal(lambda: launch(bob("ec2"), public))
        assert "because no permissions boundary allows the ec2:RunInstances action" in message
        assert bob("ec2").describe_instances()["Reservations"] == []

    def test_a_tag_of_the_principal_is_a_condition_key(self, user: Any, iam: Any) -> None:
        own = {
            "Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "web"}},
        }  # fmt: skip
        ec2 = user(own)("ec2")
        assert refusal(ec2.describe_instances)[0] == "UnauthorizedOperation"
        iam.tag_user(UserName="bob", Tags=[{"Key": "Team", "Value": "web"}])
        assert ec2.describe_instances()["Reservations"] == []

    def test_a_dry_run_is_decided_as_the_call_itself(self, user: Any, public: str) -> None:
        reader = user(READ, name="reader")("ec2")
        assert refusal(lambda: launch(reader, public, DryRun=True))[0] == "UnauthorizedOperation"
        admin = user(EVERYTHING, name="admin")("ec2")
        assert refusal(lambda: launch(admin, public, DryRun=True))[0] == "DryRunOperation"

    def test_the_root_is_not_restricted(self, sandbox: Sandbox, public: str) -> None:
        assert launch(sandbox.client("ec2"), public)["Instances"]


class TestRoles:
    def test_a_session_has_the_policies_of_its_role(
        self, role: Any, session: Any, public: str
    ) -> None:
        ec2 = session(role(READ))("ec2")
        assert ec2.describe_instances()["Reservations"] == []
        _, message = refusal(lambda: launch(ec2, public))
        assert f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/worker/work is not authorized" in message

    def test_a_session_policy_limits_it_further(
        self, role: Any, session: Any, iam: Any, public: str
    ) -> None:
        arn = role(EVERYTHING)
        assert launch(session(arn)("ec2"), public)
        inline = session(arn, Policy=policy(READ))("ec2")
        assert "no session policy allows" in refusal(lambda: launch(inline, public))[1]
        managed = iam.create_policy(PolicyName="readers", PolicyDocument=policy(READ))["Policy"]
        by_arn = session(arn, PolicyArns=[{"arn": managed["Arn"]}])("ec2")
        assert "no session policy allows" in refusal(lambda: launch(by_arn, public))[1]
        assert by_arn.describe_key_pairs()["KeyPairs"] == []

    def test_the_tags_of_a_session_are_the_principal_s(self, role: Any, session: Any) -> None:
        web = READ | {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "web"}}}
        arn = role(web)
        assert refusal(session(arn)("ec2").describe_instances)[0] == "UnauthorizedOperation"
        tagged = session(arn, Tags=[{"Key": "team", "Value": "web"}])("ec2")
        assert tagged.describe_instances()["Reservations"] == []

    @pytest.mark.parametrize(
        ("statements", "trusts", "may"),
        [
            ([], "", False),
            ([EVERYTHING], "", True),
            ([], f"arn:aws:iam::{ACCOUNT_ID}:user/bob", True),
            ([EVERYTHING], f"arn:aws:iam::{ACCOUNT_ID}:user/ann", False),
            ([EVERYTHING], "999988887777", False),
            ([EVERYTHING], ACCOUNT_ID, True),
            ([EVERYTHING, {**NO_LAUNCH, "Action": "sts:AssumeRole"}], "*", False),
        ],
        ids=[
            "the account alone is trusted, and he is allowed nothing",
            "the account is trusted and he is allowed",
            "he is trusted by name",
            "somebody else is trusted",
            "another account is trusted",
            "the account is trusted by its id",
            "everybody is trusted and he is denied",
        ],
    )
    def test_to_assume_a_role_it_has_to_trust_and_he_to_be_allowed(
        self, user: Any, role: Any, statements: Any, trusts: str, may: bool
    ) -> None:
        arn = role(trusts=trusts)
        sts = user(*statements)("sts")
        if may:
            assert sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
        else:
            code, _ = refusal(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="work"))
            assert code == "AccessDenied"

    def test_a_role_that_is_not_there_cannot_be_assumed(self, user: Any) -> None:
        sts = user(EVERYTHING)("sts")
        arn = f"arn:aws:iam::{ACCOUNT_ID}:role/gone"
        code, _ = refusal(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="work"))
        assert code == "AccessDenied"

    def test_trust_by_name_does_not_stand_in_for_an_scp(
        self, sandbox: Sandbox, user: Any, role: Any
    ) -> None:
        arn = role(trusts=f"arn:aws:iam::{ACCOUNT_ID}:user/bob")
        sts = user()("sts")
        made = seed.organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        assert sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
        attach_scp(sandbox, made.unit_id, {**NO_LAUNCH, "Action": "sts:AssumeRole"})
        _, message = refusal(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="work"))
        assert "with an explicit deny in a service control policy: arn:aws:org" in message

    def test_trust_by_name_does_not_stand_in_for_a_session_policy(
        self, role: Any, session: Any
    ) -> None:
        first = role(READ, name="first")
        second = role(READ, name="second", trusts=first)
        wish = {"RoleArn": second, "RoleSessionName": "work"}
        assert session(first)("sts").assume_role(**wish)["Credentials"]
        limited = session(first, Policy=policy(READ))("sts")
        assert "no session policy allows" in refusal(lambda: limited.assume_role(**wish))[1]

    def test_a_session_of_a_role_that_is_gone_may_nothing(
        self, role: Any, session: Any, iam: Any
    ) -> None:
        ec2 = session(role(EVERYTHING))("ec2")
        iam.delete_role_policy(RoleName="worker", PolicyName="own")
        iam.delete_role(RoleName="worker")
        assert refusal(ec2.describe_instances)[0] == "SandboxError"

    def test_a_session_has_no_second_factor(self, role: Any, session: Any) -> None:
        condition = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
        ec2 = session(role(READ | {"Condition": condition}))("ec2")
        assert ec2.describe_instances()["Reservations"] == []

    @pytest.mark.parametrize("trusted", [True, False])
    def test_a_token_helps_only_if_the_role_trusts_its_provider(
        self, sandbox: Sandbox, role: Any, iam: Any, trusted: bool
    ) -> None:
        arn = role(READ)
        action = "sts:AssumeRoleWithWebIdentity"
        provider = {"Federated": f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/ci.example.com"}
        trust = policy({"Effect": "Allow", "Principal": provider, "Action": action})
        if trusted:
            iam.update_assume_role_policy(RoleName="worker", PolicyDocument=trust)
        sts = sandbox.client("sts")
        wish = {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": "token"}
        if trusted:
            key = sts.assume_role_with_web_identity(**wish)["Credentials"]["AccessKeyId"]
            ec2 = sandbox.client("ec2", access_key_id=key)
            assert ec2.describe_instances()["Reservations"] == []
        else:
            told = refusal(lambda: sts.assume_role_with_web_identity(**wish))
            assert told == ("AccessDenied", f"Not authorized to perform {action}")

    def test_who_one_is_needs_no_permission(self, user: Any) -> None:
        assert user()("sts").get_caller_identity()["Arn"].endswith(":user/bob")

    def test_a_role_is_passed_only_with_permission(
        self, user: Any, iam: Any, role: Any, public: str
    ) -> None:
        role(name="web")
        iam.create_instance_profile(InstanceProfileName="web")
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
        ec2 = user({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})("ec2")
        wish = {"IamInstanceProfile": {"Name": "web"}}
        _, message = refusal(lambda: launch(ec2, public, **wish))
        assert "iam:PassRole on resource: arn:aws:iam::123456789012:role/web" in message


class TestServices:
    @pytest.mark.parametrize(
        ("service", "operation", "parameters", "code"),
        [
            ("iam", "list_users", {}, "AccessDenied"),
            ("iam", "create_user", {"UserName": "eve"}, "AccessDenied"),
            ("ssm", "describe_parameters", {}, "AccessDeniedException"),
            ("ssm", "get_parameter", {"Name": "/x"}, "AccessDeniedException"),
            ("organizations", "describe_organization", {}, "AccessDeniedException"),
            ("organizations", "list_roots", {}, "AccessDeniedException"),
        ],
    )
    def test_each_service_refuses_with_its_own_code(
        self, user: Any, service: str, operation: str, parameters: Any, code: str
    ) -> None:
        call = getattr(user()(service), operation)
        assert refusal(lambda: call(**parameters))[0] == code

    def test_what_is_not_there_is_told_to_whom_may_ask(self, user: Any) -> None:
        image = {"ImageId": "ami-00000000000000000"}
        admin = user(EVERYTHING, name="admin")("ec2")
        assert refusal(lambda: admin.deregister_image(**image))[0].startswith("InvalidAMIID")
        nobody = user(READ, name="nobody")("ec2")
        assert refusal(lambda: nobody.deregister_image(**image))[0] == "UnauthorizedOperation"

    def test_tags_at_launch_have_to_be_allowed(self, user: Any, public: str) -> None:
        run = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
        only_run = user(run, name="only-run")("ec2")
        assert launch(only_run, public)
        _, message = refusal(lambda: launch(only_run, public, TagSpecifications=tags))
        assert "ec2:CreateTags" in message
        at_launch = {
            "Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*",
            "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
        }  # fmt: skip
        tagger = user(run, at_launch, name="tagger")("ec2")
        instance = launch(tagger, public, TagSpecifications=tags)["Instances"][0]["InstanceId"]
        wish = {"Resources": [instance], "Tags": [{"Key": "c", "Value": "d"}]}
        assert refusal(lambda: tagger.create_tags(**wish))[0] == "UnauthorizedOperation"

    def test_a_policy_that_cannot_be_decided_lets_nothing_through(self, user: Any) -> None:
        odd = READ | {"Condition": {"StringEquals": {"aws:SourceIp": "${nonsense}"}}}
        code, message = refusal(user(odd)("ec2").describe_instances)
        assert code == "SandboxError"
        assert 'inline "own" of user bob' in message
        assert "nonsense" in message

    def test_an_unknown_decision_lets_nothing_through_either(self, user: Any) -> None:
        odd = READ | {"Sid": "Perhaps", "Condition": {"Bool": {"aws:NewSince": "true"}}}
        code, message = refusal(user(odd)("ec2").describe_instances)
        assert code == "SandboxError"
        assert 'unknown: Perhaps of inline "own" of user bob' in message

    def test_an_action_that_the_reference_lacks_is_not_let_through(self, user: Any) -> None:
        def explode(request: Any, **_: Any) -> None:
            request.data["Action"] = "Explode"

        iam = user(EVERYTHING)("iam")
        iam.meta.events.register("before-sign.iam.ListUsers", explode)
        code, message = refusal(iam.list_users)
        assert code == "SandboxError"
        assert "iam:Explode is not known to the reference of" in message

    def test_services_without_a_table_are_not_decided(self, user: Any) -> None:
        assert user()("logs").describe_log_groups()["ResponseMetadata"]["HTTPStatusCode"] == 200

    def test_a_queue_is_decided_by_its_url_and_a_batch_by_its_messages(
        self, user: Any, sandbox: Sandbox
    ) -> None:
        root = sandbox.client("sqs")
        own, other = (root.create_queue(QueueName=name)["QueueUrl"] for name in ("own", "other"))
        root.send_message(QueueUrl=own, MessageBody="{}")
        reading = {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
            "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:own",
        }
        sqs = user(reading)("sqs")
        [message] = sqs.receive_message(QueueUrl=own)["Messages"]
        entries = [{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]
        assert sqs.delete_message_batch(QueueUrl=own, Entries=entries)["Successful"]
        for refused in (
            lambda: sqs.receive_message(QueueUrl=other),
            lambda: sqs.delete_message_batch(QueueUrl=other, Entries=entries),
            lambda: sqs.send_message(QueueUrl=own, MessageBody="{}"),
            sqs.list_queues,
        ):
            code, message = refusal(refused)
            assert code in ("AccessDenied", "AccessDeniedException")
            assert "user/bob is not authorized to perform: sqs:" in message

    @pytest.mark.parametrize(
        ("condition", "may"),
        [
            ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
            ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
            ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
            ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
            ({"NumericGreaterThan": {"aws:EpochTime": "1600000000"}}, True),
            ({"Bool": {"aws:SecureTransport": "false"}}, True),
            ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
            ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
            ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ],
        ids=str,
    )
    def test_the_circumstances_are_condition_keys(
        self, user: Any, condition: Any, may: bool
    ) -> None:
        ec2 = user(READ | {"Condition": condition})("ec2")
        if may:
            assert ec2.describe_instances()["Reservations"] == []
        else:
            assert refusal(ec2.describe_instances)[0] == "UnauthorizedOperation"


class TestWhatIsNotThere:
    """A call that names what does not exist is decided by what does exist."""

    @pytest.fixture
    def bob(self, user: Any) -> Any:
        """He may launch everything but public images."""
        public = {
            "Sid": "NoPublic", "Effect": "Deny", "Action": "ec2:RunInstances",
            "Resource": "arn:aws:ec2:*::image/*", "Condition": {"Bool": {"ec2:Public": "true"}},
        }  # fmt: skip
        return user(EVERYTHING, public)("ec2")

    @pytest.mark.parametrize(
        ("missing", "code"),
        [
            ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
            ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
            ({"KeyName": "gone"}, "InvalidKeyPair.NotFound"),
            ({"IamInstanceProfile": {"Name": "gone"}}, "InvalidParameterValue"),
        ],
        ids=["a subnet", "a security group", "a key pair", "an instance profile"],
    )
    def test_it_opens_no_way_around_a_deny(
        self, bob: Any, ec2: Any, bake: Any, public: str, missing: Any, code: str
    ) -> None:
        own = bake()
        assert refusal(lambda: launch(bob, own, **missing))[0] == code
        assert refusal(lambda: launch(bob, public, **missing))[0] == "UnauthorizedOperation"

    def test_a_launch_template_that_is_not_there(self, bob: Any, public: str) -> None:
        template = {"LaunchTemplate": {"LaunchTemplateName": "gone"}}
        code, _ = refusal(lambda: launch(bob, public, **template))
        assert code == "UnauthorizedOperation"

    def test_an_image_that_is_not_there(self, bob: Any) -> None:
        code, _ = refusal(lambda: launch(bob, "ami-0123456789abcdef0"))
        assert code == "InvalidAMIID.NotFound"

    def test_a_region_that_is_not_there(self, bob: Any, public: str) -> None:
        code, _ = refusal(
            lambda: bob.copy_image(Name="copy", SourceImageId=public, SourceRegion="mars-north-1")
        )
        assert code == "InvalidParameterValue"

    def test_who_may_do_nothing_learns_nothing(self, user: Any) -> None:
        code, message = refusal(lambda: user()("iam").delete_user(UserName="gone"))
        assert code == "AccessDenied"
        assert "because no identity-based policy allows the iam:DeleteUser action" in message


class TestOrganizations:
    def test_an_scp_does_not_bind_the_management_account(
        self, sandbox: Sandbox, user: Any, public: str
    ) -> None:
        made = seed.organization(sandbox)
        attach_scp(sandbox, made.root_id, NO_LAUNCH)
        assert launch(user(EVERYTHING)("ec2"), public)["Instances"]

    @pytest.mark.parametrize("level", ["root_id", "unit_id", "account"])
    def test_an_scp_binds_a_member_account_at_every_level(
        self, sandbox: Sandbox, user: Any, public: str, level: str
    ) -> None:
        made = seed.organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        ec2 = user(EVERYTHING)("ec2")
        assert launch(ec2, public)
        attach_scp(sandbox, getattr(made, level, ACCOUNT_ID), NO_LAUNCH)
        _, message = refusal(lambda: launch(ec2, public))
        assert "with an explicit deny in a service control policy: arn:aws:org" in message

    def test_every_level_has_to_allow(self, sandbox: Sandbox, user: Any, public: str) -> None:
        made = seed.organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        ec2 = user(EVERYTHING)("ec2")
        attach_scp(sandbox, made.unit_id, READ)
        full = "p-FullAWSAccess"
        sandbox.client("organizations").detach_policy(PolicyId=full, TargetId=made.unit_id)
        assert ec2.describe_instances()["Reservations"] == []
        _, message = refusal(lambda: launch(ec2, public))
        assert "because no service control policy allows the ec2:RunInstances action" in message


def test_a_group_under_the_guardrail_launches_golden_images_and_nothing_else(
    sandbox: Sandbox, iam: Any, public: str
) -> None:
    seeded = seed.seed(sandbox, RehearsalSeed(regions=("us-east-1",), groups=("admins",)))
    sandbox.pending_s = 0
    ec2 = sandbox.client("ec2")
    instance = launch(ec2, public)["Instances"][0]["InstanceId"]
    tags = [{"Key": "goldenami:status", "Value": "approved"}]
    kinds = ("image", "snapshot")
    golden = ec2.create_image(
        InstanceId=instance, Name="golden",
        TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in kinds],
    )["ImageId"]  # fmt: skip
    (image,) = ec2.describe_images(ImageIds=[golden])["Images"]
    snapshots = tuple(one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"])
    together = ("guardrail", "untestable-launches", "tag-protection")
    for name in together:
        (document,) = render(profile_named(name), Values(account=ACCOUNT_ID, snapshots=snapshots))
        made = iam.create_policy(PolicyName=name, PolicyDocument=document.json(minify=True))
        iam.attach_group_policy(GroupName="admins", PolicyArn=made["Policy"]["Arn"])
    promised = {topic for name in together for topic in profile_named(name).proves}
    tried = launch_attempts.run(sandbox, seeded, golden, ("goldenami:status", "approved"), promised)
    assert {one.attempt.promise for one in tried} >= {
        "golden", "foreign-image", "unapproved-image", "foreign-snapshot", "root-replacement",
        "approval-tag",
    }  # fmt: skip
    assert all(one.as_promised for one in tried), [one for one in tried if not one.as_promised]
    assert all(one.statements for one in tried if one.attempt.forbidden)
