"""SSM Run Command: one shell command on an instance.

https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
"""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ssm import GetCommandInvocation, SendCommand
from goldenami.aws.errors import NO_AGENT, Tolerated
from goldenami.aws.waits import until
from goldenami.errors import BakeError

OUTPUT_LINES = 40
_ENDED_BADLY = ("Failed", "Cancelled", "TimedOut", "Cancelling")


def run(context: ActionContext) -> dict[str, Any]:
    """Run one shell command on ``InstanceId`` by SSM and wait for its end.

    The agent takes a while to register after boot, so an unknown instance is tried again.

    Raises:
        BakeError: it failed; the notes are the end of its output.
    """
    instance_id, line = context.parameters["InstanceId"], context.parameters["run"]
    timeout_s = context.parameters["timeout_s"]

    def send() -> str | None:
        with Tolerated(NO_AGENT):
            return context.ask(SendCommand, InstanceIds=[instance_id],
                DocumentName="AWS-RunShellScript",
                Parameters={
                    "commands": [line],
                    "executionTimeout": [str(max(1, int(timeout_s)))],
                },
            ).part.value  # fmt: skip
        context.progress("waiting for the SSM agent")
        return None

    command_id = until(context, send, timeout_s=timeout_s, thing=f"the SSM agent of {instance_id}")

    def look() -> dict[str, Any] | None:
        answer = context.ask(GetCommandInvocation, CommandId=command_id, InstanceId=instance_id)
        if answer.status in _ENDED_BADLY:
            raise _failed_command(context, line, answer)
        return {} if answer.status == "Success" else None

    return until(context, look, timeout_s=timeout_s, thing=f"`{line}`")


def _failed_command(context: ActionContext, line: str, answer: GetCommandInvocation) -> BakeError:
    lines = (answer.standard_output_content + answer.standard_error_content).splitlines()
    cut = (
        [f"(the first {len(lines) - OUTPUT_LINES} lines left out)"]
        if len(lines) > OUTPUT_LINES
        else []
    )
    return BakeError(
        f"validation failed in {context.region}: `{line}` ended {answer.status} "
        f"with exit code {answer.response_code}",
        fix="mend the base image or its user data, or the step",
        notes=[*cut, *lines[-OUTPUT_LINES:]] or ["it printed nothing"],
    )
