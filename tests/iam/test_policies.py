"""The policies that goldenami ships: what they look like, and what must be true of all of them.

The expected documents lie in ``golden/``. After a wanted change, write them again::

    GOLDENAMI_WRITE_GOLDEN=1 python -m pytest tests/iam/test_policies.py
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from msgspec import structs

from goldenami.iam.profiles import Profile, load_profiles, profile_named
from goldenami.iam.render import Document, render
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
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:ModifyFleet",
    "ec2:RequestSpotInstances",
    "ec2:RequestSpotFleet",
    "ec2:CreateReplaceRootVolumeTask",
}
GUARDRAILS = ("guardrail", "guardrail-by-tag")
DENYING = (*GUARDRAILS, "guardrail-protection", "owner-only", "tag-protection")

Statement = dict[str, Any]


def _documents(values: Values = VALUES) -> list[Document]:
    return [document for one in _renderable(values) for document in render(one, values)]


def _renderable(values: Values) -> list[Profile]:
    """Leave out the profile that makes no sense without the pipeline's role."""
    return [
        one
        for one in load_profiles().values()
        if values.pipeline_role or "pipeline_role" not in one.needs
    ]


def _statements(*names: str, values: Values = VALUES) -> list[Statement]:
    return [
        statement
        for name in names or [one.name for one in _renderable(values)]
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
def test_the_document_is_the_one_in_the_golden_file(document: Document) -> None:
    """``GOLDENAMI_WRITE_GOLDEN=1`` in the environment writes the file again."""
    path = GOLDEN / f"{document.name}.json"
    if os.environ.get("GOLDENAMI_WRITE_GOLDEN"):
        path.write_text(document.json() + "\n", encoding="utf-8")
    assert document.json() + "\n" == path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_document() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {one.name for one in _documents()}


def test_every_action_is_a_call_that_aws_has() -> None:
    session = botocore.session.get_session()
    known = {
        f"{service}:{name}"
        for service in ("autoscaling", "ec2", "iam", "organizations")
        for name in session.get_service_model(service).operation_names
    }
    used = {action for one in _statements() for action in _list(one["Action"])}
    assert used - known == set()


class TestTheGuideEC2028:
    def test_the_parent_snapshot_document_is_one_allow_and_nothing_else(self) -> None:
        values = Values(account="123456789012", snapshots=SNAPSHOTS[:1])
        (document,) = render(profile_named("ec2-028-parent-snapshot"), values)
        arn = f"arn:aws:ec2:*:*:snapshot/{SNAPSHOTS[0]}"
        assert document.policy["Statement"] == [
            {
                "Effect": "Allow",
                "Action": "ec2:RunInstances",
                "Resource": "*",
                "Condition": {"ArnEquals": {"ec2:ParentSnapshot": arn}},
            }
        ]

    def test_several_snapshots_become_a_list(self) -> None:
        (statement,) = _statements("ec2-028-parent-snapshot")
        listed = statement["Condition"]["ArnEquals"]["ec2:ParentSnapshot"]
        assert listed == [f"arn:aws:ec2:*:*:snapshot/{one}" for one in SNAPSHOTS]

    @pytest.mark.parametrize(
        ("values", "key", "value"),
        [
            (VALUES, "Name", "Golden AMI"),
            (Values(account="1" * 12, tag_key="Stage", tag_value="gold"), "Stage", "gold"),
        ],
        ids=["by default with the guide's tag", "with the caller's tag if one is given"],
    )
    def test_the_resource_tag_document_is_one_allow(
        self, values: Values, key: str, value: str
    ) -> None:
        (statement,) = _statements("ec2-028-resource-tag", values=values)
        assert statement == {
            "Effect": "Allow",
            "Action": "ec2:RunInstances",
            "Resource": "*",
            "Condition": {"StringEquals": {f"ec2:ResourceTag/{key}": value}},
        }


class TestEveryPolicy:
    def test_of_another_partition_has_no_arn_of_the_common_one(self) -> None:
        values = Values(
            account="123456789012",
            partition="aws-cn",
            owners=("123456789012",),
            snapshots=SNAPSHOTS,
            pipeline_role="arn:aws-cn:iam::123456789012:role/pipeline",
        )
        assert not [one.name for one in _documents(values) if "arn:aws:" in one.json()]

    def test_of_one_region_names_it_in_every_resource(self) -> None:
        values = Values(
            account="1" * 12, region="eu-west-1", owners=("1" * 12,), snapshots=SNAPSHOTS
        )
        resources = {r for one in _statements(values=values) for r in _list(one["Resource"])}
        assert {r for r in resources - {"*"} if ":ec2:eu-west-1:" not in r} == set()

    def test_has_no_account_in_the_arn_of_an_image_or_a_snapshot(self) -> None:
        resources = {r for one in _statements() for r in _list(one["Resource"])}
        kinds = {r for r in resources if r.endswith(("image/*", "snapshot/*"))}
        assert kinds == {"arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"}

    def test_names_its_statements_unless_it_is_the_guides(self) -> None:
        guides = {"ec2-028-parent-snapshot", "ec2-028-resource-tag"}
        others = [
            one for name in load_profiles() if name not in guides for one in _statements(name)
        ]
        assert all(one["Sid"].startswith(one["Effect"]) for one in others)


class TestEveryDeny:
    def test_a_profile_that_denies_allows_nothing(self) -> None:
        assert {one["Effect"] for one in _statements(*DENYING)} == {"Deny"}

    def test_on_every_resource_tests_no_tag(self) -> None:
        for one in _statements(*DENYING):
            if "*" in _list(one["Resource"]):
                assert not [key for _, key in _keys(one) if key.startswith("ec2:")]

    def test_tests_tag_and_owner_in_different_statements(self) -> None:
        for one in _statements(*DENYING):
            denied = [key for operator, key in _keys(one) if operator == "StringNotEquals"]
            assert len(denied) <= 1

    def test_of_an_untagged_image_adds_no_test_that_the_tag_exists(self) -> None:
        for one in _statements(*GUARDRAILS):
            if ("StringNotEquals", "ec2:ResourceTag/goldenami:status") in list(_keys(one)):
                assert set(one["Condition"]) == {"StringNotEquals", "ArnNotEquals"}

    def test_by_parent_snapshot_spares_blank_volumes(self) -> None:
        found = [
            one["Condition"]
            for one in _statements(*DENYING)
            if "ec2:ParentSnapshot" in {key for _, key in _keys(one)}
        ]
        assert [one["Null"] for one in found] == [{"ec2:ParentSnapshot": "false"}]

    def test_leaves_the_pipeline_role_alone(self) -> None:
        for one in _statements(*DENYING):
            assert one["Condition"]["ArnNotEquals"] == {"aws:PrincipalArn": ROLE}

    def test_has_no_exemption_if_no_role_is_given(self) -> None:
        values = Values(account="1" * 12, owners=("1" * 12,), snapshots=SNAPSHOTS)
        assert all("PrincipalArn" not in one.json() for one in _documents(values))
        bare = _by_sid("guardrail", values)["DenyRootVolumeReplacement"]
        assert "Condition" not in bare


class TestTheGuardrail:
    def test_denies_each_fault_in_a_statement_of_its_own(self) -> None:
        assert list(_by_sid("guardrail")) == [
            "DenyLaunchWithoutApprovalTag",
            "DenyLaunchOfOtherOwnersImage",
            "DenyLaunchWithOtherSnapshotsVolume",
            "DenyRootVolumeReplacement",
            "DenyLaunchWithoutImageCheck",
            "DenySpotFleetTemplateChange",
        ]

    @pytest.mark.parametrize(
        ("sid", "resources"),
        [
            (
                "DenyLaunchWithoutApprovalTag",
                {"arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"},
            ),
            ("DenyLaunchOfOtherOwnersImage", {"arn:aws:ec2:*::image/*"}),
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
        assert listed == [f"arn:aws:ec2:*:*:snapshot/{one}" for one in SNAPSHOTS]

    def test_by_tag_is_the_guardrail_without_that_list(self) -> None:
        whole = _by_sid("guardrail")
        del whole["DenyLaunchWithOtherSnapshotsVolume"]
        assert _by_sid("guardrail-by-tag") == whole

    def test_of_owners_alone_tests_neither_tag_nor_snapshot(self) -> None:
        keys = {key for one in _statements("owner-only") for _, key in _keys(one)}
        assert keys == {"ec2:Owner", "aws:PrincipalArn"}
        assert "DenyRootVolumeReplacement" in _by_sid("owner-only")


class TestTagProtection:
    @pytest.mark.parametrize("statement", _statements("tag-protection"), ids=lambda one: one["Sid"])
    def test_covers_images_and_snapshots(self, statement: Statement) -> None:
        assert statement["Resource"] == ["arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"]

    def test_denies_the_tag_with_any_value_in_every_call_that_can_write_it(self) -> None:
        statement = _by_sid("tag-protection")["DenyWritingApprovalTag"]
        assert statement["Condition"]["Null"] == {"aws:RequestTag/goldenami:status": "false"}
        assert set(statement["Action"]) == {
            "ec2:CreateTags",
            "ec2:CreateImage",
            "ec2:CopyImage",
            "ec2:RegisterImage",
            "ec2:ImportImage",
            "ec2:CreateRestoreImageTask",
            "ec2:ImportSnapshot",
            "ec2:CopySnapshot",
            "ec2:CreateSnapshot",
            "ec2:CreateSnapshots",
        }

    def test_never_compares_tag_keys_with_regard_to_case(self) -> None:
        tests = [
            operator
            for one in _statements("tag-protection")
            for operator, key in _keys(one)
            if key == "aws:TagKeys"
        ]
        assert tests == ["ForAnyValue:StringEqualsIgnoreCase", "Null"]

    def test_denies_deleting_all_tags_of_a_golden_image_by_naming_none(self) -> None:
        condition = _by_sid("tag-protection")["DenyRemovingAllTags"]["Condition"]
        assert condition["Null"] == {"aws:TagKeys": "true"}
        assert condition["StringEquals"] == {"ec2:ResourceTag/goldenami:status": "approved"}

    def test_lets_every_image_without_the_tag_be_managed(self) -> None:
        condition = _by_sid("tag-protection")["DenyLifecycleOfGoldenImage"]["Condition"]
        assert condition["StringEquals"] == {"ec2:ResourceTag/goldenami:status": "approved"}


class TestGuardrailProtection:
    def test_covers_every_way_to_take_the_policies_away(self) -> None:
        actions = {one for found in _statements("guardrail-protection") for one in found["Action"]}
        assert actions == {
            "ec2:DisableAllowedImagesSettings",
            "ec2:EnableAllowedImagesSettings",
            "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
            "iam:CreatePolicyVersion",
            "iam:DeleteGroup",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteUserPermissionsBoundary",
            "iam:DetachGroupPolicy",
            "iam:DetachRolePolicy",
            "iam:DetachUserPolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutUserPermissionsBoundary",
            "iam:RemoveUserFromGroup",
            "iam:SetDefaultPolicyVersion",
            "iam:UntagPolicy",
            "iam:UpdateGroup",
            "organizations:DeletePolicy",
            "organizations:DetachPolicy",
            "organizations:DisablePolicyType",
            "organizations:UpdatePolicy",
        }

    def test_leaves_the_policies_of_others_alone(self) -> None:
        ours = "arn:aws:iam::*:policy/goldenami-*"
        found = _by_sid("guardrail-protection")
        assert found["DenyChangingGuardrail"]["Resource"] == ours
        detaching = found["DenyDetachingGuardrail"]["Condition"]
        assert detaching["ArnLike"] == {"iam:PolicyARN": ours}
        assert found["DenyRemovingBoundary"]["Condition"]["ArnLike"] == {
            "iam:PermissionsBoundary": ours
        }

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
        found = _by_sid("guardrail-protection", without)
        assert "DenyLeavingGuardedGroups" not in found
        assert len(found) == len(_by_sid("guardrail-protection")) - 1


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
        launch = [one for one in _statements("allow") if one["Action"] == "ec2:RunInstances"]
        resources = [resource for one in launch for resource in _list(one["Resource"])]
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
                "ec2:ParentSnapshot": [f"arn:aws:ec2:*:*:snapshot/{one}" for one in SNAPSHOTS]
            }
        }

    def test_lets_tags_be_written_at_launch_only_and_never_on_images(self) -> None:
        statement = _by_sid("allow")["AllowTagsAtLaunchOnly"]
        assert statement["Condition"] == {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
        assert not [one for one in statement["Resource"] if "image" in one or "snapshot" in one]

    def test_only_looks_up_on_every_resource(self) -> None:
        everywhere = [one for one in _statements("allow") if one["Resource"] == "*"]
        actions = [action for one in everywhere for action in one["Action"]]
        assert all(action.startswith("ec2:Describe") for action in actions)
