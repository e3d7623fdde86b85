"""SSM parameters: what is too deep or too large, tiers, selectors, and who wrote one."""

from typing import Any

import pytest

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from .conftest import Refused


def put(ssm: Any, size: int = 1, name: str = "/a", **more: Any) -> str:
    return str(ssm.put_parameter(Name=name, Value="x" * size, Type="String", **more)["Tier"])


def test_a_hierarchy_has_15_levels_at_most(ssm: Any, refused: Refused) -> None:
    put(ssm, name="/a" * 15)
    with refused("HierarchyLevelLimitExceededException"):
        put(ssm, name="/a" * 16)


@pytest.mark.parametrize(
    ("tier", "size", "becomes"),
    [
        ({}, 4096, "Standard"),
        ({"Tier": "Standard"}, 4096, "Standard"),
        ({"Tier": "Advanced"}, 8192, "Advanced"),
        ({"Tier": "Intelligent-Tiering"}, 4096, "Standard"),
        ({"Tier": "Intelligent-Tiering"}, 4097, "Advanced"),
    ],
)
def test_a_value_fits_its_tier(ssm: Any, tier: Any, size: int, becomes: str) -> None:
    assert put(ssm, size, **tier) == becomes
    assert ssm.describe_parameters()["Parameters"][0]["Tier"] == becomes


@pytest.mark.parametrize(
    ("tier", "size"),
    [({}, 4097), ({"Tier": "Advanced"}, 8193), ({"Tier": "Intelligent-Tiering"}, 8193)],
)
def test_a_value_that_is_too_large_is_refused(
    ssm: Any, tier: Any, size: int, refused: Refused
) -> None:
    with refused("ValidationException", "support a maximum parameter value of"):
        put(ssm, size, **tier)
    assert ssm.describe_parameters()["Parameters"] == []


def test_an_advanced_parameter_stays_one(ssm: Any, refused: Refused) -> None:
    put(ssm, Tier="Advanced")
    tiers: list[dict[str, Any]] = [{}, {"Tier": "Intelligent-Tiering"}]
    for tier in tiers:
        assert put(ssm, Overwrite=True, **tier) == "Advanced"
    with refused("ValidationException", "can't downgrade"):
        put(ssm, Overwrite=True, Tier="Standard")


def test_what_selected_a_version_is_told(ssm: Any) -> None:
    put(ssm)
    ssm.label_parameter_version(Name="/a", Labels=["prod"])
    assert "Selector" not in ssm.get_parameter(Name="/a")["Parameter"]
    for selector in (":prod", ":1"):
        assert ssm.get_parameter(Name=f"/a{selector}")["Parameter"]["Selector"] == selector
    told = ssm.get_parameters(Names=["/none", "/a:prod"])
    assert [one["Selector"] for one in told["Parameters"]] == [":prod"]
    arn = f"arn:aws:ssm:us-east-1:{ACCOUNT_ID}:parameter/a"
    assert "Selector" not in ssm.get_parameter(Name=arn)["Parameter"]


def test_who_wrote_a_parameter_is_told(ssm: Any, sandbox: Sandbox, iam: Any) -> None:
    iam.create_user(UserName="ann")
    policy = "arn:aws:iam::aws:policy/AmazonSSMFullAccess"
    iam.attach_user_policy(UserName="ann", PolicyArn=policy)
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    put(sandbox.client("ssm", access_key_id=key))
    put(ssm, Overwrite=True)
    history = ssm.get_parameter_history(Name="/a")["Parameters"]
    assert [one["LastModifiedUser"].rpartition(":")[2] for one in history] == ["user/ann", "root"]


def test_names_descriptions_and_patterns_are_checked(ssm: Any, refused: Refused) -> None:
    parameter = {"Name": "/a", "Value": "v", "Type": "String"}
    for wrong, code, says in (
        ({"Name": "/a b"}, "ValidationException", "the following 3 symbols .-_"),
        ({"Name": "/é"}, "ValidationException", "the following 3 symbols .-_"),
        ({"Description": "d" * 1025}, "ValidationException", "less than or equal to 1024"),
        ({"AllowedPattern": "^[0-9]+$"}, "ParameterPatternMismatchException", "^[0-9]+$"),
        ({"AllowedPattern": "("}, "InvalidAllowedPatternException", "("),
    ):
        with refused(code, says):
            ssm.put_parameter(**parameter | wrong)
    ssm.put_parameter(**parameter, AllowedPattern="^v$", Description="d" * 1024)
