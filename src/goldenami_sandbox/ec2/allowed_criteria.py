"""Which image criteria ReplaceImageCriteriaInAllowedImagesSettings takes.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageCriterionRequest.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from goldenami_sandbox.ec2.errors import bad_value

CRITERIA = 10
PROVIDERS = 200
OTHER_VALUES = 50  # names, product codes, watermarks
_MOST_DAYS = 2_147_483_647
_NONE = "none"

_PROVIDER = re.compile(r"\d{12}|amazon|aws-marketplace|aws-backup-vault|none")
_NAME = re.compile(r"[A-Za-z0-9()\[\]./\-'@_*? ]{1,128}")
_PRODUCT_CODE = re.compile(r"[A-Za-z0-9]{1,25}")
_WATERMARK = re.compile(r"[\d*?]{1,12}:.+|\*")
_SEVERITIES = ("informational", "low", "medium", "high", "critical")


def check(criteria: Sequence[Mapping[str, Any]]) -> None:
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
    keys = [one["WatermarkKey"] for one in filters if "WatermarkKey" in one]
    _check_number("ImageWatermarks", filters, OTHER_VALUES)
    _check_values("WatermarkKey", keys, OTHER_VALUES, _WATERMARK)
    for one in filters:
        _days({name: value for name, value in one.items() if name.startswith("Max")})


def _scan(condition: Mapping[str, Any]) -> None:
    rest = dict(condition)
    severity = rest.pop("MaximumSeverityLabel", _SEVERITIES[0])
    if severity not in _SEVERITIES:
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
