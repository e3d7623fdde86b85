"""Mechanism ``permissions_boundary`` from the command line against the embedded AWS."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

BOUNDARY = "arn:aws:iam::123456789012:policy/goldenami-boundary"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    }
)


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    """The account's IAM, with two administrators' roles."""
    client = sandbox.client("iam")
    for name in ("developers", "operators"):
        client.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        client.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
    return client


@pytest.fixture
def release(write: Any, iam: Any) -> Any:
    """Write a release that bounds these roles, for images of another account."""

    def bounding(*roles: str, **changes: Any) -> Any:
        changes.setdefault("enforce__profile", "owner-only")
        return write(
            enforce__mechanisms={"permissions_boundary": {"roles": list(roles)}},
            enforce__groups=[],
            audit={"owners": ["999988887777"]},
            **changes,
        )

    return bounding


def boundary(iam: Any, role: str) -> str | None:
    answer: dict[str, str] = iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary", {})
    return answer.get("PermissionsBoundaryArn")


def test_the_roles_are_bound_by_one_document_that_allows_and_denies(
    cli: Any, iam: Any, release: Any
) -> None:
    ran = cli("enforce", release("developers", "operators"), "--yes")
    assert ran.code == 0, ran.err
    assert "attach to role developers, role operators" in ran.err
    assert boundary(iam, "developers") == boundary(iam, "operators") == BOUNDARY
    (statement, *denials) = iam.get_policy_version(PolicyArn=BOUNDARY, VersionId="v1")[
        "PolicyVersion"
    ]["Document"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "*")
    assert {item["Effect"] for item in denials} == {"Deny"}
    sids = [item["Sid"] for item in denials]
    assert "DenyLaunchOfOtherOwnersImage" in sids
    assert len(sids) == len(set(sids))


def test_a_bound_role_cannot_launch_what_is_not_golden(
    cli: Any, sandbox: Sandbox, iam: Any, release: Any
) -> None:
    keys = sandbox.client("sts").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/developers", RoleSessionName="dev"
    )["Credentials"]
    as_role = sandbox.client(
        "ec2",
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )
    public = catalogue.IMAGES[0].id_in("us-east-1")
    arguments = {"ImageId": public, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    as_role.run_instances(**arguments)
    assert cli("enforce", release("developers"), "--yes").code == 0
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        as_role.run_instances(**arguments)


def test_a_second_run_changes_nothing(cli: Any, release: Any, mutating: Any) -> None:
    cli("enforce", release("developers"), "--yes")
    before = mutating()
    assert "nothing to change" in cli("enforce", release("developers")).err
    assert mutating() == before


def test_a_role_that_is_no_longer_named_is_freed_and_a_new_one_bound(
    cli: Any, iam: Any, release: Any
) -> None:
    cli("enforce", release("developers"), "--yes")
    ran = cli("enforce", release("operators"), "--yes")
    assert ran.code == 0, ran.err
    assert "detach from role developers" in ran.err
    assert (boundary(iam, "developers"), boundary(iam, "operators")) == (None, BOUNDARY)


def test_every_unfit_role_is_refused_at_once_before_any_change(
    cli: Any, iam: Any, release: Any, mutating: Any
) -> None:
    iam.put_role_permissions_boundary(RoleName="operators", PermissionsBoundary=ADMINISTRATOR)
    iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=TRUST)
    linked = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    before = mutating()
    roles = ("developers", "operators", "nobody", "pipeline", linked["RoleName"])
    ran = cli("enforce", release(*roles, enforce__pipeline_role="pipeline"), "--yes")
    assert ran.code == 4
    assert "there is no role nobody in account 123456789012" in ran.err
    assert f"role operators has another permissions boundary, {ADMINISTRATOR}" in ran.err
    assert "role pipeline is the pipeline role, which must not be bound" in ran.err
    assert f"role {linked['RoleName']} is AWS's own (service-linked)" in ran.err
    assert mutating() == before


@pytest.mark.parametrize("how", ["--remove", "the file drops it"])
def test_it_is_taken_away_again_and_other_boundaries_stay(
    cli: Any, sandbox: Sandbox, iam: Any, release: Any, write: Any, how: str
) -> None:
    iam.put_role_permissions_boundary(RoleName="operators", PermissionsBoundary=ADMINISTRATOR)
    cli("enforce", release("developers"), "--yes")
    if how == "--remove":
        ran = cli("enforce", release("developers"), "--remove", "--yes")
    else:
        iam.create_group(GroupName="admins")
        iam.attach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)
        other = {"profile": "owner-only", "groups": ["admins"]}
        path = write("other.yaml", enforce=other, audit={"owners": ["999988887777"]})
        ran = cli("enforce", path, "--yes")
    assert ran.code == 0, ran.err
    assert f"remove  {BOUNDARY}" in ran.err
    assert boundary(iam, "developers") is None
    assert boundary(iam, "operators") == ADMINISTRATOR
    names = [item["PolicyName"] for item in iam.list_policies(Scope="Local")["Policies"]]
    assert "goldenami-boundary" not in names


def test_a_foreign_policy_of_that_name_is_left_alone(
    cli: Any, iam: Any, release: Any, mutating: Any
) -> None:
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}
    ]}  # fmt: skip
    iam.create_policy(PolicyName="goldenami-boundary", PolicyDocument=json.dumps(document))
    iam.put_role_permissions_boundary(RoleName="developers", PermissionsBoundary=BOUNDARY)
    before = mutating()
    ran = cli("enforce", release("developers"), "--yes")
    assert ran.code == 4
    assert "was not made by goldenami" in ran.err
    assert "nothing to change" in cli("enforce", release("developers"), "--remove").err
    assert mutating() == before
