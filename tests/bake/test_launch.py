"""Where AWS has no room, a launch goes on to the next subnet and type, with a token of its own."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.aws import waits
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.bake.launch import launch, packer_variables, subnets, types
from goldenami.domain.record import tokens
from goldenami.errors import AwsError, BakeError
from goldenami.spec.model import Base, BaseSource

FIRST = {"InstanceType": "t3.micro", "SubnetId": "subnet-a", "ClientToken": "token"}
OTHERWISE = [
    {"InstanceType": kind, "SubnetId": subnet}
    for kind in ("t3.micro", "t3a.micro")
    for subnet in ("subnet-a", "subnet-b")
][1:]
ZONE = "Your requested instance type is not supported in your requested Availability Zone."
FULL = [
    ("InsufficientInstanceCapacity", ""),
    ("InsufficientCapacity", ""),
    ("InsufficientHostCapacity", ""),
    ("InsufficientVolumeCapacity", ""),
    ("InsufficientFreeAddressesInSubnet", ""),
    ("Unsupported", ZONE),
    ("VcpuLimitExceeded", ""),
    ("InstanceLimitExceeded", ""),
]
NOT_FULL = [
    ("Unsupported", "The requested configuration is not supported."),
    ("VolumeLimitExceeded", ""),
    ("UnauthorizedOperation", ""),
    ("InvalidParameterValue", "instance type"),
]
TERMINATED, MISMATCH = "IdempotentInstanceTerminated", "IdempotentParameterMismatch"
TOKENS = tokens("token")
LAUNCHED = {
    "InstanceId": "i-1", "ImageId": "ami-1", "InstanceType": "t3.micro",
    "LaunchTime": "2026-11-24T00:00:00Z", "State": {"Name": "pending"},
}  # fmt: skip


class Ec2:
    """A client whose launches are refused with these codes, and then succeed."""

    def __init__(self, *refusals: tuple[str, str]) -> None:
        self._refusals = list(refusals)
        self.tried: list[tuple[str, str, str]] = []

    def run_instances(self, **given: Any) -> dict[str, Any]:
        self.tried.append((given["InstanceType"], given["SubnetId"], given["ClientToken"]))
        assert "Otherwise" not in given
        if self._refusals:
            code, message = self._refusals.pop(0)
            error = {"Code": code, "Message": message}
            raise ClientError({"Error": error}, "RunInstances")  # type: ignore[typeddict-item]
        return {"Instances": [LAUNCHED]}


Launch = Callable[..., tuple[dict[str, Any], list[str]]]


@pytest.fixture
def launching(monkeypatch: pytest.MonkeyPatch) -> Launch:
    monkeypatch.setattr(waits, "FIRST_POLL_S", 0.001)

    def run(ec2: Ec2, otherwise: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
        aws, told = Aws(region="us-east-1"), list[str]()
        monkeypatch.setattr(aws, "client", lambda *_: ec2)
        context = ActionContext(
            regional=aws.in_region("us-east-1"), summary="launch",
            parameters={**FIRST, **({"Otherwise": otherwise} if otherwise else {})},
            cancelled=Event(), progress=told.append,
        )  # fmt: skip
        return dict(launch(context)), told

    return run


@pytest.mark.parametrize(("code", "message"), FULL)
def test_the_next_place_is_tried_and_the_first_that_has_room_taken(
    launching: Launch, code: str, message: str
) -> None:
    ec2 = Ec2(*[(code, message)] * 3)
    launched, told = launching(ec2, OTHERWISE)
    assert launched == {"instance_id": "i-1"}
    assert ec2.tried == [
        ("t3.micro", "subnet-a", TOKENS[0]),
        ("t3.micro", "subnet-b", TOKENS[1]),
        ("t3a.micro", "subnet-a", TOKENS[2]),
        ("t3a.micro", "subnet-b", TOKENS[3]),
    ]
    assert told[0] == f"tried t3.micro in subnet-a: {code}"


def test_what_has_no_room_anywhere_tells_all_that_was_tried(launching: Launch) -> None:
    ec2 = Ec2(*[FULL[0]] * 4)
    with pytest.raises(AwsError, match="InsufficientInstanceCapacity") as full:
        launching(ec2, OTHERWISE)
    assert [note.split(":")[0] for note in full.value.notes] == [
        f"tried {kind} in {subnet}" for kind, subnet, _ in ec2.tried
    ]
    assert "base.instance_types" in full.value.fix


@pytest.mark.parametrize(("code", "message"), NOT_FULL)
def test_what_no_other_place_mends_is_an_error_at_once(
    launching: Launch, code: str, message: str
) -> None:
    ec2 = Ec2((code, message))
    with pytest.raises(AwsError, match=code):
        launching(ec2, OTHERWISE)
    assert len(ec2.tried) == 1


@pytest.mark.parametrize("code", [TERMINATED, MISMATCH])
def test_a_token_that_was_used_is_followed_by_the_next_for_the_same_place(
    launching: Launch, code: str
) -> None:
    ec2 = Ec2((code, ""), FULL[0], (code, ""))
    launching(ec2, OTHERWISE)
    assert ec2.tried == [
        ("t3.micro", "subnet-a", TOKENS[0]),
        ("t3.micro", "subnet-a", TOKENS[1]),
        ("t3.micro", "subnet-b", TOKENS[2]),
        ("t3.micro", "subnet-b", TOKENS[3]),
    ]


def test_a_launch_comes_to_an_end(launching: Launch) -> None:
    with pytest.raises(BakeError, match="100 launches of this build came to nothing"):
        launching(Ec2(*[(TERMINATED, "")] * 200), [])


@pytest.mark.parametrize(
    ("keys", "kinds", "places"),
    [
        ({}, ("t3.micro",), (None,)),
        ({"instance_type": "m5.large", "subnet": "subnet-a"}, ("m5.large",), ("subnet-a",)),
        (
            {"instance_types": ("c5.large", "m5.large"), "subnets": ("subnet-a", "subnet-b")},
            ("c5.large", "m5.large"), ("subnet-a", "subnet-b"),
        ),
    ],
    ids=["neither", "single", "lists"],
)  # fmt: skip
def test_packer_takes_the_first_of_each_list(
    keys: dict[str, Any], kinds: tuple[str, ...], places: tuple[str | None, ...]
) -> None:
    base = Base(source=BaseSource(ami="ami-01234567"), **keys)
    assert (types(base), subnets(base)) == (kinds, places)
    variables = packer_variables(base)
    assert variables["instance_type"] == kinds[0]
    assert variables["subnet_id"] == (places[0] or "")
