"""A command on an instance: its agent is waited for, and its output shown if it fails."""

import pytest

from goldenami.aws import run_command
from goldenami.errors import AwsError, BakeError

from .test_waits import Answers, Wait, _quick, doing, instance, refused

__all__ = ["_quick", "doing"]


def test_a_command_waits_for_the_agent_and_for_the_invocation(doing: Wait) -> None:
    client = Answers(
        send_command=[refused("InvalidInstanceId"), {"Command": {"CommandId": "c-1"}}],
        get_command_invocation=[
            refused("InvocationDoesNotExist"),
            {"Status": "Pending"},
            {"Status": "InProgress"},
            {"Status": "Success"},
        ],
        describe_instances=[instance("running")],
    )
    context, told = doing(client, InstanceId="i-1", run="true")
    assert run_command.run(context) == {}
    assert told == ["waiting for the SSM agent"]


def test_a_command_that_may_not_be_sent_is_an_error(doing: Wait) -> None:
    client = Answers(send_command=[refused("AccessDeniedException")])
    context, _ = doing(client, InstanceId="i-1", run="true")
    with pytest.raises(AwsError, match="AccessDeniedException"):
        run_command.run(context)


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
    context, _ = doing(client, InstanceId="i-1", run="check")
    with pytest.raises(BakeError, match="`check` ended Failed with exit code 3") as failed:
        run_command.run(context)
    assert failed.value.notes == notes


SENT = {"Command": {"CommandId": "c-1"}}
FAILED = {"Status": "Failed", "ResponseCode": 3, "StandardOutputContent": "no httpd\n"}
LATE = {"Status": "TimedOut", "ResponseCode": 137}
DONE = {"Status": "Success", "ResponseCode": 0, "StandardOutputContent": "a\nb\n"}


def test_a_command_is_tried_as_often_as_it_may_be(
    doing: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_command, "RETRY_S", 0.001)
    client = Answers(send_command=[SENT], get_command_invocation=[FAILED, LATE, DONE])
    context, told = doing(client, InstanceId="i-1", run="check", retry=3)
    assert run_command.run(context) == {}
    assert told == [
        "attempt 1 of 3 ended Failed with exit code 3",
        "attempt 2 of 3 ended TimedOut with exit code 137",
    ]
    client = Answers(send_command=[SENT], get_command_invocation=[FAILED])
    context, told = doing(client, InstanceId="i-1", run="check", retry=2)
    with pytest.raises(BakeError, match="`check` ended Failed with exit code 3"):
        run_command.run(context)
    assert len(told) == 1


def test_a_stopped_run_tries_nothing_again(doing: Wait) -> None:
    client = Answers(send_command=[SENT], get_command_invocation=[FAILED])
    context, _ = doing(client, InstanceId="i-1", run="check", retry=2)
    context.cancelled.set()
    with pytest.raises(BakeError, match="stopped before it was tried again"):
        run_command.run(context)


def test_a_script_has_a_subject_and_tells_what_it_printed(doing: Wait) -> None:
    client = Answers(send_command=[SENT], get_command_invocation=[DONE, FAILED])
    context, told = doing(client, InstanceId="i-1", run="(\n…\n)", subject="the user data")
    run_command.run(context)
    assert told == ["a", "b"]
    with pytest.raises(BakeError, match="the user data in us-east-1 ended Failed") as failed:
        run_command.run(context)
    assert failed.value.notes == ("no httpd",)


def test_an_agent_that_never_registers_is_said_to_lack_permissions_or_a_way(doing: Wait) -> None:
    client = Answers(send_command=[refused("InvalidInstanceId")])
    context, _ = doing(client, InstanceId="i-1", run="true", timeout_s=0.01)
    with pytest.raises(BakeError, match="the SSM agent of i-1 not ready") as failed:
        run_command.run(context)
    assert "AmazonSSMManagedInstanceCore" in failed.value.fix
    client = Answers(send_command=[refused("InvalidInstanceId")])
    context, _ = doing(client, InstanceId="i-1", run="true", timeout_s=600)
    context.cancelled.set()
    with pytest.raises(BakeError, match="stopped while waiting") as stopped:
        run_command.run(context)
    assert "AmazonSSM" not in stopped.value.fix
