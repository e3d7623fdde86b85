"""SSM parameters: names, patterns, tiers and their sizes, selectors, and who wrote one.

Otherwise than in moto, which takes names of any form and depth and values of any size and pattern,
knows no Intelligent-Tiering, and tells neither selectors nor writers.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Parameter.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.models import Parameter
from moto.ssm.responses import SimpleSystemManagerResponse

from goldenami_sandbox.overriding import overrides, replace
from goldenami_sandbox.sts import caller_arn

LEVELS = 15
DESCRIPTION_LENGTH = 1024
_NAME = re.compile(r"[A-Za-z0-9_.\-/]*")
STANDARD, ADVANCED, INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
CHARACTERS: Mapping[str, int] = {STANDARD: 4096, ADVANCED: 8192}


class ParameterLimitsResponse(SimpleSystemManagerResponse):
    """PutParameter within AWS's limits, and what is told of a parameter then."""

    @overrides
    def put_parameter(self) -> ActionResult:
        """Write a parameter."""
        name, value = self._get_param("Name"), self._get_param("Value") or ""
        if name.count("/") > LEVELS:
            raise SSMException(
                "HierarchyLevelLimitExceededException",
                f"A parameter hierarchy can have a maximum of {LEVELS} levels.",
            )
        _check_form(name, self._get_param("Description") or "")
        _check_pattern(self._get_param("AllowedPattern") or "", value)
        tier = self._tier(name, value)
        self.body = json.dumps({**json.loads(self.body), "Tier": tier})
        if len(value) > CHARACTERS[tier]:
            raise ValidationException(_too_long(tier))
        answer = super().put_parameter()
        writer = caller_arn(
            self.current_account, self.partition, self.get_access_key(), self.region
        )
        key = self.ssm_backend._parameters.normalize_name(name)  # noqa: SLF001
        self.ssm_backend._parameters[key][-1].last_modified_user = writer  # type: ignore[attr-defined]  # noqa: SLF001
        return answer

    @overrides
    def get_parameter(self) -> ActionResult:
        """Return a parameter."""
        answer: Any = super().get_parameter().result
        return ActionResult({"Parameter": _selected(answer["Parameter"], self._get_param("Name"))})

    @overrides
    def get_parameters(self) -> ActionResult:
        """Return several parameters, by name alone or by a version or label of each."""
        answer: Any = super().get_parameters().result
        invalid = set(answer["InvalidParameters"])
        names = [name for name in dict.fromkeys(self._get_param("Names")) if name not in invalid]
        selected = map(_selected, answer["Parameters"], names)
        return ActionResult({**answer, "Parameters": list(selected)})

    def _tier(self, name: str, value: str) -> str:
        """Return the tier of a new version: an advanced parameter stays one."""
        before = self.ssm_backend.get_parameter(name)
        now = str(before.tier) if before else STANDARD
        wished = self._get_param("Tier") or now
        if wished == INTELLIGENT:
            large = len(value) > CHARACTERS[STANDARD] or self._get_param("Policies")
            return ADVANCED if large or now == ADVANCED else STANDARD
        if wished == STANDARD and now == ADVANCED:
            raise ValidationException(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter "
                "from the advanced-parameter tier to the standard-parameter tier."
            )
        return str(wished)


def _check_form(name: str, description: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationException(
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a '
            "path, it can consist of sub-paths divided by slash symbol; each sub-path can be "
            "formed as a mix of letters, numbers and the following 3 symbols .-_"
        )
    if len(description) > DESCRIPTION_LENGTH:
        raise ValidationException(
            f"1 validation error detected: Value '{description}' at 'description' failed to "
            "satisfy constraint: Member must have length less than or equal to "
            f"{DESCRIPTION_LENGTH}"
        )


def _check_pattern(pattern: str, value: str) -> None:
    try:
        matches = re.search(pattern, value)
    except re.error:
        raise SSMException(
            "InvalidAllowedPatternException", f"The allowed pattern {pattern} is not valid."
        ) from None
    if not matches:
        raise SSMException(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )


def _too_long(tier: str) -> str:
    most = CHARACTERS[tier]
    message = f"{tier} tier parameters support a maximum parameter value of {most} characters."
    if tier == ADVANCED:
        return message
    return (
        f"{message} To create a larger parameter value, upgrade the parameter to use the "
        "advanced-parameter tier."
    )


def _selected(parameter: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a parameter with the version or label that it was named by."""
    _, separator, selector = name.rpartition("parameter/")[2].partition(":")
    return {**parameter, "Selector": f":{selector}"} if separator else parameter


_described = Parameter.describe_response_object


def _with_writer(
    parameter: Parameter, decrypt: bool = False, include_labels: bool = False
) -> dict[str, Any]:
    described = _described(parameter, decrypt, include_labels)
    writer = getattr(parameter, "last_modified_user", None)
    return {**described, "LastModifiedUser": writer or described["LastModifiedUser"]}


def install() -> None:
    """Let parameters tell who wrote them."""
    replace(Parameter, "describe_response_object", _with_writer)
