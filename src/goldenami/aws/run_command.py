"""SSM Run Command: one shell command on an instance.

https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
"""

from typing import Any

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ssm import GetCommandInvocation, SendCommand
from goldenami.aws.errors import NO_AGENT, Tolerated
from goldenami.aws.waits import later, living, until
from goldenami.errors import BakeError, GateError

OUTPUT_LINES = 40
NO_AGENT_FIX = (
    "see that it can register: `base.instance_profile` names a profile whose role has the policy "
    "AmazonSSMManagedInstanceCore (or the account has a default host management role), the subnet "
    "has a route to the endpoints ssm, ssmmessages and ec2messages, and the base image runs the "
    "agent"
)
RETRY_S = 10.0
"""Between two attempts."""
GRACE_S = 60.0
"""For SSM to end a command that is late, and to say so."""
_ENDED_BADLY = ("Failed", "Cancelled", "TimedOut", "Cancelling")


def run(context: ActionContext) -> dict[str, Any]:
    """Run one shell command on ``InstanceId`` by SSM and wait for its end.

    It is tried ``retry`` times (once if that is not among the parameters), each time for
    ``timeout_s``. ``subject`` is what a script does, for messages; its output is progress then.

    Raises:
        BakeError: it failed, then the notes are the end of its output; or the instance did.
    """
    attempts = context.parameters.get("retry", 1)
    for attempt in range(1, attempts + 1):
        answer = _run_once(context)
        if answer.status == "Success":
            break
        if attempt == attempts:
            raise _failed_command(context, answer)
        context.progress(f"attempt {attempt} of {attempts} ended {_ending(answer)}")
        if context.cancelled.wait(RETRY_S):
            raise BakeError(f"{context.headline}: stopped before it was tried again")
    if "subject" in context.parameters:
        for line in answer.standard_output_content.splitlines():
            context.progress(line)
    return {}


def _run_once(context: ActionContext) -> GetCommandInvocation:
    """Run the command once, and return how it has ended.

    The agent takes a while to register after boot, so an unknown instance is tried again.
    """
    instance_id, timeout_s = context.parameters["InstanceId"], context.parameters["timeout_s"]

    def send() -> str | None:
        with Tolerated(NO_AGENT):
            return context.ask(SendCommand, InstanceIds=[instance_id],
                DocumentName="AWS-RunShellScript",
                Parameters={
                    "commands": [context.parameters["run"]],
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

    def look() -> GetCommandInvocation | None:
        answer = context.ask(GetCommandInvocation, CommandId=command_id, InstanceId=instance_id)
        return answer if answer.status in ("Success", *_ENDED_BADLY) else None

    return until(
        context, look,
        timeout_s=timeout_s + GRACE_S,
        thing=_title(context),
        fix=later(context),
        meanwhile=alive,
    )  # fmt: skip


def _title(context: ActionContext) -> str:
    parameters = context.parameters
    return str(parameters.get("subject") or f"`{parameters['run']}`")


def _ending(answer: GetCommandInvocation) -> str:
    return f"{answer.status} with exit code {answer.response_code}"


def _failed_command(context: ActionContext, answer: GetCommandInvocation) -> GateError:
    lines = (answer.standard_output_content + answer.standard_error_content).splitlines()
    cut = (
        [f"(the first {len(lines) - OUTPUT_LINES} lines left out)"]
        if len(lines) > OUTPUT_LINES
        else []
    )
    begin = "" if "subject" in context.parameters else f"validation failed in {context.region}: "
    where = "" if begin else f" in {context.region}"
    return GateError(
        f"{begin}{_title(context)}{where} ended {_ending(answer)}",
        fix="mend the base image or its user data, or the step",
        notes=[*cut, *lines[-OUTPUT_LINES:]] or ["it printed nothing"],
    )
