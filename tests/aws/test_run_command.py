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
