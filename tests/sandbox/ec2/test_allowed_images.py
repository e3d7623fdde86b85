import json
from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox import seed
from goldenami_sandbox.server import Sandbox

DECLARATIVE = "DECLARATIVE_POLICY_EC2"
FOREIGN = {"allowed_image_providers": {"@@assign": ["999988887777", "aws_marketplace"]}}
Declare = Callable[..., str]


@pytest.fixture
def organization(sandbox: Sandbox) -> seed.Organization:
    return seed.organization(
        sandbox, management_account="999988887777", delegated_administrator=True
    )


@pytest.fixture
def declare(sandbox: Sandbox, organization: seed.Organization) -> Declare:
    """Attach a declarative policy to the account's unit, and return the policy's id."""
    client = sandbox.client("organizations")
    client.enable_policy_type(RootId=organization.root_id, PolicyType=DECLARATIVE)

    def declare(state: str, *criteria: dict[str, Any], **attributes: Any) -> str:
        numbered = {f"criteria_{number}": one for number, one in enumerate(criteria, start=1)}
        settings = {"state": {"@@assign": state}, "image_criteria": numbered}
        content = {"ec2_attributes": {"allowed_images_settings": settings} | attributes}
        made = client.create_policy(
            Name=f"images {state}", Description="", Type=DECLARATIVE, Content=json.dumps(content)
        )
        policy = str(made["Policy"]["PolicySummary"]["Id"])
        client.attach_policy(PolicyId=policy, TargetId=organization.unit_id)
        return policy

    return declare


def test_the_setting_is_the_policys(ec2: Any, ec2_away: Any, declare: Declare) -> None:
    declare(
        "audit_mode",
        FOREIGN,
        {
            "image_names": {"@@assign": ["golden-*"]},
            "marketplace_product_codes": {"@@assign": ["abc123"]},
            "creation_date_condition": {"maximum_days_since_created": {"@@assign": 30}},
            "deprecation_time_condition": {"maximum_days_since_deprecated": {"@@assign": "0"}},
        },
    )
    for client in (ec2, ec2_away):
        setting = client.get_allowed_images_settings()
        assert (setting["State"], setting["ManagedBy"]) == ("audit-mode", "declarative-policy")
        assert setting["ImageCriteria"] == [
            {"ImageProviders": ["999988887777", "aws-marketplace"]},
            {
                "ImageNames": ["golden-*"],
                "MarketplaceProductCodes": ["abc123"],
                "CreationDateCondition": {"MaximumDaysSinceCreated": 30},
                "DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0},
            },
        ]


def test_the_account_cannot_change_it(ec2: Any, declare: Declare, refused: Any) -> None:
    declare("disabled", exception_message={"@@assign": "Ask the platform team."})
    code, says = "DeclarativePolicyViolation", "Custom Message: Ask the platform team."
    with refused(code, says):
        ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    with refused(code, says):
        ec2.disable_allowed_images_settings()
    with refused(code, says):
        ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[])


def test_without_a_message_of_its_own_the_refusal_has_aws_one(
    ec2: Any, declare: Declare, refused: Any
) -> None:
    declare("enabled")
    with refused("DeclarativePolicyViolation", "disabled by a Declarative Policy."):
        ec2.disable_allowed_images_settings()


def test_in_audit_mode_images_are_marked(
    ec2: Any, launch: Declare, source_id: str, declare: Declare
) -> None:
    declare("audit_mode", FOREIGN)
    (image,) = ec2.describe_images(ImageIds=[source_id])["Images"]
    assert not image["ImageAllowed"]
    launch()
    (told,) = ec2.describe_instance_image_metadata()["InstanceImageMetadata"]
    assert not told["ImageMetadata"]["ImageAllowed"]


def test_enabled_it_hides_images_and_refuses_launches(
    ec2: Any, launch: Declare, bake: Declare, source_id: str, declare: Declare, refused: Any
) -> None:
    own = bake()
    declare("enabled", FOREIGN)
    assert [one["ImageId"] for one in ec2.describe_images()["Images"]] == [own]
    with refused("InvalidAMIID.NotFound"):
        launch()
    assert launch(own)


def test_the_accounts_own_setting_is_back_after_the_policy(
    sandbox: Sandbox, ec2: Any, organization: seed.Organization, declare: Declare
) -> None:
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    policy = declare("enabled")
    assert ec2.get_allowed_images_settings()["State"] == "enabled"
    client = sandbox.client("organizations")
    client.detach_policy(PolicyId=policy, TargetId=organization.unit_id)
    setting = ec2.get_allowed_images_settings()
    assert (setting["State"], setting["ManagedBy"]) == ("audit-mode", "account")


def test_it_binds_the_management_account_too(sandbox: Sandbox, ec2: Any) -> None:
    own = seed.organization(sandbox)
    client = sandbox.client("organizations")
    client.enable_policy_type(RootId=own.root_id, PolicyType=DECLARATIVE)
    settings = {"allowed_images_settings": {"state": {"@@assign": "enabled"}}}
    made = client.create_policy(
        Name="images",
        Description="",
        Type=DECLARATIVE,
        Content=json.dumps({"ec2_attributes": settings}),
    )
    client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=own.root_id)
    assert ec2.get_allowed_images_settings()["ManagedBy"] == "declarative-policy"


def test_a_policy_about_something_else_changes_nothing(
    sandbox: Sandbox, ec2: Any, organization: seed.Organization
) -> None:
    client = sandbox.client("organizations")
    client.enable_policy_type(RootId=organization.root_id, PolicyType=DECLARATIVE)
    content = {"ec2_attributes": {"serial_console_access": {"status": {"@@assign": "disabled"}}}}
    made = client.create_policy(
        Name="console", Description="", Type=DECLARATIVE, Content=json.dumps(content)
    )
    client.attach_policy(
        PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=organization.unit_id
    )
    assert ec2.get_allowed_images_settings()["ManagedBy"] == "account"
