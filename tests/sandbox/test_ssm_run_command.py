from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from goldenami_sandbox.run_command import ScriptResult, emulate
from goldenami_sandbox.seed import instance_profile
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
Send = Callable[..., str]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ScriptResult()),
        (["systemctl is-active httpd"], ScriptResult()),
        (["echo one", "echo 'two  three'"], ScriptResult(0, "one\ntwo  three\n")),
        (["echo one", "exit 3", "echo never"], ScriptResult(3, "one\n")),
        (["exit 0", "false"], ScriptResult(0)),
        (["exit"], ScriptResult(0)),
        (["false"], ScriptResult(1)),
        (["echo one\nfalse\necho never"], ScriptResult(1, "one\n")),
        (["  false"], ScriptResult(1)),
        (["falsehood"], ScriptResult()),
        (
            ["missing-command --now"],
            ScriptResult(127, "", "missing-command: command not found\n"),
        ),
        (["echo it's"], ScriptResult(0, "it's\n")),
    ],
    ids=lambda value: " / ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_what_a_script_comes_to(lines: list[str], expected: ScriptResult) -> None:
    assert emulate(lines) == expected


@pytest.fixture
def launch(sandbox: Sandbox, launch: Make) -> Make:
    """Launch an instance that SSM manages."""
    return partial(launch, IamInstanceProfile={"Name": instance_profile(sandbox, "managed")})


@pytest.fixture
def send(ssm: Any) -> Send:
    def send(instance_id: str, *lines: str, document: str = "AWS-RunShellScript") -> str:
        answer = ssm.send_command(
            InstanceIds=[instance_id], DocumentName=document, Parameters={"commands": list(lines)}
        )
        assert answer["Command"]["Status"] == "Pending"
        return str(answer["Command"]["CommandId"])

    return send


@pytest.mark.parametrize(
    ("lines", "status", "code", "stdout", "stderr"),
    [
        (["echo hi"], "Success", 0, "hi\n", ""),
        (["echo hi", "exit 3"], "Failed", 3, "hi\n", "exit status 3"),
        (["missing-command"], "Failed", 127, "", "command not found"),
    ],
    ids=["it succeeds", "it exits with a code", "it fails with a message"],
)
def test_a_command_ends_as_its_lines_do(
    ec2: Any,
    ssm: Any,
    launch: Make,
    send: Send,
    lines: list[str],
    status: str,
    code: int,
    stdout: str,
    stderr: str,
) -> None:
    instance_id = launch()
    command_id = send(instance_id, *lines)
    told = ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
    assert (told["Status"], told["ResponseCode"]) == (status, code)
    assert told["StandardOutputContent"] == stdout
    assert stderr in told["StandardErrorContent"]
    (command,) = ssm.list_commands(CommandId=command_id)["Commands"]
    assert command["Status"] == status


def test_a_command_is_pending_first(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Send
) -> None:
    instance_id = launch()
    sandbox.pending_s = 3600
    command_id = send(instance_id, "echo hi")
    told = ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
    assert (told["Status"], told["ResponseCode"]) == ("Pending", -1)
    assert told["StandardOutputContent"] == ""


def test_a_command_passes_through_in_progress(
    sandbox: Sandbox, ec2: Any, ssm: Any, launch: Make, send: Send
) -> None:
    instance_id = launch()
    sandbox.pending_s = 72_000
    command_id = send(instance_id)
    seen = []
    for _ in range(3):
        told = ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
        seen.append(told["Status"])
        sandbox.advance(timedelta(minutes=31))
    assert seen == ["Pending", "InProgress", "Success"]


@pytest.mark.parametrize("state", ["unknown", "pending", "stopped", "terminated"])
def test_only_a_running_instance_takes_commands(
    sandbox: Sandbox, ec2: Any, launch: Make, send: Send, refused: Any, state: str
) -> None:
    sandbox.pending_s = 3600 if state == "pending" else 0
    instance_id = "i-0123456789abcdef0" if state == "unknown" else launch()
    if state == "stopped":
        ec2.stop_instances(InstanceIds=[instance_id])
    if state == "terminated":
        ec2.terminate_instances(InstanceIds=[instance_id])
    with refused("InvalidInstanceId"):
        send(instance_id, "echo hi")


def test_an_unknown_document_is_refused(ec2: Any, launch: Make, send: Send, refused: Any) -> None:
    with refused("InvalidDocument"):
        send(launch(), document="My-Document")


def test_an_instance_the_command_was_not_sent_to_has_no_invocation(
    ec2: Any, ssm: Any, launch: Make, send: Send, refused: Any
) -> None:
    command_id, other = send(launch()), launch()
    with refused("InvocationDoesNotExist"):
        ssm.get_command_invocation(CommandId=command_id, InstanceId=other)
