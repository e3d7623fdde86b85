from typing import Any

import pytest
from moto.core.utils import get_service_model

from goldenami_sandbox import constraints

DAYS = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
RULE = {"RetentionPeriod": DAYS, "ResourceType": "EC2_IMAGE"}
TAG = {"ResourceTagKey": "Team", "ResourceTagValue": "web"}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        (RULE, ""),
        ({**RULE, "ResourceTags": [TAG] * 50, "Description": None}, ""),
        ({}, "2 validation errors detected: Value null at 'retentionPeriod' failed"),
        ({"RetentionPeriod": DAYS}, "1 validation error detected: Value null at 'resourceType'"),
        (
            {**RULE, "RetentionPeriod": {**DAYS, "RetentionPeriodValue": 0}},
            "Value '0' at 'retentionPeriod.retentionPeriodValue' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        ({**RULE, "RetentionPeriod": {**DAYS, "RetentionPeriodValue": 9999}}, "equal to 3650"),
        ({**RULE, "ResourceType": "VOLUME"}, "must satisfy enum value set: [EBS_SNAPSHOT, "),
        ({**RULE, "ExcludeResourceTags": [TAG] * 6}, "have length less than or equal to 5"),
        ({**RULE, "ResourceTags": [{}]}, "null at 'resourceTags.1.member.resourceTagKey'"),
        ({**RULE, "Description": "a\nb"}, "must satisfy regular expression pattern: ^[\\S ]"),
        ({**RULE, "Tags": [{"Key": "", "Value": ""}]}, "length greater than or equal to 1"),
        ({**RULE, "Tags": [{"Key": "\N{SNOWMAN}", "Value": ""}]}, ""),
    ],
)
def test_a_request_is_held_to_its_model(parameters: dict[str, Any], says: str) -> None:
    shape = get_service_model("rbin").operation_model("CreateRule").input_shape
    refusal = constraints.refusal(shape, parameters)
    assert says in refusal
    assert bool(says) == bool(refusal)
