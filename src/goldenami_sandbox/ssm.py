"""SSM: parameters, and Run Command on instances that only exist here: nothing is run anywhere.

Otherwise than in moto, a parameter of data type ``aws:ec2:image`` is checked after the call and
appears only if the image exists in its region; the public parameters name images of the catalogue;
the instance of a command must exist and run; an invocation passes Pending and InProgress; its
result depends on its commands, which a tiny emulated agent reads.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

import re
import shlex
from collections.abc import Sequence
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.models import Command, Parameter, ParameterDict, SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse
from msgspec import Struct

from goldenami_sandbox import catalogue
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.parameter_limits import ParameterLimitsResponse

IMAGE_TYPE = "aws:ec2:image"
_PUBLIC = ("/aws/service/ami-amazon-linux-latest", "/aws/service/canonical")
_IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")


def image_parameter(account_id: str, name: str, image_id: str) -> Parameter:
    """Return the first version of a parameter that names an image."""
    return Parameter(  # type: ignore[abstract]
        account_id,
        name,
        image_id,
        "String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type=IMAGE_TYPE,
    )


class PublicParameters(ParameterDict):
    """All parameters of a region; the public ones come when they are first asked for."""

    @overrides
    def __init__(self, account_id: str, region_name: str) -> None:
        super().__init__(account_id, region_name)
        self._has_public = False

    @overrides
    def _check_loading_status(self, key: str) -> None:
        if not str(key or "").startswith(_PUBLIC):
            super()._check_loading_status(key)
        elif not self._has_public:
            self._has_public = True
            for image in catalogue.IMAGES:
                for name in image.ssm_parameters:
                    image_id = image.id_in(self.region_name)
                    self[name].append(image_parameter(self.account_id, name, image_id))


class SsmStore(SimpleSystemManagerBackend):
    """The parameters of a region, and those that wait for their check."""

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._parameters = PublicParameters(account_id, region_name)
        self._unchecked: list[tuple[Countdown, Parameter]] = []

    def withhold(self, name: str) -> None:
        """Hide the newest version of a parameter until its image is checked."""
        key = self._parameters.normalize_name(name)
        versions = self._parameters[key]
        self._unchecked.append((Countdown(), versions.pop()))
        if not versions:
            del self._parameters[key]

    def newest(self, name: str) -> Parameter | None:
        """Return the newest version of a parameter, checked or not; None if there is none."""
        key = self._parameters.normalize_name(name)
        unchecked = [version for _, version in self._unchecked if version.name == key]
        return next(iter([*unchecked, *self._parameters.get(key, ())][-1:]), None)

    def check(self) -> None:
        """Show the versions whose image exists, and forget the others."""
        due = [version for version in self._unchecked if version[0].ended]
        self._unchecked = [version for version in self._unchecked if version not in due]
        images = ec2_backends[self.account_id][self.region_name].amis
        for _, parameter in due:
            if parameter.value in images:
                self._parameters[parameter.name].append(parameter)


class ParametersResponse(ParameterLimitsResponse):
    """PutParameter."""

    @overrides
    def put_parameter(self) -> ActionResult:
        """Write a parameter; one that names an image appears when the image is checked."""
        value = self._get_param("Value")
        names_image = self._get_param("DataType") == IMAGE_TYPE
        if names_image and not _IMAGE_ID.fullmatch(value):
            raise ValidationException(f"Parameter value is not an AMI ID: {value}")
        self._check_unchanged()
        answer = super().put_parameter()
        if names_image:
            self.ssm_backend.withhold(self._get_param("Name"))  # type: ignore[attr-defined]
        return answer

    def _check_unchanged(self) -> None:
        """Refuse another type, or data type, for a parameter that is there.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        """
        there = self.ssm_backend.newest(self._get_param("Name"))  # type: ignore[attr-defined]
        if there is None or not self._get_param("Overwrite"):
            return
        kind, data_type = self._get_param("Type"), self._get_param("DataType")
        if kind and kind != there.parameter_type:
            raise SSMException(
                "HierarchyTypeMismatchException",
                f"The parameter type cannot be changed from {there.parameter_type} to {kind}: "
                "create a new, unique parameter.",
            )
        if data_type and data_type != there.data_type:
            raise ValidationException(
                f"The data type of an existing parameter cannot be changed from {there.data_type} "
                f"to {data_type}."
            )


DOCUMENTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript")
_PENDING_SHARE = 0.5
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


def emulate(lines: Sequence[str]) -> ScriptResult:
    """Say what a script would come to, without running it.

    ``exit N`` ends the script, ``false`` and the words of a small table fail it, ``echo``
    prints; every other line succeeds silently. The first failure ends it, as with ``set -e``.
    """
    stdout = ""
    for line in (part.strip() for text in lines for part in text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "exit":
            return ScriptResult(int(rest) if rest.strip().isdigit() else 0, stdout)
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
    """SendCommand, ListCommands and GetCommandInvocation."""

    @overrides
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
            status = _status(command, emulate(command.parameters.get("commands", [])))
            described.append(
                command.response_object() | {"Status": status, "StatusDetails": status}
            )
        return ActionResult({"Commands": described})

    @overrides
    def get_command_invocation(self) -> ActionResult:
        """Tell how a command fares on one instance."""
        command = self.ssm_backend.get_command_by_id(self._get_param("CommandId"))
        invocation = command.get_invocation(
            self._get_param("InstanceId"), self._get_param("PluginName")
        )
        outcome = emulate(command.parameters.get("commands", []))
        status = _status(command, outcome)
        return ActionResult(invocation | _result(status, outcome))

    def _check_managed(self, instance_id: str) -> None:
        instance = ec2_backends[self.current_account][self.region].get_instance_by_id(instance_id)
        if instance is None or instance.state != "running":
            raise SSMException(
                "InvalidInstanceId", f"Instances [[{instance_id}]] not in a valid state for account"
            )


def _status(command: Command, outcome: ScriptResult) -> str:
    countdown: Countdown = command.countdown  # type: ignore[attr-defined]
    if not countdown.passed(_PENDING_SHARE):
        return "Pending"
    if not countdown.ended:
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


class SsmResponse(ParametersResponse, RunCommandResponse):
    """Answers SSM's operations: the sandbox's own, and moto's for the rest."""

    @overrides
    def get_command_invocation(self) -> ActionResult:
        """Tell how a command fares on one instance, if there is such a command."""
        sent = {command.command_id for command in self.ssm_backend._commands}  # noqa: SLF001
        if self._get_param("CommandId") not in sent:
            raise SSMException("InvocationDoesNotExist", "")
        return super().get_command_invocation()

    @property
    @overrides
    def ssm_backend(self) -> SsmStore:
        """The store, after the checks that are due."""
        store = cast(SsmStore, super().ssm_backend)
        store.check()
        return store
