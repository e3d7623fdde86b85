"""`goldenami prune`: older versions go by the rules of the release file."""

import json
from datetime import timedelta
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account

RULES = {"keep": 1, "deprecate_after": "90d", "disable_after": "0d", "delete_after": "0d"}
LEFT = {"regions": ["us-east-1"], "enforce": None}


def versions(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    described = sandbox.client("ec2").describe_images(
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
    )["Images"]
    return {str(image["Name"]).removeprefix("web-base-"): image for image in described}


@pytest.fixture
def bake(cli: Any, write: Any, sandbox: Sandbox) -> Any:
    """Bake a version, and return its release file and what was said."""
    sandbox.pending_s = 0.0

    def bake(version: str, **changes: Any) -> tuple[Any, str]:
        path = write(f"{version}.yaml", version=version, **{**LEFT, "lifecycle": RULES, **changes})
        ran = cli("bake", path, "--yes")
        assert ran.code == 0, ran.err
        return path, ran.err

    return bake


def test_what_is_over_goes_a_step_each_day_and_each_version_says_why_it_stays(
    cli: Any, bake: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    bake("1.0")
    bake("2.0", tags={"Keep": "yes"})
    in_use = account.launch(sandbox.client("ec2"), versions(sandbox)["1.0"]["ImageId"])
    rules = {**RULES, "except": {"tags": {"Keep": "yes"}}}
    path, said = bake("3.0", lifecycle=rules)
    assert f"`goldenami prune {path}` would look at 1.0 (deprecate)" in said
    written = [{"Key": "goldenami:status", "Value": "deprecated"}]
    newest = [versions(sandbox)["3.0"]["ImageId"]]
    sandbox.client("ec2").create_tags(Resources=newest, Tags=written)
    planned = cli("prune", path, "--plan")
    assert planned.code == 10
    for words in (
        "3.0: stays: it is the newest approved one", "2.0: stays: it is tagged Keep=yes",
        "1.0: deprecate: superseded",
    ):  # fmt: skip
        assert words in planned.err, planned.err
    assert cli("prune", path, "--yes").code == 0
    assert "for less than a day" in cli("prune", path, "--yes").err
    monkeypatch.setattr("goldenami.domain.retention.STEP", timedelta())
    kept = cli("prune", path, "--plan")
    assert kept.code == 0, kept.err
    assert f"1.0: stays: {versions(sandbox)['1.0']['ImageId']} is used by instance {in_use}" in (
        kept.err
    )
    sandbox.client("ec2").terminate_instances(InstanceIds=[in_use])
    sandbox_fault = Fault(service="ec2", operation="DescribeFleets", code="AccessDenied")
    with sandbox.fail(sandbox_fault):
        unread = cli("prune", path, "--yes")
    assert unread.code == 3
    assert "1.0: could not check: EC2 fleets" in unread.err
    steps = list[str]()
    while (ran := cli("prune", path, "--yes", "--format", "json")).code == 0 and len(steps) < 4:
        items = {item["version"]: item["step"] for item in json.loads(ran.out)["items"]}
        steps.append(items.get("1.0", ""))
    assert steps[:3] == ["disable", "deregister", ""]
    assert {*versions(sandbox)} == {"2.0", "3.0"}


def test_a_bake_prunes_if_the_file_says_so_and_stands_if_that_fails(
    bake: Any, sandbox: Sandbox
) -> None:
    bake("1.0")
    rules = {**RULES, "prune": "on-release"}
    with sandbox.fail(Fault(service="ssm", operation="GetParameterHistory", code="AccessDenied")):
        _, said = bake("2.0", lifecycle=rules)
    assert "not everything could be read" in said
    _, said = bake("3.0", lifecycle=rules)
    assert "1.0: deprecate: superseded" in said
    assert versions(sandbox)["1.0"]["DeprecationTime"]
