"""`goldenami bootstrap`, and roles of other accounts that ask for an external id."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

OTHER = "210987654321"


def test_roles_are_written_for_one_repository_and_nobody_else(cli: Any, write: Any) -> None:
    release = write(base__instance_profile="golden-base")
    named = ("--account", "123456789012", "--github", "acme/images")
    ran = cli("bootstrap", release, *named)
    assert ran.code == 0, ran.err
    written = {role["for"]: role for role in json.loads(ran.out)["roles"]}
    assert set(written) == {
        "pipeline", "approver", "auditor", "remediator", "revoker", "instance",
    }  # fmt: skip
    assert written["instance"]["name"] == "golden-base"
    trusted = json.dumps(written["pipeline"]["trust"])
    assert "repo:acme/images:environment:golden-ami-bake" in trusted
    assert written["pipeline"]["boundary"]["name"] == "golden-ami-boundary-pipeline"
    ran = cli("bootstrap", release, *named, "--subject", "repo:acme/images:*")
    assert ran.code == 2
    assert "the subject `repo:acme/images:*` is not one branch" in ran.err
    assert cli("bootstrap", release, "--github", "acme/*").code == 2
    ran = cli("bootstrap", release, "--account", "123456789012")
    assert ran.code == 2
    assert "who may become the pipeline role is not said" in ran.err


def test_the_release_file_of_the_folder_needs_no_name(
    cli: Any, write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("bootstrap", "--github", "acme/images")
    assert ran.code == 2
    assert "there is no release.yaml in this folder\n  fix: name the release file" in ran.err
    release = write()
    assert cli("bootstrap", "--github", "acme/images").out == (
        cli("bootstrap", release, "--github", "acme/images").out
    )


def test_the_auditor_is_given_to_every_account_of_a_unit(cli: Any, write: Any) -> None:
    named = ("--from-account", "123456789012", "--external-id", "abc", "--unit", "ou-ab12-cd345678")
    ran = cli("bootstrap", write(), "--as", "cloudformation", "--for", "auditor", *named)
    assert ran.code == 0, ran.err
    assert "PermissionModel: SERVICE_MANAGED" in ran.out
    assert "sts:ExternalId: abc" in ran.out
    ran = cli("bootstrap", write(), "--for", "pipeline", *named)
    assert ran.code == 2
    assert "--unit is for a StackSet of the auditor's role" in ran.err


@pytest.mark.sandbox
def test_a_role_of_another_account_is_told_the_external_id(cli: Any, sandbox: Sandbox) -> None:
    iam = sandbox.client("iam", account=OTHER)
    trust = {
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "abc"}},
    }  # fmt: skip
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps(document))
    read = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName="auditor", PolicyArn=read)
    own = sandbox.client("iam")
    own.create_user(UserName="auditor")
    own.attach_user_policy(
        UserName="auditor", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = own.create_access_key(UserName="auditor")["AccessKey"]
    with pytest.MonkeyPatch.context() as somebody:
        somebody.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        somebody.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        asked = ("audit", "--account", OTHER, "--role", "auditor", "--only", "instances")
        ran = cli(*asked)
        assert ran.code == 3
        assert "AssumeRole" in ran.out + ran.err
        ran = cli(*asked, "--external-id", "abc")
        assert "no approved image in 4 regions" in ran.err  # all are read, and nothing is golden
