"""What `goldenami enforce` attaches is what the server then decides by."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

from . import account

BOUNDARY = "arn:aws:iam::123456789012:policy/goldenami-boundary"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    },
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def baked(write: Any, sandbox: Sandbox, admins: str) -> Any:
    """A release's images and a pipeline role; return what writes a release file like theirs."""
    role(sandbox, "pipeline")
    account.golden_images(sandbox)

    def like(**mechanisms: Any) -> Any:
        return write(enforce__mechanisms=mechanisms, enforce__pipeline_role="pipeline")

    return like


def role(sandbox: Sandbox, name: str, policy: str | None = ADMINISTRATOR) -> None:
    iam = sandbox.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    if policy:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)


def boundary_of(sandbox: Sandbox, name: str) -> str:
    told = sandbox.client("iam").get_role(RoleName=name)["Role"]
    return str(told.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))


class TestPermissionsBoundary:
    def test_a_role_is_bound_by_all_documents_in_one_and_really_refused(
        self, cli: Any, sandbox: Sandbox, baked: Any, own_images: Any
    ) -> None:
        role(sandbox, "developers")
        account.keep_out(sandbox, role="developers")
        release = baked(permissions_boundary={"roles": ["developers"]}, tag_protection=True)
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "attach to role developers" in ran.err
        assert boundary_of(sandbox, "developers") == BOUNDARY
        session = sandbox.client("sts").assume_role(
            RoleArn="arn:aws:iam::123456789012:role/developers", RoleSessionName="work"
        )["Credentials"]
        ec2 = sandbox.client(
            "ec2", access_key_id=session["AccessKeyId"],
            secret_access_key=session["SecretAccessKey"], session_token=session["SessionToken"],
        )  # fmt: skip
        launch = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
        assert ec2.run_instances(ImageId=own_images("us-east-1")[0]["ImageId"], **launch)
        public = catalogue.IMAGES[0].id_in("us-east-1")
        with pytest.raises(ClientError, match="explicit deny in a permissions boundary"):
            ec2.run_instances(ImageId=public, **launch)


class TestProtection:
    def test_the_guardrail_protects_itself_and_the_pipeline_may_change_it(
        self, cli: Any, sandbox: Sandbox, baked: Any
    ) -> None:
        iam = sandbox.client("iam")
        iam.attach_group_policy(GroupName="ec2-admin-group", PolicyArn=ADMINISTRATOR)
        account.keep_out(sandbox, group="ec2-admin-group")
        iam.create_user(UserName="ann")
        iam.add_user_to_group(GroupName="ec2-admin-group", UserName="ann")
        release = baked(group_policy=True, guardrail_protection=True)
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "only the pipeline role can run `goldenami enforce`" in ran.err
        assert "can take the policies away" not in ran.err
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        ann = sandbox.client(
            "iam", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]
        )
        guardrail = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
        with pytest.raises(ClientError, match="explicit deny"):
            ann.detach_group_policy(GroupName="ec2-admin-group", PolicyArn=guardrail)
        with pytest.raises(ClientError, match="explicit deny"):
            ann.create_policy_version(PolicyArn=guardrail, PolicyDocument="{}")
        with pytest.raises(ClientError, match="explicit deny"):
            ann.remove_user_from_group(GroupName="ec2-admin-group", UserName="ann")
