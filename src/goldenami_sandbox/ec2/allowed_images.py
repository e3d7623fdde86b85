"""Allowed AMIs: which images of others an account may find and launch in a region.

moto lacks it. The account's own images are always allowed. A declarative policy of the account's
organization goes before what the account has set itself.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageCriterionRequest.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goldenami_sandbox.ec2 import image_scans
from goldenami_sandbox.ec2.errors import bad_value
from goldenami_sandbox.ec2.image import SandboxImage
from goldenami_sandbox.ec2.image_scans import SEVERITIES
from goldenami_sandbox.ec2.watermarks import like, satisfy, within
from goldenami_sandbox.organizations import store as organizations

Criterion = Mapping[str, Any]
ACCOUNT, POLICY = "account", "declarative-policy"


@dataclass
class AllowedImages:
    """The setting of one region. Each criterion allows what has all its properties."""

    state: str = "disabled"
    criteria: Sequence[Criterion] = ()
    managed_by: str = ACCOUNT
    exception_message: str = ""

    def allow(self, image: SandboxImage) -> bool:
        """Say whether an image satisfies the setting, whether it is enforced or not."""
        if image.owned or self.state == "disabled":
            return True
        return any(_satisfies(image, criterion) for criterion in self.criteria)

    def hide(self, image: SandboxImage) -> bool:
        """Say whether an image can be neither found nor launched."""
        return self.state == "enabled" and not self.allow(image)


def declared(account_id: str) -> AllowedImages | None:
    """Return the setting that an account's declarative policies make; None if they set no state."""
    attributes = organizations.declared(account_id)
    settings = attributes.get("allowed_images_settings", {})
    if "state" not in settings:
        return None
    criteria = settings.get("image_criteria", {})
    message = settings.get("exception_message") or attributes.get("exception_message", "")
    return AllowedImages(
        _dashed(settings["state"]),
        [_as_in_ec2(criteria[name]) for name in sorted(criteria)],
        POLICY,
        message,
    )


_NAMES_IN_POLICIES = {
    "image_names": "ImageNames",
    "marketplace_product_codes": "MarketplaceProductCodes",
}
_CONDITIONS_IN_POLICIES = {
    "creation_date_condition": ("CreationDateCondition", "MaximumDaysSinceCreated"),
    "deprecation_time_condition": ("DeprecationTimeCondition", "MaximumDaysSinceDeprecated"),
}


def _as_in_ec2(criterion: Mapping[str, Any]) -> Criterion:
    """Return a policy's criterion with the names that EC2 has for its parts."""
    translated: dict[str, Any] = {}
    for name, value in criterion.items():
        if name == "allowed_image_providers":
            translated["ImageProviders"] = [_dashed(provider) for provider in value]
        elif name in _NAMES_IN_POLICIES:
            translated[_NAMES_IN_POLICIES[name]] = value
        else:
            condition, part = _CONDITIONS_IN_POLICIES[name]
            (days,) = value.values()
            translated[condition] = {part: int(days)}
    return translated


def _dashed(name: str) -> str:
    return name.replace("_", "-")


Test = Callable[[SandboxImage, Any], bool]


def _satisfies(image: SandboxImage, criterion: Criterion) -> bool:
    # An image of the sandbox has no product code: that fails.
    return all(name in _TESTS and _TESTS[name](image, wish) for name, wish in criterion.items())


def _by_provider(image: SandboxImage, providers: Sequence[str]) -> bool:
    return image.owner_id in providers or image.owner_alias in providers


def _by_name(image: SandboxImage, patterns: Sequence[str]) -> bool:
    return any(like(image.name, pattern) for pattern in patterns)


_TESTS: Mapping[str, Test] = {
    "ImageProviders": _by_provider,
    "ImageNames": _by_name,
    "CreationDateCondition": lambda image, wish: within(
        image.created, wish.get("MaximumDaysSinceCreated")
    ),
    "DeprecationTimeCondition": lambda image, wish: within(
        image.deprecation_time, wish.get("MaximumDaysSinceDeprecated")
    ),
    "ImageWatermarks": lambda image, wish: satisfy(image.watermarks, wish),
    "ScanResultCondition": lambda image, wish: image_scans.satisfy(image.scans, wish),
}


CRITERIA = 10
PROVIDERS = 200
OTHER_VALUES = 50  # names, product codes, watermarks
_MOST_DAYS = 2_147_483_647
_NONE = "none"

_PROVIDER = re.compile(r"\d{12}|amazon|aws-marketplace|aws-backup-vault|none")
_NAME = re.compile(r"[A-Za-z0-9()\[\]./\-'@_*? ]{1,128}")
_PRODUCT_CODE = re.compile(r"[A-Za-z0-9]{1,25}")
_WATERMARK = re.compile(r"[\d*?]{1,12}:.+|\*")


def check_criteria(criteria: Sequence[Mapping[str, Any]]) -> None:
    """Refuse criteria that break a rule.

    Raises:
        EC2ClientError: InvalidParameterValue, with the value that is wrong.
    """
    _check_number("image criteria", criteria, CRITERIA)
    for criterion in criteria:
        for name, wish in criterion.items():
            _CHECKS[name](wish)


def _providers(values: Sequence[str]) -> None:
    _check_values("ImageProviders", values, PROVIDERS, _PROVIDER)
    if _NONE in values and len(values) > 1:
        raise bad_value("The image provider 'none' cannot stand beside others")


def _names(values: Sequence[str]) -> None:
    _check_values("ImageNames", values, OTHER_VALUES, _NAME)
    for value in values:
        if "?" in value and len(value) < 3:
            raise bad_value(f"An image name with '?' has at least 3 characters: '{value}'")


def _watermarks(filters: Sequence[Mapping[str, Any]]) -> None:
    keys = [watermark["WatermarkKey"] for watermark in filters if "WatermarkKey" in watermark]
    _check_number("ImageWatermarks", filters, OTHER_VALUES)
    _check_values("WatermarkKey", keys, OTHER_VALUES, _WATERMARK)
    for watermark in filters:
        _days({name: value for name, value in watermark.items() if name.startswith("Max")})


def _scan(condition: Mapping[str, Any]) -> None:
    rest = dict(condition)
    severity = rest.pop("MaximumSeverityLabel", SEVERITIES[0])
    if severity not in SEVERITIES:
        raise bad_value(f"Invalid value '{severity}' for MaximumSeverityLabel")
    _days(rest)


def _days(condition: Mapping[str, int]) -> None:
    for name, days in condition.items():
        if not 0 <= days <= _MOST_DAYS:
            raise bad_value(f"Invalid value '{days}' for {name}")


def _check_values(name: str, values: Sequence[str], most: int, form: re.Pattern[str]) -> None:
    _check_number(name, values, most)
    for value in values:
        if not form.fullmatch(value):
            raise bad_value(f"Invalid value '{value}' for {name}")


def _check_number(name: str, values: Sequence[Any], most: int) -> None:
    if len(values) > most:
        raise bad_value(f"There are {len(values)} {name}, and at most {most} are allowed")


_CHECKS: Mapping[str, Callable[[Any], None]] = {
    "ImageProviders": _providers,
    "ImageNames": _names,
    "MarketplaceProductCodes": lambda values: _check_values(
        "MarketplaceProductCodes", values, OTHER_VALUES, _PRODUCT_CODE
    ),
    "CreationDateCondition": _days,
    "DeprecationTimeCondition": _days,
    "ImageWatermarks": _watermarks,
    "ScanResultCondition": _scan,
}
