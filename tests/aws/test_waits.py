"""The waits, against fake clients at the session's seam: what AWS answers and the sandbox not."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.aws import waits
from goldenami.aws.session import Aws
from goldenami.aws.waits import Doing
from goldenami.errors import AwsError, BakeError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "FIRST_POLL_S", 0.001)
    monkeypatch.setattr(waits, "MOST_POLL_S", 0.002)


class Answers:
    """A client whose every operation answers with the next of the given answers."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = {name: iter(given) for name, given in answers.items()}
        self._last: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answers: Iterator[Any] = self._answers[name]

        def call(**_: Any) -> Any:
            answer = next(answers, self._last.get(name))
            self._last[name] = answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "says AWS"}}, "Operation")


Wait = Callable[..., tuple[Doing, list[str]]]


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Make what a wait is performed with, and the list of the progress it tells."""

    def make(client: Answers, **parameters: Any) -> tuple[Doing, list[str]]:
        aws = Aws(region="us-east-1")
        monkeypatch.setattr(aws, "client", lambda *_: client)
        told: list[str] = []
        one = Doing(
            aws=aws,
            region="us-east-1",
            summary="waiting",
            parameters={"timeout_s": 5.0, **parameters},
            cancelled=Event(),
            progress=told.append,
        )
        return one, told

    return make


def image(state: str, **more: Any) -> dict[str, Any]:
    return {"Images": [{"ImageId": "ami-1", "State": state, **more}]}


def instance(state: str, **more: Any) -> dict[str, Any]:
    return {"Reservations": [{"Instances": [{"State": {"Name": state}, **more}]}]}


def checks(status: str) -> dict[str, Any]:
    both = {"Status": status}
    return {"InstanceStatuses": [{"InstanceStatus": both, "SystemStatus": both}]}


def test_an_image_that_is_not_known_yet_is_waited_for(doing: Wait) -> None:
    mapping = {"BlockDeviceMappings": [{"Ebs": {"SnapshotId": "snap-1"}}, {"VirtualName": "e0"}]}
    client = Answers(
        describe_images=[
            refused("InvalidAMIID.NotFound"),
            {"Images": []},
            refused("RequestLimitExceeded"),
            image("pending"),
            image("available", **mapping),
        ]
    )
    one, told = doing(client, ImageId="ami-1")
    assert waits.image(one) == {"snapshot_ids": ["snap-1"]}
    assert told == ["pending", "available"]


@pytest.mark.parametrize("state", ["failed", "invalid", "error", "deregistered"])
def test_an_image_that_fails_tells_the_reason_of_aws(doing: Wait, state: str) -> None:
    reason = {"StateReason": {"Message": "Client.InvalidKmsKey"}}
    one, _ = doing(Answers(describe_images=[image(state, **reason)]), ImageId="ami-1")
    with pytest.raises(BakeError, match=rf"ami-1 in us-east-1 is {state}: Client\.Invalid"):
        waits.image(one)


def test_a_deadline_that_passes_says_what_was_waited_for(doing: Wait) -> None:
    client = Answers(describe_images=[refused("InvalidAMIID.NotFound")])
    one, _ = doing(client, ImageId="ami-1", timeout_s=0.01)
    with pytest.raises(BakeError, match=r"ami-1 not ready after 0.01 s .*says AWS") as failed:
        waits.image(one)
    assert "timeouts" in failed.value.fix


def test_an_error_that_waiting_does_not_mend_ends_the_wait(doing: Wait) -> None:
    one, _ = doing(Answers(describe_images=[refused("UnauthorizedOperation")]), ImageId="ami-1")
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        waits.image(one)


def test_a_cancelled_run_stops_waiting(doing: Wait) -> None:
    one, _ = doing(Answers(describe_images=[image("pending")]), ImageId="ami-1")
    one.cancelled.set()
    with pytest.raises(BakeError, match="stopped while waiting for ami-1"):
        waits.image(one)


def test_an_instance_is_ready_when_both_its_checks_pass(doing: Wait) -> None:
    client = Answers(
        describe_instances=[instance("pending"), instance("running")],
        describe_instance_status=[{"InstanceStatuses": []}, checks("initializing"), checks("ok")],
    )
    one, told = doing(client, InstanceId="i-1")
    assert waits.instance(one) == {}
    assert told == ["running, checks initializing", "running, checks ok"]


def test_an_instance_that_ends_while_it_starts_tells_why(doing: Wait) -> None:
    reason = {"StateReason": {"Message": "Client.VolumeLimitExceeded"}}
    client = Answers(describe_instances=[instance("terminated", **reason)])
    one, _ = doing(client, InstanceId="i-1")
    with pytest.raises(BakeError, match=r"i-1 in us-east-1 is terminated: Client\.Volume"):
        waits.instance(one)


def test_an_instance_whose_checks_fail_is_not_waited_for(doing: Wait) -> None:
    client = Answers(
        describe_instances=[instance("running")], describe_instance_status=[checks("impaired")]
    )
    one, _ = doing(client, InstanceId="i-1")
    with pytest.raises(BakeError, match="fails its status checks"):
        waits.instance(one)


def test_a_command_waits_for_the_agent_and_for_the_invocation(doing: Wait) -> None:
    client = Answers(
        send_command=[refused("InvalidInstanceId"), {"Command": {"CommandId": "c-1"}}],
        get_command_invocation=[
            refused("InvocationDoesNotExist"),
            {"Status": "Pending"},
            {"Status": "InProgress"},
            {"Status": "Success"},
        ],
    )
    one, told = doing(client, InstanceId="i-1", run="true")
    assert waits.command(one) == {}
    assert told == ["waiting for the SSM agent"]


def test_a_command_that_may_not_be_sent_is_an_error(doing: Wait) -> None:
    client = Answers(send_command=[refused("AccessDeniedException")])
    one, _ = doing(client, InstanceId="i-1", run="true")
    with pytest.raises(AwsError, match="AccessDeniedException"):
        waits.command(one)


@pytest.mark.parametrize(
    ("output", "notes"),
    [
        ("", ("it printed nothing",)),
        ("a\nb\n", ("a", "b")),
        (
            "".join(f"{number}\n" for number in range(50)),
            ("(the first 10 lines left out)", *(str(number) for number in range(10, 50))),
        ),
    ],
    ids=["nothing", "some", "much"],
)
def test_a_command_that_fails_shows_the_end_of_its_output(
    doing: Wait, output: str, notes: tuple[str, ...]
) -> None:
    ended = {"Status": "Failed", "ResponseCode": 3, "StandardOutputContent": output}
    client = Answers(
        send_command=[{"Command": {"CommandId": "c-1"}}], get_command_invocation=[ended]
    )
    one, _ = doing(client, InstanceId="i-1", run="check")
    with pytest.raises(BakeError, match="`check` ended Failed with exit code 3") as failed:
        waits.command(one)
    assert failed.value.notes == notes


def test_a_parameter_is_read_until_it_has_the_value(doing: Wait) -> None:
    client = Answers(
        get_parameter=[
            refused("ParameterNotFound"),
            {"Parameter": {"Value": "ami-0", "Version": 1}},
            {"Parameter": {"Value": "ami-1", "Version": 2}},
        ]
    )
    one, _ = doing(client, Name="/golden", Value="ami-1")
    assert waits.parameter(one) == {"version": 2}
