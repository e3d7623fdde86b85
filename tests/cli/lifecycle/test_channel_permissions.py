"""The permissions that a plan of a channel names are enough to carry it out."""

import json
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

PUBLISH = {"ssm_parameter": "/golden-ami/{image}/{channel}", "channels": ["dev", "prod"]}


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_who_may_do_what_the_plan_needs_and_no_more_can_carry_it_out(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = {"accounts": ["111122223333"]}
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version, publish=PUBLISH, share=share), "--yes").code == 0
    assert cli("deprecate", "web-base", "1.0", "--yes").code == 0
    for region in ("us-east-1", "eu-west-1"):  # by hand, so that it has to be enabled and shared
        ec2 = sandbox.client("ec2", region)
        described = ec2.describe_images(Owners=["self"], IncludeDeprecated=True)["Images"]
        (old,) = [each["ImageId"] for each in described if each["Name"].endswith("1.0")]
        ec2.disable_image(ImageId=old)
    iam, own = sandbox.client("iam"), sandbox.client("sts")
    for name, command in {
        "promoter": ("promote", "web-base", "2.0", "--channel", "prod"),
        "saviour": ("rollback", "web-base", "--channel", "dev"),
    }.items():
        with monkeypatch.context() as patch:
            plan = json.loads(cli(*command, "--plan", "--format", "json").out)
            assert {"ssm:PutParameter", "ssm:GetParameterHistory"} <= {*plan["permissions"]}
            iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=document(Principal={"AWS": "*"}, Action="sts:AssumeRole"),
            )
            iam.put_role_policy(
                RoleName=name,
                PolicyName="plan",
                PolicyDocument=document(Action=plan["permissions"], Resource="*"),
            )
            session = own.assume_role(
                RoleArn=f"arn:aws:iam::123456789012:role/{name}", RoleSessionName="test"
            )["Credentials"]
            patch.setenv("AWS_ACCESS_KEY_ID", session["AccessKeyId"])
            patch.setenv("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"])
            patch.setenv("AWS_SESSION_TOKEN", session["SessionToken"])
            ran = cli(*command, "--yes")
            assert ran.code == 0, ran.err
    items = json.loads(cli("channels", "web-base", "--format", "json").out)["items"]
    assert {(each["channel"], each["version"]) for each in items} == {
        ("dev", "1.0"), ("prod", "2.0"),
    }  # fmt: skip
