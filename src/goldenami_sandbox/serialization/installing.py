"""Puts the plans in the place of moto's own way to write an answer."""

from typing import Any

from moto.core import responses, serialize
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker

from goldenami_sandbox.overriding import overrides, replace
from goldenami_sandbox.serialization.picking import members_of
from goldenami_sandbox.serialization.xml import PlannedEc2Serializer, PlannedQuerySerializer


class QuickPicker(XFormedAttributePicker):
    """Finds members as moto does, where they were found before."""

    @overrides
    def __call__(self, context: AttributePickerContext) -> Any:
        """Return a member's value, changed where moto changes it."""
        shape: Any = context.shape
        value = members_of(shape.parent).pick(context.obj, context.key)
        path = f"{context.key_path}.{context.key}"
        for end, transform in self.response_transformers.items():
            if path.endswith(end):
                return transform(value)
        return value


def install() -> None:
    """Let moto write answers by plans."""
    own: dict[str, type[ResponseSerializer]] = {
        "ec2": PlannedEc2Serializer,
        "query": PlannedQuerySerializer,
    }
    replace(serialize, "SERIALIZERS", {**serialize.SERIALIZERS, **own})
    replace(responses, "XFormedAttributePicker", QuickPicker)
