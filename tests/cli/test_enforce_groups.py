"""Mechanism ``group_policy`` beside others, and ``guardrail_protection``."""

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account

OWNER = "999988887777"
POLICY = "arn:aws:iam::123456789012:policy/goldenami-"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    },
}


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    """An account with a group of administrators, and a role for the pipeline."""
    client = sandbox.client("iam")
    client.create_group(GroupName="admins")
    client.attach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)
    for name in ("pipeline", "developers"):
        client.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        client.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
    account.keep_out(sandbox, group="admins", role="developers")
    return client


@pytest.fixture
def release(write: Any, iam: Any) -> Any:
    """Write a release with these mechanisms, for images of another account."""

    def enforced(name: str = "release.yaml", groups: Any = ("admins",), **mechanisms: Any) -> Any:
        enforce = {
            "profile": "owner-only",
            "groups": list(groups),
            "pipeline_role": "pipeline",
            "mechanisms": mechanisms,
        }
        return write(name, enforce=enforce, audit={"owners": [OWNER]})

    return enforced


def attached(iam: Any) -> set[str]:
    answer = iam.list_attached_group_policies(GroupName="admins")["AttachedPolicies"]
    return {item["PolicyName"].removeprefix("goldenami-") for item in answer} - {
        "AdministratorAccess"
    }


class TestWhatTheFileNoLongerNames:
    def test_the_policy_leaves_the_group_once_the_boundary_is_there(
        self, cli: Any, iam: Any, release: Any, mutating: Any
    ) -> None:
        cli("enforce", release(group_policy=True), "--yes")
        before = len(mutating())
        bounding = release("later.yaml", permissions_boundary={"roles": ["developers"]})
        ran = cli("enforce", bounding, "--yes")
        assert ran.code == 0, ran.err
        assert attached(iam) == set()
        created, bounded, *leaving = mutating()[before:]
        assert (created, bounded) == ("CreatePolicy", "PutRolePermissionsBoundary")
        assert (leaving[0], leaving[-1]) == ("DetachGroupPolicy", "DeletePolicy")
        assert Counter(leaving) == {"DetachGroupPolicy": 2, "DeletePolicy": 2}  # side by side

    def test_it_stays_if_what_replaces_it_fails(
        self, cli: Any, sandbox: Sandbox, iam: Any, release: Any
    ) -> None:
        cli("enforce", release(group_policy=True), "--yes")
        bounding = release("later.yaml", permissions_boundary={"roles": ["developers"]})
        fault = Fault(service="iam", operation="PutRolePermissionsBoundary", code="AccessDenied")
        with sandbox.fail(fault):
            assert cli("enforce", bounding, "--yes").code == 1
        assert attached(iam) == {"owner-only", "untestable-launches"}
        assert cli("enforce", bounding, "--yes").code == 0
        assert attached(iam) == set()

    def test_a_full_group_gives_up_the_old_policy_before_it_takes_the_new_one(
        self, cli: Any, sandbox: Sandbox, iam: Any, write: Any, mutating: Any
    ) -> None:
        account.golden_images(sandbox)
        text = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        ]}  # fmt: skip
        for number in range(6):
            seeded = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=json.dumps(text))
            iam.attach_group_policy(GroupName="admins", PolicyArn=seeded["Policy"]["Arn"])
        for profile in ("guardrail", "guardrail-by-tag"):
            before = len(mutating())
            enforce = {"profile": profile, "groups": ["admins"]}
            ran = cli("enforce", write(f"{profile}.yaml", enforce=enforce), "--yes")
            assert ran.code == 0, ran.err
        steps = [item for item in mutating()[before:] if item.endswith("GroupPolicy")]
        assert steps == ["DetachGroupPolicy", "AttachGroupPolicy"]

    def test_a_group_that_is_no_longer_named_keeps_its_policies_and_is_told(
        self, cli: Any, iam: Any, release: Any
    ) -> None:
        cli("enforce", release(group_policy=True), "--yes")
        without = release("without.yaml", groups=(), permissions_boundary={"roles": ["developers"]})
        ran = cli("enforce", without, "--yes")
        assert ran.code == 0, ran.err
        assert f"keep    {POLICY}owner-only" in ran.err
        assert "it stays attached to admins" in ran.err
        assert attached(iam) == {"owner-only", "untestable-launches"}

    def test_a_policy_that_nobody_has_any_more_is_deleted(
        self, cli: Any, iam: Any, release: Any
    ) -> None:
        cli("enforce", release(group_policy=True), "--yes")
        iam.detach_group_policy(GroupName="admins", PolicyArn=f"{POLICY}owner-only")
        ran = cli("enforce", release(group_policy=True), "--remove", "--yes")
        assert ran.code == 0, ran.err
        assert iam.list_policies(Scope="Local")["Policies"] == []


class TestGuardrailProtection:
    @pytest.fixture
    def protected(self, cli: Any, release: Any) -> Any:
        path = release(group_policy=True, guardrail_protection=True)
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        return path

    @pytest.fixture
    def as_pipeline(self, sandbox: Sandbox, iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        answer = sandbox.client("sts").assume_role(
            RoleArn="arn:aws:iam::123456789012:role/pipeline", RoleSessionName="release"
        )["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", answer["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", answer["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", answer["SessionToken"])

    def test_an_administrator_of_the_group_cannot_take_the_policies_away(
        self, sandbox: Sandbox, iam: Any, protected: Any
    ) -> None:
        iam.create_user(UserName="ada")
        iam.add_user_to_group(UserName="ada", GroupName="admins")
        key = iam.create_access_key(UserName="ada")["AccessKey"]
        ada = sandbox.client(
            "iam", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]
        )
        arn = f"{POLICY}owner-only"
        attempts: dict[str, dict[str, Any]] = {
            "detach_group_policy": {"GroupName": "admins", "PolicyArn": arn},
            "delete_policy": {"PolicyArn": arn},
            "remove_user_from_group": {"GroupName": "admins", "UserName": "ada"},
            "untag_policy": {"PolicyArn": arn, "TagKeys": ["goldenami:policy"]},
        }
        for operation, parameters in attempts.items():
            with pytest.raises(ClientError, match="AccessDenied"):
                getattr(ada, operation)(**parameters)
        assert attached(iam) == {
            "owner-only", "untestable-launches", "guardrail-protection",
        }  # fmt: skip
        ada.detach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)

    def test_whoever_is_not_the_pipeline_is_warned_of_a_lock_out(
        self, cli: Any, protected: Any
    ) -> None:
        ran = cli("enforce", protected, "--plan", "-v")
        assert "only the pipeline role can run `goldenami enforce`" in ran.err
        assert "and may lock yourself out" in ran.err

    @pytest.mark.usefixtures("as_pipeline")
    def test_the_pipeline_is_not_and_can_remove_everything(
        self, cli: Any, iam: Any, protected: Any
    ) -> None:
        ran = cli("enforce", protected, "--plan", "-v")
        assert "only the pipeline role can run `goldenami enforce`" in ran.err
        assert "lock yourself out" not in ran.err
        assert cli("enforce", protected, "--remove", "--yes").code == 0
        assert attached(iam) == set()
