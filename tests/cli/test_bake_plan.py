"""What `goldenami bake` looks at before the first call that changes anything."""

import json
from typing import Any

import pytest

from goldenami.aws import quotas
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

PARAMETER = "/golden-ami/web-base"
SHARED = {"accounts": ["111122223333"]}


@pytest.mark.usefixtures("sandbox")
def test_the_plan_shows_everything_that_was_looked_at(cli: Any, write: Any) -> None:
    ran = cli("bake", write(share=SHARED), "--plan", "--format", "json")
    checked = json.loads(ran.out)["checked"]
    assert checked["unknown"] == []
    fine = "\n".join(checked["fine"])
    for told in (
        ", x86_64, owner amazon",
        "Team=platform goldenami:image=web-base",
        "the launch of a t3.micro from ami-",
        "the name web-base-1.0 is free in eu-west-1",
        "quota of images in eu-west-1: 0 of 50,000 are used, and 1 more is needed",
        "quota of vCPUs for t3.micro in us-east-1: 0 of 100,000 are used, and 2 more are needed",
        "quota of launch permissions of an image in us-east-1",
        "not encrypted in eu-west-1, and so can be shared",
        f"parameter {PARAMETER} is new in eu-west-1",
        f"{PARAMETER} may be written by the account's root user",
        "a copy into eu-west-1 was tried (DryRun)",
    ):
        assert told in fine


def test_every_problem_is_in_one_list_and_nothing_is_done(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    for code, value in ((quotas.AMIS, 0), (quotas.AMI_SHARING, 0), ("L-1216C47A", 1)):
        sandbox.set_quota(code, value)
    sandbox.client("ssm", "eu-west-1").put_parameter(Name=PARAMETER, Value="x", Type="StringList")
    sandbox.client("ec2", "eu-west-1").enable_ebs_encryption_by_default()
    ran = cli("bake", write(share=SHARED), "--yes")
    assert ran.code == 1
    for told in (
        "quota L-B665C33B: images in us-east-1: 0 of 0 are used, and 1 more is needed",
        "quota L-70015FFA: launch permissions of an image in eu-west-1",
        "quota L-1216C47A: vCPUs for t3.micro in us-east-1: 0 of 1 are used, and 2 more are needed",
        f"parameter {PARAMETER} in eu-west-1 is a StringList, and SSM does not change types",
        "/dev/xvda would be encrypted in eu-west-1 with AWS's own key alias/aws/ebs and could",
    ):
        assert told in ran.err
    assert own_images("us-east-1") == []
    assert living() == []


def test_what_cannot_be_found_out_is_shown_and_stops_nothing(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    sandbox.fail(
        Fault(service="servicequotas", operation="*", code="AccessDeniedException", status=400)
    )
    for operation in ("GetEbsEncryptionByDefault", "CopyImage"):
        sandbox.fail(Fault(service="ec2", operation=operation, code="NotTried"))
    sandbox.fail(Fault(service="iam", operation="GetUser", code="AccessDenied", status=403))
    ran = cli("bake", write(share=SHARED, base__instance_type="t3.micro"), "--plan")
    assert ran.code == 0, ran.err
    assert "? the quota of images in us-east-1 is not known: reading a quota" in ran.out
    assert "/dev/xvda: whether it can be shared is not known: looking at the encryption" in ran.out
    assert "? not tried with a copy: trying the copy (DryRun) in eu-west-1" in ran.out


class TestKeys:
    def made(self, sandbox: Sandbox, **parameters: Any) -> str:
        kms = sandbox.client("kms", "eu-west-1")
        return str(kms.create_key(**parameters)["KeyMetadata"]["KeyId"])

    def told(self, cli: Any, write: Any, key: str, **changes: Any) -> tuple[int, str]:
        release = write(distribute={"eu-west-1": {"kms_key": key}}, **changes)
        ran = cli("bake", release, "--plan")
        return ran.code, ran.out + ran.err

    def test_a_key_that_can_be_used(self, cli: Any, write: Any, sandbox: Sandbox) -> None:
        key = self.made(sandbox)
        code, told = self.told(cli, write, key, share=SHARED)
        assert code == 0
        assert f"KMS key {key} in eu-west-1 is enabled and can be used" in told

    def test_a_key_that_cannot(self, cli: Any, write: Any, sandbox: Sandbox) -> None:
        disabled = self.made(sandbox)
        sandbox.client("kms", "eu-west-1").disable_key(KeyId=disabled)
        assert f"KMS key {disabled} in eu-west-1 is Disabled, not Enabled" in str(
            self.told(cli, write, disabled)
        )
        signing = self.made(sandbox, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        assert "is of kind RSA_2048: EBS takes symmetric keys alone" in str(
            self.told(cli, write, signing)
        )
        assert "alias/gone" in str(self.told(cli, write, "alias/gone"))

    def test_a_key_that_the_caller_may_not_use_himself(
        self, cli: Any, write: Any, sandbox: Sandbox
    ) -> None:
        key = self.made(sandbox)
        tried = "GenerateDataKeyWithoutPlaintext"
        denied = Fault(service="kms", operation=tried, code="AccessDeniedException", status=400)
        with sandbox.fail(denied):
            code, told = self.told(cli, write, key)
        assert code == 0
        assert f"? KMS key {key} in eu-west-1 is enabled; whether EC2 may use it" in told
        broken = Fault(service="kms", operation=tried, code="KMSInvalidStateException", status=400)
        with sandbox.fail(broken):
            code, told = self.told(cli, write, key)
        assert code == 1
        assert "KMSInvalidStateException" in told

    def test_a_default_key_of_the_account_can_be_shared(
        self, cli: Any, write: Any, sandbox: Sandbox
    ) -> None:
        key = self.made(sandbox)
        ec2 = sandbox.client("ec2", "eu-west-1")
        ec2.enable_ebs_encryption_by_default()
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
        ran = cli("bake", write(share=SHARED), "--plan")
        assert ran.code == 0, ran.err
        assert f"{key} in eu-west-1 is enabled and can be used" in ran.out


@pytest.mark.parametrize("kind", ["user", "role"])
def test_whether_the_parameter_may_be_written_is_asked_of_the_simulator(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    iam = sandbox.client("iam")
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {
                    "Effect": "Deny",
                    "Action": "ssm:PutParameter",
                    "Resource": f"arn:aws:ssm:eu-west-1:{ACCOUNT_ID}:parameter{PARAMETER}",
                },
            ],
        }
    )
    if kind == "user":
        iam.create_user(UserName="baker")
        iam.put_user_policy(UserName="baker", PolicyName="most", PolicyDocument=document)
        key = iam.create_access_key(UserName="baker")["AccessKey"]
    else:
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        made = iam.create_role(Path="/ci/", RoleName="baker", AssumeRolePolicyDocument=trusted)
        iam.put_role_policy(RoleName="baker", PolicyName="most", PolicyDocument=document)
        key = sandbox.client("sts").assume_role(
            RoleArn=made["Role"]["Arn"], RoleSessionName="ci"
        )["Credentials"]  # fmt: skip
        monkeypatch.setenv("AWS_SESSION_TOKEN", key["SessionToken"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    ran = cli("bake", write(), "--plan")
    assert ran.code == 1
    assert (
        f"the caller may not ssm:PutParameter on arn:aws:ssm:eu-west-1:{ACCOUNT_ID}:"
        f"parameter{PARAMETER}"
    ) in ran.err
    ran = cli("bake", write(publish__ssm_parameter="/golden-ami/other"), "--plan")
    assert ran.code == 0, ran.err
    assert "/golden-ami/other may be written in us-east-1, eu-west-1" in ran.out


@pytest.mark.parametrize(
    ("steps", "keys"),
    [
        ({"validate": [{"run": "true"}]}, "validate"),
        ({"test": {"steps": [{"run": "true"}]}}, "test.steps"),
        (
            {"validate": [{"run": "true"}], "test": {"steps": [{"run": "true"}]}},
            "validate and test.steps",
        ),
    ],
)
def test_steps_on_an_instance_that_ssm_does_not_reach_are_refused_before_anything_starts(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, steps: dict[str, Any], keys: str
) -> None:
    ran = cli("bake", write(regions=["us-east-1"], **steps), "--yes")
    assert ran.code == 1
    assert f"  - {keys}: runs by SSM Run Command, which does not reach the instance" in ran.err
    assert mutating() == []
    sandbox.client("ssm").update_service_setting(
        SettingId="/ssm/managed-instance/default-ec2-instance-management-role",
        SettingValue="service-role/AWSSystemsManagerDefaultEC2InstanceManagementRole",
    )
    fine = cli("bake", write(regions=["us-east-1"], **steps), "--plan")
    assert fine.code == 0
    assert f"{keys}: SSM reaches the instance by the default role AWSSystems" in fine.out
    sandbox.fail(Fault(service="ssm", operation="GetServiceSetting", code="AccessDenied"))
    unknown = cli("bake", write(regions=["us-east-1"], **steps), "--plan")
    assert unknown.code == 0
    assert f"whether SSM reaches the instance for {keys}: " in unknown.out


def test_packer_and_a_profile_need_no_default_host_management(
    cli: Any, write: Any, sandbox: Sandbox, managed: str
) -> None:
    steps = {"validate": [{"run": "true"}], "regions": ["us-east-1"]}
    for how in ({"bake": {"method": "packer"}}, {"base__instance_profile": managed}):
        cli("bake", write(**steps, **how), "--plan")
    assert "GetServiceSetting" not in {call.operation for call in sandbox.calls}
