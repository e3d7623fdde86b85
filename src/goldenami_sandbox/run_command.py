"""Run Command on instances that only exist here: nothing is run anywhere.

Otherwise than in moto: only managed instances take commands, and a shell document no Windows; an
invocation passes Pending and InProgress; its result depends on its commands, which a tiny emulated
agent reads; invocations are listed.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommandInvocations.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.models import Command
from moto.ssm.responses import SimpleSystemManagerResponse
from msgspec import Struct

from goldenami_sandbox.clock import QUICK, Countdown
from goldenami_sandbox.managed_instances import is_managed, is_windows, paged
from goldenami_sandbox.overriding import overrides

DOCUMENTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript")
_PENDING_SHARE = 0.5
_SIZES = range(1, 51)
_FAILING = {
    "false": (1, ""),
    "fail": (1, "fail: told to fail\n"),
    "missing-command": (127, "missing-command: command not found\n"),
}


class ScriptResult(Struct, frozen=True):
    """What a script came to."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""


class UserData(Struct, frozen=True):
    """How the user data of instances goes, for a command that waits for cloud-init.

    Args:
        polls: how often it is not through yet when somebody asks how the command fares.
        exit_code: cloud-init's, at the end.
        log: the end of what it printed.
    """

    polls: int = 0
    exit_code: int = 0
    log: str = ""


user_data = UserData()
"""That of every instance which has any; the others are through at once, and well."""
_WAIT = "cloud-init status --wait"


def emulate(lines: Sequence[str], cloud_init: UserData = UserData()) -> ScriptResult:  # noqa: B008
    """Say what a script would come to, without running it.

    ``exit N`` ends the script, ``false`` and the words of a small table fail it, ``echo``
    prints, and a line that waits for cloud-init fails with it; every other line succeeds silently.
    The first failure ends it, as with ``set -e``.
    """
    stdout = ""
    for line in (part.strip() for text in lines for part in text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "exit":
            return ScriptResult(int(rest) if rest.strip().isdigit() else 0, stdout)
        if _WAIT in line and cloud_init.exit_code:
            return ScriptResult(cloud_init.exit_code, stdout + cloud_init.log)
        if word in _FAILING:
            exit_code, stderr = _FAILING[word]
            return ScriptResult(exit_code, stdout, stderr)
        if word == "echo":
            stdout += " ".join(_words(rest)) + "\n"
    return ScriptResult(0, stdout)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an open quote
        return text.split()


class RunCommandResponse(SimpleSystemManagerResponse):
    """SendCommand, ListCommands, GetCommandInvocation and ListCommandInvocations."""

    @overrides
    def send_command(self) -> ActionResult:
        """Send a command to managed instances."""
        document = self._get_param("DocumentName")
        if document not in DOCUMENTS:
            raise SSMException("InvalidDocument", f"Document {document} does not exist.")
        targets = self._get_param("Targets") or []
        instances = [*self._check_managed(self._get_param("InstanceIds", []))]
        instances += self._targeted(targets) if targets else []
        if document == "AWS-RunShellScript" and any(map(is_windows, instances)):
            raise SSMException(
                "UnsupportedPlatformType",
                "The document doesn't support the platform type of the given managed node IDs.",
            )
        # moto knows tags alone, and takes no target for all instances
        parameters = json.loads(self.body)
        parameters.pop("Targets", None)
        self.body = json.dumps(parameters)
        super().send_command()
        command = self.ssm_backend._commands[-1]  # noqa: SLF001
        command.targets = targets
        _send_to([instance.id for instance in instances], command)
        _start(command, user_data if any(each.user_data for each in instances) else UserData())
        answer = command.response_object() | {"Status": "Pending", "StatusDetails": "Pending"}
        return ActionResult({"Command": answer})

    @overrides
    def list_commands(self) -> ActionResult:
        """List commands with their status now."""
        commands = self.ssm_backend.list_commands(
            self._get_param("CommandId"), self._get_param("InstanceId")
        )
        described = []
        for command in commands:
            status = _status(command, _outcome(command))
            described.append(
                command.response_object() | {"Status": status, "StatusDetails": status}
            )
        return ActionResult({"Commands": described})

    def list_command_invocations(self) -> ActionResult:
        """List how commands fare on their instances."""
        size = self._get_param("MaxResults")
        if size is not None and size not in _SIZES:
            raise ValidationException(
                f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy "
                "constraint: Member must have value between 1 and 50"
            )
        commands = self.ssm_backend.list_commands(self._get_param("CommandId"), None)
        instance_id, details = self._get_param("InstanceId"), self._get_param("Details", False)
        filters = [(wish["key"], wish["value"]) for wish in self._get_param("Filters") or []]
        described = [
            invocation
            for command in commands
            for invocation in _invocations(command, details=details)
            if instance_id in (None, invocation["InstanceId"])
            and all(_matches(invocation, key, value) for key, value in filters)
        ]
        return paged("CommandInvocations", described, size or 50, self._get_param("NextToken"))

    @overrides
    def get_command_invocation(self) -> ActionResult:
        """Tell how a command fares on one instance, if there is such a command."""
        sent = {command.command_id for command in self.ssm_backend._commands}  # noqa: SLF001
        if self._get_param("CommandId") not in sent:
            raise SSMException("InvocationDoesNotExist", "")
        command = self.ssm_backend.get_command_by_id(self._get_param("CommandId"))
        invocation = command.get_invocation(
            self._get_param("InstanceId"), self._get_param("PluginName")
        )
        outcome = _outcome(command)
        status = _status(command, outcome)
        if command.countdown.ended:  # type: ignore[attr-defined]
            command.polls -= 1  # type: ignore[attr-defined]
        return ActionResult(invocation | _result(status, outcome))

    def _targeted(self, targets: Sequence[Mapping[str, Any]]) -> list[Instance]:
        """Return the managed instances that all targets name, by id or by tag.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Target.html
        """
        account, ec2 = self.current_account, ec2_backends[self.current_account][self.region]

        def named(instance: Instance, key: str, values: Sequence[str]) -> bool:
            own = ec2.tags.get(instance.id, {})
            if key == "InstanceIds":
                return instance.id in values
            return (
                any(name in own for name in values)
                if key == "tag-key"
                else (own.get(key.removeprefix("tag:")) in values)
            )

        return [
            instance
            for instance in ec2.all_instances()
            if all(named(instance, target["Key"], target["Values"]) for target in targets)
            and is_managed(account, self.region, instance)
        ]

    def _check_managed(self, instance_ids: Sequence[str]) -> Iterator[Instance]:
        account, ec2 = self.current_account, ec2_backends[self.current_account][self.region]
        for instance_id in instance_ids:
            instance = ec2.get_instance_by_id(instance_id)
            if instance is None or not is_managed(account, self.region, instance):
                raise SSMException(
                    "InvalidInstanceId",
                    f"Instances [[{instance_id}]] not in a valid state for account {account}",
                )
            yield instance


def _send_to(instance_ids: Sequence[str], command: Command) -> None:
    command.instance_ids = [*instance_ids]
    command.invocations = [
        invocation for invocation in command.invocations if invocation["InstanceId"] in instance_ids
    ]


def _start(command: Command, cloud_init: UserData) -> None:
    waits = _WAIT in "\n".join(command.parameters.get("commands", []))
    command.countdown = Countdown(steps=QUICK)  # type: ignore[attr-defined]
    command.cloud_init = cloud_init  # type: ignore[attr-defined]
    command.polls = cloud_init.polls if waits else 0  # type: ignore[attr-defined]


def _outcome(command: Command) -> ScriptResult:
    return emulate(command.parameters.get("commands", []), command.cloud_init)  # type: ignore[attr-defined]


def _status(command: Command, outcome: ScriptResult) -> str:
    countdown: Countdown = command.countdown  # type: ignore[attr-defined]
    if not countdown.passed(_PENDING_SHARE):
        return "Pending"
    if not countdown.ended or command.polls > 0:  # type: ignore[attr-defined]
        return "InProgress"
    return "Success" if outcome.exit_code == 0 else "Failed"


def _result(status: str, outcome: ScriptResult) -> dict[str, Any]:
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


def _invocations(command: Command, *, details: bool) -> Iterator[Mapping[str, Any]]:
    outcome = _outcome(command)
    status = _status(command, outcome)
    result = _result(status, outcome)
    plugin = {
        "Name": "aws:runShellScript",
        "Status": status,
        "StatusDetails": status,
        "ResponseCode": result["ResponseCode"],
        "Output": outcome.stdout if "StandardOutputContent" in result else "",
    }
    for instance_id in command.instance_ids:
        yield {
            "CommandId": command.command_id,
            "InstanceId": instance_id,
            "InstanceName": "",
            "Comment": command.comment,
            "DocumentName": command.document_name,
            "DocumentVersion": "$DEFAULT",
            "RequestedDateTime": command.requested_date_time,
            "Status": status,
            "StatusDetails": status,
            "TraceOutput": "",
            "StandardOutputUrl": "",
            "StandardErrorUrl": "",
            "CommandPlugins": [plugin] if details else [],
        }


def _matches(invocation: Mapping[str, Any], key: str, value: str) -> bool:
    """Say whether an invocation passes a filter.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CommandFilter.html
    """
    requested = invocation["RequestedDateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    match key:
        case "Status":
            return bool(invocation["Status"] == value)
        case "DocumentName":
            return bool(invocation["DocumentName"] == value)
        case "ExecutionStage":
            executing = invocation["Status"] in ("Pending", "InProgress")
            return executing == (value == "Executing")
        case "InvokedAfter":
            return bool(requested >= value)
        case "InvokedBefore":
            return bool(requested <= value)
    raise SSMException("InvalidFilterKey", "The specified key is not valid.")
