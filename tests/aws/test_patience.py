"""What AWS will do in a while is waited out, up to the deadline of the step, and nothing else."""

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from msgspec import structs

from goldenami.aws import calls, patience
from goldenami.aws.patience import BUSY
from goldenami.errors import AwsError

from .test_waits import Answers, Wait, _quick, doing, instance

__all__ = ["_quick", "doing"]

SAYS = {
    "ResourceLimitExceeded": "Too many snapshot copies in progress. The limit is 20.",
    "InvalidParameterValue": "Value (a) for parameter iamInstanceProfile.name is invalid. "
    "Invalid IAM Instance Profile name",
    "IncorrectState": "The snapshot 'snap-1' is in the state recovering",
}
CASES = [(call, busy.code) for call, several in BUSY.items() for busy in several]


def busy(code: str, message: str = "") -> ClientError:
    error = {"Code": code, "Message": message or SAYS.get(code, "says AWS")}
    return ClientError({"Error": error}, "Operation")  # type: ignore[typeddict-item]


def client(call: str, *answers: Any) -> Answers:
    return Answers(**{xform_name(call.removeprefix("ec2:")): list(answers)})


def answer(call: str) -> dict[str, Any]:
    if call == "ec2:RunInstances":
        launched: dict[str, Any] = instance("pending")["Reservations"][0]
        return launched
    return {"ImageId": "ami-1", "Return": True}


@pytest.mark.parametrize(("call", "code"), CASES)
def test_what_passes_by_itself_is_waited_out(doing: Wait, call: str, code: str) -> None:
    context, told = doing(client(call, busy(code), busy(code), answer(call)))
    assert calls.call(context, call, {}) == {}
    assert told == [f"{code}, waiting"] * 2


@pytest.mark.parametrize(("call", "code"), CASES)
def test_it_is_waited_for_no_longer_than_the_step_may_take(
    doing: Wait, call: str, code: str
) -> None:
    context, told = doing(client(call, busy(code)))
    with pytest.raises(AwsError, match=code):
        calls.call(structs.replace(context, patience_s=0.0), call, {})
    assert told == []


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        ("ec2:CopyImage", "ResourceLimitExceeded", "You have reached the limit of images"),
        ("ec2:CopyImage", "SnapshotLimitExceeded", ""),
        ("ec2:RunInstances", "InvalidParameterValue", "Invalid value 'x' for InstanceType."),
        ("ec2:RunInstances", "SnapshotCreationPerVolumeRateExceeded", ""),
        ("ec2:CreateImage", "ResourceLimitExceeded", ""),
        ("ec2:RunInstances", "VcpuLimitExceeded", ""),
    ],
)
def test_what_does_not_pass_by_itself_is_an_error_at_once(
    doing: Wait, call: str, code: str, message: str
) -> None:
    context, told = doing(client(call, busy(code, message)))
    with pytest.raises(AwsError, match=code):
        calls.call(context, call, {})
    assert told == []


def test_an_instance_profile_is_new_for_two_minutes_at_most(doing: Wait) -> None:
    error = AwsError(SAYS["InvalidParameterValue"], code="InvalidParameterValue")
    waits = [patience.is_busy("ec2:RunInstances", error, spent_s, 900) for spent_s in (0, 119, 121)]
    assert waits == [True, True, False]
