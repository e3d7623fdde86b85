"""The plan of a bake, from a release file alone: what it needs, and where it is done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami import spec
from goldenami.bake.create_image import CreateImageBaker
from goldenami.bake.interface import Baker, Recipe
from goldenami.bake.packer_baker import PackerBaker
from goldenami.bake.publish import approval, candidacy, publication
from goldenami.domain.image import Build, Image
from goldenami.domain.manifest import Approval
from goldenami.domain.plan import Action, Plan
from goldenami.workflows.release.preparation import making_actions

ACCOUNT, OTHER = "123456789012", "444455556666"
EXAMPLE = (Path(__file__).parents[3] / "examples" / "web-base" / "release.yaml").read_text()
EXAMPLE += f'copies: [{{account: "{OTHER}", role: copies, regions: [eu-west-1]}}]\n'
NEEDED = (
    *("ec2:CopyImage", "ec2:CreateImage", "ec2:CreateTags", "ec2:DeleteTags"),
    *("ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:DescribeInstanceStatus"),
    *("ec2:DescribeInstances", "ec2:DescribeSnapshotAttribute", "ec2:DescribeSnapshots"),
    *("ec2:EnableImageDeprecation", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"),
    *("ec2:RunInstances", "ec2:TerminateInstances", "iam:PassRole", "ssm:GetCommandInvocation"),
    *("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:LabelParameterVersion"),
    *("ssm:PutParameter", "ssm:SendCommand", "ssm:UnlabelParameterVersion", "sts:AssumeRole"),
)
NEEDED_BY_ROLE = (
    *("ec2:CopyImage", "ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeImageAttribute"),
    *("ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:EnableImageDeprecation"),
    *("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:LabelParameterVersion"),
    *("ssm:PutParameter", "ssm:UnlabelParameterVersion"),
)
BAKERS: dict[str, Callable[[Recipe], Baker]] = {
    "create-image": CreateImageBaker,
    "packer": PackerBaker,
}


class Caller:
    """Who bakes; nothing is asked of AWS."""

    account, partition, caller = ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:user/ann"
    custom_endpoint = ""


def recipe(folder: Path, method: str = "create-image") -> Recipe:
    (folder / "setup.sh").write_text("#!/bin/sh\n")
    path = folder / "release.yaml"
    path.write_text(EXAMPLE)
    build = Build(id="20261123T140509Z-a1b2c3", image="web", version="1", spec="", nonce="n")
    source = Image(
        region="us-east-1", id="ami-03cf127a", name="base", owner="1", state="available",
        architecture="x86_64",
    )  # fmt: skip
    caller: Any = Caller()
    return Recipe(aws=caller, file=spec.load(path), build=build, source=source, method=method)


def actions(recipe: Recipe, *, proposes: bool = False) -> tuple[Action, ...]:
    making, places = making_actions(recipe, BAKERS[recipe.method](recipe)), recipe.places
    if proposes:
        return (*making, *candidacy(recipe))
    decision = Approval(by=Caller.caller, at="2026-11-23T14:05:09Z")
    approved = approval(recipe, recipe.proposed_places, decision)
    return (*making, *approved, *publication(recipe, places, decision))


def test_a_release_needs_these_permissions_and_no_others(tmp_path: Path) -> None:
    plan = Plan(title="t", actions=actions(recipe(tmp_path)))
    assert plan.permissions == NEEDED
    assert plan.roles == {f"arn:aws:iam::{OTHER}:role/copies": NEEDED_BY_ROLE}


@pytest.mark.parametrize("method", BAKERS)
@pytest.mark.parametrize("proposes", [False, True], ids=["approved", "proposed"])
def test_every_action_says_what_it_needs_and_comes_after_others_of_the_plan(
    tmp_path: Path, method: str, *, proposes: bool
) -> None:
    steps: list[str] = []
    for action in actions(recipe(tmp_path, method), proposes=proposes):
        assert action.permissions
        assert set(action.after) <= set(steps)
        assert action.undo is None or action.undo.permissions
        steps.append(action.id)
    assert len(steps) == len(set(steps))


def test_a_step_at_a_place_is_named_by_it_and_done_there(tmp_path: Path) -> None:
    copies = [action for action in actions(recipe(tmp_path)) if action.call == "ec2:CopyImage"]
    assert [(copy.id, copy.region, copy.role) for copy in copies] == [
        ("copy:eu-west-1", "eu-west-1", ""),
        (f"copy:{OTHER}/eu-west-1", "eu-west-1", f"arn:aws:iam::{OTHER}:role/copies"),
    ]


def test_packer_tags_snapshots_as_the_image_and_volumes_as_the_instance(tmp_path: Path) -> None:
    baked = recipe(tmp_path, "packer")
    values = PackerBaker(baked).request.values
    assert values["tags"] == values["snapshot_tags"] == baked.image_tags
    assert values["run_tags"] == values["run_volume_tags"] == baked.base_tags
