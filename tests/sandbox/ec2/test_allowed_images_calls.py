from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.fixed_ids import FixedIds
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]


def allow(ec2: Any, state: str, *criteria: dict[str, Any]) -> None:
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=list(criteria))
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState=state)


def test_the_setting_is_read_back(ec2: Any) -> None:
    assert ec2.get_allowed_images_settings()["State"] == "disabled"
    allow(ec2, "audit-mode", {"ImageProviders": ["amazon"]})
    setting = ec2.get_allowed_images_settings()
    assert (setting["State"], setting["ManagedBy"]) == ("audit-mode", "account")
    assert setting["ImageCriteria"] == [{"ImageProviders": ["amazon"]}]
    ec2.disable_allowed_images_settings()
    assert ec2.get_allowed_images_settings()["State"] == "disabled"


@pytest.mark.parametrize(
    ("criterion", "allowed"),
    [
        ({"ImageProviders": ["amazon"]}, True),
        ({"ImageProviders": ["137112412989"]}, True),
        ({"ImageProviders": ["999988887777"]}, False),
        ({"ImageProviders": ["amazon"], "ImageNames": ["al2023-*"]}, True),
        ({"ImageProviders": ["amazon"], "ImageNames": ["windows-*"]}, False),
        ({"CreationDateCondition": {"MaximumDaysSinceCreated": 36500}}, True),
        ({"MarketplaceProductCodes": ["abc"]}, False),
        ({"ImageProviders": ["none"]}, False),
        ({"ImageWatermarks": [{"WatermarkKey": "*"}]}, False),
    ],
    ids=str,
)
def test_a_criterion_allows_what_has_all_its_properties(
    ec2: Any,
    launch: Make,
    refused: Any,
    source_id: str,
    criterion: dict[str, Any],
    allowed: bool,
) -> None:
    allow(ec2, "audit-mode", criterion)
    (image,) = ec2.describe_images(ImageIds=[source_id])["Images"]
    assert image["ImageAllowed"] == allowed
    allow(ec2, "enabled", criterion)
    assert (source_id in {one["ImageId"] for one in ec2.describe_images()["Images"]}) == allowed
    if allowed:
        assert launch()
    else:
        with refused("InvalidAMIID.NotFound"):
            launch()


def test_own_images_are_always_allowed(ec2: Any, launch: Make, bake: Make) -> None:
    image_id = bake()
    allow(ec2, "enabled")
    assert [one["ImageId"] for one in ec2.describe_images()["Images"]] == [image_id]
    assert launch(image_id)


def test_the_audit_sees_what_is_not_allowed(ec2: Any, launch: Make) -> None:
    launch()
    allow(ec2, "audit-mode", {"ImageProviders": ["999988887777"]})
    (told,) = ec2.describe_instance_image_metadata()["InstanceImageMetadata"]
    assert not told["ImageMetadata"]["ImageAllowed"]


def test_a_deprecated_image_is_allowed_for_so_many_days(
    sandbox: Sandbox, ec2: Any, source_id: str
) -> None:
    given = FixedIds(ACCOUNT_ID, "us-east-1")
    image = cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"]).images[
        given.image(None, "old", "999988887777", "x86_64")
    ]
    for deprecated, days, allowed in (
        (timedelta(hours=1), 0, False),
        (timedelta(hours=1), 1, True),
        (timedelta(days=3), 2, False),
        (timedelta(days=-3), 0, True),
    ):
        image.deprecation_time = utcnow() - deprecated
        allow(ec2, "audit-mode", {"DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": days}})
        (told,) = ec2.describe_images(ImageIds=[image.id])["Images"]
        assert told["ImageAllowed"] == allowed


def test_an_unknown_state_is_refused(ec2: Any, refused: Any) -> None:
    with refused("InvalidParameterValue"):
        ec2.enable_allowed_images_settings(AllowedImagesSettingsState="on")


@pytest.mark.parametrize(
    ("criteria", "says"),
    [
        ([{"ImageProviders": ["amazon"]}] * 11, "at most 10"),
        ([{"ImageProviders": ["999988887777"] * 201}], "at most 200"),
        ([{"ImageProviders": ["self"]}], "'self'"),
        ([{"ImageProviders": ["99998888777"]}], "'99998888777'"),
        ([{"ImageProviders": ["none", "amazon"]}], "'none'"),
        ([{"ImageNames": ["a"] * 51}], "at most 50"),
        ([{"ImageNames": ["golden!"]}], "'golden!'"),
        ([{"ImageNames": ["a?"]}], "at least 3"),
        ([{"MarketplaceProductCodes": ["a-b"]}], "'a-b'"),
        ([{"CreationDateCondition": {"MaximumDaysSinceCreated": 3_000_000_000}}], "for Max"),
        ([{"ImageWatermarks": [{"WatermarkKey": "approved"}]}], "'approved'"),
        ([{"ImageWatermarks": [{"MaximumDaysSinceWatermarkCreated": -1}]}], "'-1'"),
        ([{"ScanResultCondition": {"MaximumSeverityLabel": "bad"}}], "'bad'"),
        ([{"ScanResultCondition": {"MaxDaysSinceLastFindingScan": 3_000_000_000}}], "for Max"),
    ],
    ids=[
        "an eleventh criterion",
        "too many providers",
        "a provider that does not exist",
        "an account id of 11 digits",
        "none beside others",
        "too many names",
        "a sign that names do not have",
        "a short name with a question mark",
        "a product code with a dash",
        "too many days",
        "a watermark without account",
        "negative days of a watermark",
        "a severity that does not exist",
        "too many days of a scan",
    ],
)
def test_wrong_criteria_are_refused(
    ec2: Any, refused: Any, criteria: list[dict[str, Any]], says: str
) -> None:
    with refused("InvalidParameterValue", says):
        ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=criteria)


def test_every_kind_of_criterion_is_read_back(ec2: Any) -> None:
    criterion = {
        "ImageProviders": ["amazon", "aws-marketplace", "aws-backup-vault", "999988887777"],
        "ImageNames": ["golden-?*", "web (x86) [v1]"],
        "MarketplaceProductCodes": ["abc123"],
        "CreationDateCondition": {"MaximumDaysSinceCreated": 30},
        "DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0},
        "ImageWatermarks": [{"WatermarkKey": "123456789012:approved"}],
        "ScanResultCondition": {"MaximumSeverityLabel": "medium"},
    }
    allow(ec2, "audit-mode", criterion, {"ImageProviders": ["none"]})
    read = ec2.get_allowed_images_settings()["ImageCriteria"]
    assert read == [criterion, {"ImageProviders": ["none"]}]
