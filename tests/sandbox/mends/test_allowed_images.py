from collections.abc import Callable
from typing import Any

import pytest

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


def test_wrong_settings_are_refused(ec2: Any, refused: Any) -> None:
    with refused("InvalidParameterValue"):
        ec2.enable_allowed_images_settings(AllowedImagesSettingsState="on")
    with refused("InvalidParameterValue"):
        allow(ec2, "enabled", *[{"ImageProviders": ["amazon"]}] * 11)
