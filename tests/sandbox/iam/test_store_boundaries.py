import json
from collections.abc import Callable
from typing import Any

import pytest

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
        ],
    }
)
NONE = "arn:aws:iam::123456789012:policy/none"


@pytest.fixture
def arn(iam: Any) -> str:
    return str(iam.create_policy(PolicyName="edge", PolicyDocument=POLICY)["Policy"]["Arn"])


@pytest.fixture(params=["user", "role"])
def entity(request: pytest.FixtureRequest, iam: Any) -> Callable[..., Any]:
    """Calls an operation on a user, and on a role."""
    kind = str(request.param)
    named = {f"{kind.capitalize()}Name": "x"}

    def entity(verb: str, rest: str = "", **asked: Any) -> Any:
        if (verb, kind) == ("create", "role"):
            asked["AssumeRolePolicyDocument"] = TRUST
        answer = getattr(iam, f"{verb}_{kind}{rest}")(**named, **asked)
        return answer.get(kind.capitalize(), {})

    return entity


def test_a_boundary_is_set_and_taken_away(
    iam: Any, arn: str, entity: Callable[..., Any], refused: Any
) -> None:
    entity("create")
    with refused("NoSuchEntity"):
        entity("delete", "_permissions_boundary")
    entity("put", "_permissions_boundary", PermissionsBoundary=arn)
    assert entity("get")["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    entity("delete", "_permissions_boundary")
    assert "PermissionsBoundary" not in entity("get")


def test_it_can_be_there_from_the_start(arn: str, entity: Callable[..., Any]) -> None:
    made = entity("create", PermissionsBoundary=arn)
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert entity("get")["PermissionsBoundary"] == made["PermissionsBoundary"]


def test_it_has_to_exist(entity: Callable[..., Any], refused: Any) -> None:
    with refused("NoSuchEntity", "does not exist or is not attachable"):
        entity("create", PermissionsBoundary=NONE)
    entity("create")
    with refused("NoSuchEntity", "does not exist or is not attachable"):
        entity("put", "_permissions_boundary", PermissionsBoundary=NONE)


def test_a_policy_that_is_a_boundary_stays(
    iam: Any, arn: str, entity: Callable[..., Any], refused: Any
) -> None:
    entity("create", PermissionsBoundary=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=arn)
    entity("delete", "_permissions_boundary")
    iam.delete_policy(PolicyArn=arn)


def test_a_user_has_an_id_like_those_of_aws(iam: Any, refused: Any) -> None:
    user = iam.create_user(UserName="ann")["User"]
    assert user["UserId"].startswith("AIDA")
    with refused("EntityAlreadyExists"):
        iam.create_user(UserName="ann")
    with refused("NoSuchEntity"):
        iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=NONE)
