"""Run Command on instances that only exist in the sandbox: nothing is run anywhere.

Mended: the instance must exist and run; an invocation passes Pending and InProgress; its result
depends on its commands, which a tiny emulated agent reads.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

import shlex
from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import SSMException
from moto.ssm.models import Command
from moto.ssm.responses import SimpleSystemManagerResponse
from msgspec import Struct

from goldenami_sandbox.clock import Countdown

DOCUMENTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript")
_PENDING_SHARE = 0.5
_FAILING = {
    "false": (1, ""),
    "fail": (1, "fail: told to fail\n"),
    "missing-command": (127, "missing-command: command not found\n"),
}


class Outcome(Struct, frozen=True):
    """What a script came to."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""


def emulate(lines: Sequence[str]) -> Outcome:
    """Say what a script would come to, without running it.

    ``exit N`` ends the script, ``false`` and the words of a small table fail it, ``echo``
    prints; every other line succeeds silently. The first failure ends it, as with ``set -e``.
    """
    stdout = ""
    for line in (part.strip() for text in lines for part in text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "exit":
            return Outcome(int(rest) if rest.strip().isdigit() else 0, stdout)
        if word in _FAILING:
            exit_code, stderr = _FAILING[word]
            return Outcome(exit_code, stdout, stderr)
        if word == "echo":
            stdout += " ".join(_words(rest)) + "\n"
    return Outcome(0, stdout)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an open quote
        return text.split()


class RunCommandResponse(SimpleSystemManagerResponse):
    """SendCommand, ListCommands and GetCommandInvocation."""

    def send_command(self) -> ActionResult:
        """Send a command to running instances."""
        document = self._get_param("DocumentName")
        if document not in DOCUMENTS:
            raise SSMException("InvalidDocument", f"Document {document} does not exist.")
        for instance_id in self._get_param("InstanceIds", []):
            self._check_managed(instance_id)
        super().send_command()
        command = self.ssm_backend._commands[-1]  # noqa: SLF001
        command.countdown = Countdown()  # type: ignore[attr-defined]
        told = command.response_object() | {"Status": "Pending", "StatusDetails": "Pending"}
        return ActionResult({"Command": told})

    def list_commands(self) -> ActionResult:
        """List commands with their status now."""
        commands = self.ssm_backend.list_commands(
            self._get_param("CommandId"), self._get_param("InstanceId")
        )
        told = []
        for command in commands:
            status = _status(command, emulate(command.parameters.get("commands", [])))
            told.append(command.response_object() | {"Status": status, "StatusDetails": status})
        return ActionResult({"Commands": told})

    def get_command_invocation(self) -> ActionResult:
        """Tell how a command fares on one instance."""
        command = self.ssm_backend.get_command_by_id(self._get_param("CommandId"))
        told = command.get_invocation(self._get_param("InstanceId"), self._get_param("PluginName"))
        outcome = emulate(command.parameters.get("commands", []))
        status = _status(command, outcome)
        return ActionResult(told | _result(status, outcome))

    def _check_managed(self, instance_id: str) -> None:
        instance = ec2_backends[self.current_account][self.region].get_instance_by_id(instance_id)
        if instance is None or instance.state != "running":
            raise SSMException(
                "InvalidInstanceId", f"Instances [[{instance_id}]] not in a valid state for account"
            )


def _status(command: Command, outcome: Outcome) -> str:
    countdown: Countdown = command.countdown  # type: ignore[attr-defined]
    if not countdown.passed(_PENDING_SHARE):
        return "Pending"
    if not countdown.over:
        return "InProgress"
    return "Success" if outcome.exit_code == 0 else "Failed"


def _result(status: str, outcome: Outcome) -> dict[str, Any]:
    if status in ("Pending", "InProgress"):
        return {
            "Status": status,
            "StatusDetails": status,
            "ResponseCode": -1,
            "ExecutionElapsedTime": "",
            "ExecutionEndDateTime": "",
        }
    return {
        "Status": status,
        "StatusDetails": status,
        "ResponseCode": outcome.exit_code,
        "StandardOutputContent": outcome.stdout,
        "StandardErrorContent": outcome.stderr
        + (f"failed to run commands: exit status {outcome.exit_code}" if outcome.exit_code else ""),
        "ExecutionElapsedTime": "PT0.1S",
        "ExecutionEndDateTime": utcnow().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
