"""SSM Run Command: one shell command on an instance.

https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
"""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ssm import GetCommandInvocation, SendCommand
from goldenami.aws.errors import NO_AGENT, Tolerated
from goldenami.aws.waits import later, living, until
from goldenami.errors import BakeError

OUTPUT_LINES = 40
NO_AGENT_FIX = (
    "see that it can register: `base.instance_profile` names a profile whose role has the policy "
    "AmazonSSMManagedInstanceCore (or the account has a default host management role), the subnet "
    "has a route to the endpoints ssm, ssmmessages and ec2messages, and the base image runs the "
    "agent"
)
_ENDED_BADLY = ("Failed", "Cancelled", "TimedOut", "Cancelling")


def run(context: ActionContext) -> dict[str, Any]:
    """Run one shell command on ``InstanceId`` by SSM and wait for its end.

    The agent takes a while to register after boot, so an unknown instance is tried again.

    Raises:
        BakeError: it failed, then the notes are the end of its output; or the instance did.
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

    alive = living(context, instance_id)
    command_id = until(
        context, send,
        timeout_s=timeout_s,
        thing=f"the SSM agent of {instance_id}",
        fix=later(context, NO_AGENT_FIX),
        meanwhile=alive,
    )  # fmt: skip

    def look() -> dict[str, Any] | None:
        answer = context.ask(GetCommandInvocation, CommandId=command_id, InstanceId=instance_id)
        if answer.status in _ENDED_BADLY:
            raise _failed_command(context, line, answer)
        return {} if answer.status == "Success" else None

    return until(
        context, look, timeout_s=timeout_s, thing=f"`{line}`", fix=later(context), meanwhile=alive
    )


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
