"""The policies that goldenami ships: what they look like, and what must be true of all of them.

The expected documents lie in ``golden/``. After a wanted change, write them again::

    GOLDENAMI_WRITE_GOLDEN=1 python -m pytest tests/iam/test_policies.py
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from msgspec import structs

from goldenami.iam.profiles import Profile, load_profiles, profile_named
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values

GOLDEN = Path(__file__).parent / "golden"
ROLE = "arn:aws:iam::123456789012:role/ci/golden-ami-pipeline"
SNAPSHOTS = ("snap-0a1b2c3d4e5f60718", "snap-12345678")
VALUES = Values(
    account="123456789012",
    owners=("123456789012", "999988887777"),
    snapshots=SNAPSHOTS,
    pipeline_role=ROLE,
    groups=("ec2-admin-group",),
)
LAUNCH = {
    "ec2:EnableFastLaunch",
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:ModifyFleet",
    "ec2:RequestSpotInstances",
    "ec2:RequestSpotFleet",
    "ec2:CreateReplaceRootVolumeTask",
}
GUARDRAILS = ("guardrail", "guardrail-by-tag")
DENYING = (
    *GUARDRAILS, "guardrail-protection", "owner-only", "tag-protection", "untestable-launches",
)  # fmt: skip

Statement = dict[str, Any]


def _documents(values: Values = VALUES) -> list[PolicyDocument]:
    return [document for profile in _renderable(values) for document in render(profile, values)]


def _renderable(values: Values) -> list[Profile]:
    """Leave out the profile that makes no sense without the pipeline's role."""
    return [
        profile
        for profile in load_profiles().values()
        if values.pipeline_role or "pipeline_role" not in profile.needs
    ]


def _statements(*names: str, values: Values = VALUES) -> list[Statement]:
    return [
        statement
        for name in names or [document.name for document in _renderable(values)]
        for document in render(profile_named(name), values)
        for statement in document.policy["Statement"]
    ]


def _by_sid(name: str, values: Values = VALUES) -> dict[str, Statement]:
    return {statement["Sid"]: statement for statement in _statements(name, values=values)}


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _keys(statement: Statement) -> Iterator[tuple[str, str]]:
    for operator, tests in statement.get("Condition", {}).items():
        for key in tests:
            yield operator, key


@pytest.mark.parametrize("document", _documents(), ids=lambda document: document.name)
def test_the_document_is_the_one_in_the_golden_file(document: PolicyDocument) -> None:
    """``GOLDENAMI_WRITE_GOLDEN=1`` in the environment writes the file again."""
    path = GOLDEN / f"{document.name}.json"
    if os.environ.get("GOLDENAMI_WRITE_GOLDEN"):
        path.write_text(document.json() + "\n", encoding="utf-8")
    assert document.json() + "\n" == path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_document() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {document.name for document in _documents()}


def test_every_action_is_a_call_that_aws_has() -> None:
    session = botocore.session.get_session()
    known = {
        f"{service}:{name}"
        for service in (
            "account", "autoscaling", "ebs", "ec2", "ec2-instance-connect", "iam", "organizations",
            "rbin", "ssm",
        )
        for name in session.get_service_model(service).operation_names
    }  # fmt: skip
    used = {
        action
        for statement in _statements()
        for action in _list(statement.get("Action", []))
        if not action.endswith("*")
    }
    assert used - known == set()


class TestEveryPolicy:
    def test_of_another_partition_has_no_arn_of_the_common_one(self) -> None:
        values = Values(
            account="123456789012",
            partition="aws-cn",
            owners=("123456789012",),
            snapshots=SNAPSHOTS,
            pipeline_role="arn:aws-cn:iam::123456789012:role/pipeline",
        )
        assert not [
            document.name for document in _documents(values) if "arn:aws:" in document.json()
        ]

    def test_of_one_region_names_it_in_every_resource(self) -> None:
        values = Values(
            account="1" * 12, region="eu-west-1", owners=("1" * 12,), snapshots=SNAPSHOTS
        )
        resources = {
            r for statement in _statements(values=values) for r in _list(statement["Resource"])
        }
        regional = {r for r in resources - {"*"} if ":iam:" not in r}
        assert {r for r in regional if r.split(":")[3] != "eu-west-1"} == set()

    def test_has_no_account_in_the_arn_of_an_image_or_a_snapshot(self) -> None:
        resources = {r for statement in _statements() for r in _list(statement["Resource"])}
        kinds = {r for r in resources if r.endswith(("image/*", "snapshot/*"))}
        assert kinds == {"arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"}

    def test_names_its_statements_unless_it_is_the_guides(self) -> None:
        guides = {"ec2-028-parent-snapshot", "ec2-028-resource-tag"}
        others = [
            statement
            for name in load_profiles()
            if name not in guides
            for statement in _statements(name)
        ]
        assert all(statement["Sid"].startswith(statement["Effect"]) for statement in others)


class TestEveryDeny:
    def test_a_profile_that_denies_allows_nothing(self) -> None:
        assert {statement["Effect"] for statement in _statements(*DENYING)} == {"Deny"}

    def test_on_every_resource_tests_no_tag(self) -> None:
        for statement in _statements(*DENYING):
            if "*" in _list(statement["Resource"]):
                assert not [key for _, key in _keys(statement) if key.startswith("ec2:")]

    def test_tests_tag_and_owner_in_different_statements(self) -> None:
        for statement in _statements(*DENYING):
            denied = [key for operator, key in _keys(statement) if operator == "StringNotEquals"]
            assert len(denied) <= 1

    def test_of_an_untagged_image_adds_no_test_that_the_tag_exists(self) -> None:
        for statement in _statements(*GUARDRAILS):
            if ("StringNotEquals", "ec2:ResourceTag/goldenami:status") in list(_keys(statement)):
                assert set(statement["Condition"]) == {"StringNotEquals", "ArnNotEquals"}

    def test_by_parent_snapshot_spares_blank_volumes(self) -> None:
        statements = [
            statement["Condition"]
            for statement in _statements(*DENYING)
            if "ec2:ParentSnapshot" in {key for _, key in _keys(statement)}
        ]
        assert [condition["Null"] for condition in statements] == [{"ec2:ParentSnapshot": "false"}]

    def test_leaves_the_pipeline_role_alone(self) -> None:
        for statement in _statements(*DENYING):
            assert statement["Condition"]["ArnNotEquals"] == {"aws:PrincipalArn": ROLE}

    def test_has_no_exemption_if_no_role_is_given(self) -> None:
        values = Values(account="1" * 12, owners=("1" * 12,), snapshots=SNAPSHOTS)
        assert all("PrincipalArn" not in document.json() for document in _documents(values))
        bare = _by_sid("untestable-launches", values)["DenyUntestableLaunch"]
        assert "Condition" not in bare

    def test_has_none_either_where_nobody_else_is_bound(self) -> None:
        values = structs.replace(VALUES, exempts_pipeline=False)
        assert all("PrincipalArn" not in document.json() for document in _documents(values))
        statements = _by_sid("guardrail-protection", values)["DenyChangingGuardrail"]
        assert ROLE in statements["Resource"]


class TestTheGuardrail:
    def test_denies_each_fault_in_a_statement_of_its_own(self) -> None:
        assert list(_by_sid("guardrail")) == [
            "DenyLaunchWithoutApprovalTag",
            "DenyLaunchOfOtherOwnersImage",
            "DenyLaunchWithOtherSnapshotsVolume",
        ]

    @pytest.mark.parametrize(
        ("sid", "resources"),
        [
            (
                "DenyLaunchWithoutApprovalTag",
                {"arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"},
            ),
            (
                "DenyLaunchOfOtherOwnersImage",
                {"arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"},
            ),
            ("DenyLaunchWithOtherSnapshotsVolume", {"arn:aws:ec2:*:*:volume/*"}),
        ],
    )
    def test_covers_every_call_that_launches(self, sid: str, resources: set[str]) -> None:
        statement = _by_sid("guardrail")[sid]
        assert set(_list(statement["Action"])) == LAUNCH
        assert set(_list(statement["Resource"])) == resources

    def test_keeps_the_list_of_snapshots_whole(self) -> None:
        condition = _by_sid("guardrail")["DenyLaunchWithOtherSnapshotsVolume"]["Condition"]
        listed = condition["ArnNotLike"]["ec2:ParentSnapshot"]
        assert listed == [f"arn:aws:ec2:*:*:snapshot/{snapshot}" for snapshot in SNAPSHOTS]

    def test_by_tag_is_the_guardrail_without_that_list(self) -> None:
        whole = _by_sid("guardrail")
        del whole["DenyLaunchWithOtherSnapshotsVolume"]
        assert _by_sid("guardrail-by-tag") == whole

    def test_of_owners_alone_tests_neither_tag_nor_parent_snapshot(self) -> None:
        keys = {key for statement in _statements("owner-only") for _, key in _keys(statement)}
        assert keys == {"ec2:Owner", "aws:PrincipalArn"}


class TestTagProtection:
    def test_keeps_every_goldenami_tag_on_every_resource_of_every_service(self) -> None:
        statement = _by_sid("tag-protection")["DenyGoldenamiTags"]
        assert (statement["Action"], statement["Resource"]) == ("*", "*")
        assert statement["Condition"]["ForAnyValue:StringLike"] == {"aws:TagKeys": "goldenami:*"}

    def test_keeps_the_approval_tag_s_key_in_any_case_and_by_any_call(self) -> None:
        values = structs.replace(VALUES, tag_key="Golden", tag_value="yes")
        statement = _by_sid("tag-protection", values)["DenyApprovalTag"]
        assert statement["Action"] == "*"
        assert statement["Resource"] == [
            "arn:aws:ec2:*::image/*",
            "arn:aws:ec2:*::snapshot/*",
            "arn:aws:ec2:*:*:import-image-task/*",
            "arn:aws:ec2:*:*:import-snapshot-task/*",
        ]
        assert statement["Condition"]["ForAnyValue:StringEqualsIgnoreCase"] == {
            "aws:TagKeys": "Golden"
        }

    def test_elsewhere_keeps_the_approval_tag_with_its_value_alone(self) -> None:
        values = structs.replace(VALUES, tag_key="Name", tag_value="Golden AMI")
        statement = _by_sid("tag-protection", values)["DenyApprovalTagToCopy"]
        assert statement["Condition"]["StringEquals"] == {"aws:RequestTag/Name": "Golden AMI"}

    def test_lets_every_image_without_the_tag_be_managed(self) -> None:
        condition = _by_sid("tag-protection")["DenyLifecycleOfGoldenImage"]["Condition"]
        assert condition["StringEquals"] == {"aws:ResourceTag/goldenami:status": "approved"}

    def test_keeps_the_parameters_that_a_release_publishes_to(self) -> None:
        values = structs.replace(VALUES, parameters=("/images/web", "/golden-ami/*"))
        assert _by_sid("tag-protection", values)["DenyChangingParameters"]["Resource"] == [
            "arn:aws:ssm:*:*:parameter/golden-ami/*",
            "arn:aws:ssm:*:*:parameter/goldenami/*",
            "arn:aws:ssm:*:*:parameter/images/web",
        ]

    def test_leaves_the_agent_of_a_build_instance_its_calls(self) -> None:
        actions = _by_sid("tag-protection")["DenyTouchingBuildInstances"]["Action"]
        agent = ("ssm:UpdateInstanceInformation", "ssm:PutInventory", "ssm:UpdateAssociationStatus")
        assert not [own for own in agent for action in actions if fnmatchcase(own, action)]


class TestGuardrailProtection:
    def test_leaves_the_policies_of_others_alone(self) -> None:
        statements = _by_sid("guardrail-protection")
        assert statements["DenyChangingGuardrail"]["Resource"] == [
            "arn:aws:iam::*:policy/goldenami-*",
            "arn:aws:iam::*:policy/*/goldenami-*",
            ROLE,
        ]
        detaching = statements["DenyDetachingGuardrail"]["Condition"]
        assert detaching["ArnLike"] == {"iam:PolicyARN": "arn:aws:iam::*:policy/goldenami-*"}

    def test_trusts_one_boundary_by_its_whole_name(self) -> None:
        statements = _by_sid("guardrail-protection")
        boundary = {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/goldenami-boundary"}
        assert statements["DenyRemovingBoundary"]["Condition"]["ArnLike"] == boundary
        assert statements["DenyOtherBoundary"]["Condition"]["ArnNotLike"] == boundary

    def test_lets_the_policies_and_the_pipeline_role_be_read(self) -> None:
        reading = _by_sid("guardrail-protection")["DenyChangingGuardrail"]["NotAction"]
        assert {"iam:Get*", "iam:List*", "iam:Simulate*", "sts:*"} <= set(reading)
        assert not [action for action in reading if fnmatchcase("iam:PassRole", action)]

    def test_names_each_group_with_and_without_a_path(self) -> None:
        groups = structs.replace(VALUES, groups=("b", "a"))
        statement = _by_sid("guardrail-protection", groups)["DenyLeavingGuardedGroups"]
        assert statement["Resource"] == [
            "arn:aws:iam::*:group/a",
            "arn:aws:iam::*:group/*/a",
            "arn:aws:iam::*:group/b",
            "arn:aws:iam::*:group/*/b",
        ]

    def test_has_no_statement_on_groups_where_there_are_none(self) -> None:
        without = structs.replace(VALUES, groups=())
        statements = _by_sid("guardrail-protection", without)
        assert "DenyLeavingGuardedGroups" not in statements
        assert len(statements) == len(_by_sid("guardrail-protection")) - 1


class TestAllow:
    def test_by_tag_takes_any_volume_and_is_the_same_otherwise(self) -> None:
        whole, by_tag = _by_sid("allow"), _by_sid("allow-by-tag")
        del whole["AllowVolumeOfGoldenSnapshotOrBlank"]
        rest = by_tag["AllowTheRestOfALaunch"]["Resource"]
        assert set(rest) - set(whole["AllowTheRestOfALaunch"]["Resource"]) == {
            "arn:aws:ec2:*:*:volume/*"
        }
        del whole["AllowTheRestOfALaunch"], by_tag["AllowTheRestOfALaunch"]
        assert by_tag == whole

    def test_allows_no_launch_resource_twice(self) -> None:
        launch = [
            statement
            for statement in _statements("allow")
            if statement["Action"] == "ec2:RunInstances"
        ]
        resources = [resource for statement in launch for resource in _list(statement["Resource"])]
        assert len(resources) == len(set(resources))
        assert "*" not in resources

    @pytest.mark.parametrize("sid", ["AllowLaunchOfGoldenImage", "AllowNamingGoldenSnapshot"])
    def test_wants_tag_and_owner_together(self, sid: str) -> None:
        assert _by_sid("allow")[sid]["Condition"] == {
            "StringEquals": {
                "ec2:ResourceTag/goldenami:status": "approved",
                "ec2:Owner": ["123456789012", "999988887777"],
            }
        }

    def test_takes_a_volume_of_a_golden_snapshot_or_a_blank_one(self) -> None:
        condition = _by_sid("allow")["AllowVolumeOfGoldenSnapshotOrBlank"]["Condition"]
        assert condition == {
            "ArnLikeIfExists": {
                "ec2:ParentSnapshot": [
                    f"arn:aws:ec2:*:*:snapshot/{snapshot}" for snapshot in SNAPSHOTS
                ]
            }
        }

    def test_lets_tags_be_written_at_launch_only_and_never_on_images(self) -> None:
        statement = _by_sid("allow")["AllowTagsAtLaunchOnly"]
        assert statement["Condition"] == {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
        assert not [
            value for value in statement["Resource"] if "image" in value or "snapshot" in value
        ]

    def test_only_looks_up_on_every_resource(self) -> None:
        everywhere = [
            statement for statement in _statements("allow") if statement["Resource"] == "*"
        ]
        actions = [action for statement in everywhere for action in statement["Action"]]
        assert all(action.startswith("ec2:Describe") for action in actions)
