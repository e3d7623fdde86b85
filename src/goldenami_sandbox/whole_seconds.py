"""Times as IAM and STS write them: in whole seconds, otherwise than in moto.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
"""

from datetime import datetime
from typing import Any

from moto.core import serialize
from moto.core.serialize import ResponseSerializer, TimestampSerializer

from goldenami_sandbox.overriding import overrides, replace
from goldenami_sandbox.serialization.xml import PlannedQuerySerializer

SERVICES = ("iam", "sts")


class _WholeSeconds(TimestampSerializer):
    @overrides
    def _timestamp_iso8601(self, value: datetime) -> str:
        return value.strftime(self.ISO8601)


class WholeSecondsSerializer(PlannedQuerySerializer):
    """The query protocol with times in whole seconds."""

    @overrides
    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._timestamp_serializer = _WholeSeconds(self.DEFAULT_TIMESTAMP_FORMAT)


def install() -> None:
    """Let moto write the answers of these services so."""
    own: dict[str, dict[str, type[ResponseSerializer]]] = {
        service: {"query": WholeSecondsSerializer} for service in SERVICES
    }
    others = serialize.SERVICE_SPECIFIC_SERIALIZERS
    replace(serialize, "SERVICE_SPECIFIC_SERIALIZERS", {**others, **own})
