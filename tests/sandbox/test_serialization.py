"""Answers that are written by a plan are those that moto writes without one."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name
from moto.core import serialize
from moto.core.serialize import AttributePickerContext, EC2Serializer, QuerySerializer
from moto.core.serialize import XFormedAttributePicker as Picker
from moto.core.utils import get_service_model
from moto.ec2.responses import EC2Response
from moto.iam.responses import IamResponse

from goldenami_sandbox.serialization import picking
from goldenami_sandbox.serialization.installing import QuickPicker
from goldenami_sandbox.serialization.xml import PlannedEc2Serializer, PlannedQuerySerializer

NAIVE = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC).replace(tzinfo=None)
SCALARS: Mapping[str, tuple[Any, ...]] = {
    "blob": (b"\x00a", "text"),
    "boolean": (True, False, "true", "False", 1, None),
    "double": (0.5, "1.5", 3),
    "float": (0.25, 2),
    "integer": (0, 7, "8"),
    "long": (0, 2**40),
    "string": ("", "plain", "<&>\"'é", 5, True, None, ["a"]),
    "timestamp": (NAIVE, "2026-01-02T03:04:05.678Z",
                  datetime(2026, 1, 2, tzinfo=UTC), None),
}  # fmt: skip
DEPTH = 6


class Kept:
    """What moto's classes are like: some values in the object, some in the class, some failing."""

    description = "of the class"

    def __init__(self, **members: Any) -> None:
        vars(self).update(members)

    @property
    def state(self) -> str:
        raise AttributeError

    @property
    def tags(self) -> list[Any]:
        return []


class Slotted:
    __slots__ = ("name", "status")

    def __init__(self, **members: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, members.get(name))


class Behind:
    def __init__(self, **members: Any) -> None:
        self.members = members

    def __getattr__(self, name: str) -> Any:
        try:
            return self.members[name]
        except KeyError:
            raise AttributeError(name) from None


HOLDERS: tuple[Callable[..., Any], ...] = (
    dict, OrderedDict, SimpleNamespace, Kept, Slotted, Behind,
)  # fmt: skip


def value_of(shape: Any, dice: Random, depth: int = 0) -> Any:
    """Return something that a service may answer for a shape."""
    if shape.type_name in SCALARS:
        return dice.choice([each for each in SCALARS[shape.type_name] if depth or each is not None])
    if shape.type_name == "list":
        items = [value_of(shape.member, dice, depth + 1) for _ in range(dice.choice((0, 1, 1, 2)))]
        return [each for each in items if each is not None]
    if shape.type_name == "map":
        return {
            key: value_of(shape.value, dice, depth + 1) for key in ("a", "B")[: dice.randrange(3)]
        }
    share = 0.9 if depth < 3 else 0.3
    members = {
        dice.choice((name, xform_name(name), member.serialization.get("name", name), member.name)):
            value_of(member, dice, depth + 1)
        for name, member in shape.members.items()
        if dice.random() < share and depth < DEPTH
    }  # fmt: skip
    return dice.choice(HOLDERS)(**members)


def written(kind: Any, operation: Any, transforms: Mapping[str, Any], result: Any) -> Any:
    serializer = kind(operation, value_picker=Picker(response_transformers=dict(transforms)))
    return serializer.serialize(result)


@pytest.mark.parametrize(
    ("service", "planned", "of_moto", "transforms"),
    [
        (
            "ec2", PlannedEc2Serializer, EC2Serializer,
            {**EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER, "Image.CreationDate": str},
        ),
        (
            "iam", PlannedQuerySerializer, QuerySerializer,
            IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER,
        ),
        ("sts", PlannedQuerySerializer, QuerySerializer, {}),
        ("autoscaling", PlannedQuerySerializer, QuerySerializer, {}),
        ("cloudwatch", PlannedQuerySerializer, QuerySerializer, {}),
    ],
)  # fmt: skip
def test_every_answer_is_as_moto_writes_it(
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    planned: Any,
    of_moto: Any,
    transforms: Mapping[str, Any],
) -> None:
    dice = Random(service)
    model = get_service_model(service)
    left: list[str] = []
    original = of_moto._serialize_result

    def by_moto(self: Any, *rest: Any) -> Any:
        left.append(self.operation_model.name)
        return original(self, *rest)

    compared = 0
    for name in model.operation_names:
        operation = model.operation_model(name)
        shape: Any = operation.output_shape
        answers = [value_of(shape, dice) for _ in range(3)] if shape else []
        for result in (None, {}, *answers):
            left.clear()
            with monkeypatch.context() as patch:
                patch.setattr(of_moto, "_serialize_result", by_moto)
                ours = written(planned, operation, transforms, result)
            compared += not left
            assert ours == written(of_moto, operation, transforms, result), name
    assert compared > 2 * len(model.operation_names)


@pytest.mark.parametrize("kind", [PlannedEc2Serializer, PlannedQuerySerializer])
@pytest.mark.parametrize(
    ("operation", "result", "more"),
    [
        ("DescribeRegions", {"Regions": [{"RegionName": "a"}]}, {"pretty_print": True}),
        ("DescribeInstanceTypes", {"InstanceTypes": [{"ProcessorInfo": {
            "SupportedArchitectures": ["arm64", None]}}]}, {}),
    ],
)  # fmt: skip
def test_what_no_plan_writes_is_left_to_moto(
    kind: Any, operation: str, result: Any, more: Mapping[str, Any]
) -> None:
    model = get_service_model("ec2").operation_model(operation)
    (of_moto,) = kind.__bases__
    ours = kind(model, value_picker=Picker(), **more).serialize(result)
    assert ours == of_moto(model, value_picker=Picker(), **more).serialize(result)


def test_shapes_that_other_services_have_are_left_to_moto() -> None:
    for service, operation, result in (
        ("s3", "GetObjectTagging", {"TagSet": [{"Key": "a", "Value": "b"}]}),
        ("sqs", "ReceiveMessage", {"Messages": [{"Body": "a", "Attributes": {"b": "c"}}]}),
        ("s3", "GetBucketAcl", {"Grants": [{"Grantee": {"Type": "CanonicalUser"}}]}),
    ):
        model = get_service_model(service).operation_model(operation)
        ours = written(PlannedQuerySerializer, model, {}, result)
        assert ours == written(QuerySerializer, model, {}, result)


def test_a_member_is_picked_as_moto_picks_it() -> None:
    dice = Random(7)
    changes = {"Instances.Instance.Tags": serialize.return_if_not_empty, "Image.Name": len}
    quick, usual = QuickPicker(response_transformers=changes), Picker(response_transformers=changes)
    for name in ("Instance", "Image", "Snapshot", "Volume"):
        shape: Any = get_service_model("ec2").shape_for(name)
        for _ in range(30):
            value = value_of(shape, dice)
            for key, member in shape.members.items():
                member.parent = shape
                context = AttributePickerContext(
                    value, key, member, key_path=f"DescribeInstances.Instances.{name}"
                )
                if name != "Image" or key != "Name":
                    assert quick(context) == usual(context)


def test_many_kinds_of_objects_are_forgotten_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picking, "_MOST_KINDS", 2)
    members = picking.Members(get_service_model("ec2").shape_for("Tag"))
    for more in range(5):
        assert list(members.of({"Key": "a", f"Other{more}": 1})) == [(0, "a")]
        assert len(members._places) <= 2
