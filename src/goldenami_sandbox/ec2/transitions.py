"""StartInstances, StopInstances and TerminateInstances.

Otherwise than in moto: what is terminated can be neither started nor stopped, what is stopping not
started; an instance that is in the state already is told so.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.instances import InstanceResponse

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.instance_state import CODES, RUNNING, TERMINATED
from goldenami_sandbox.overriding import overrides

_ENDED = (TERMINATED, "shutting-down")


class TransitionsResponse(Ec2Base, InstanceResponse):
    """What leads an instance from one state to another."""

    @overrides
    def start_instances(self) -> ActionResult:
        """Start instances that are stopped."""
        self._refuse(
            (*_ENDED, "stopping"),
            "The instance '{}' is not in a state from which it can be started.",
        )
        return _told(super().start_instances(), "StartingInstances", RUNNING)

    @overrides
    def stop_instances(self) -> ActionResult:
        """Stop instances."""
        self._refuse(_ENDED, "This instance '{}' is not in a state from which it can be stopped.")
        return _told(super().stop_instances(), "StoppingInstances", "stopped")

    @overrides
    def terminate_instances(self) -> ActionResult:
        """Terminate instances, which may be terminated already."""
        return _told(super().terminate_instances(), "TerminatingInstances", TERMINATED)

    def _refuse(self, states: tuple[str, ...], message: str) -> None:
        for instance in self.store.get_multi_instances_by_id(self._get_param("InstanceIds", [])):
            if instance.state in states:
                raise EC2ClientError("IncorrectInstanceState", message.format(instance.id))


def _told(answer: ActionResult, changes: str, end: str) -> ActionResult:
    """Let the answer tell of an instance that was there already."""
    result: Any = answer.result
    for change in result[changes]:
        if change["PreviousState"].name == end:
            change["CurrentState"] = {"Code": CODES[end], "Name": end}
    return answer
