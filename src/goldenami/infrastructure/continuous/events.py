"""Which events are sent to the queue: launches, and changes of images and of what names them.

What a service was called for comes by way of CloudTrail, and needs a trail.
https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
"""

from collections.abc import Mapping
from typing import Any

from goldenami.infrastructure.continuous import ContinuousAudit

CALLS: Mapping[str, tuple[str, ...]] = {
    "autoscaling": (
        "CreateAutoScalingGroup", "CreateLaunchConfiguration", "StartInstanceRefresh",
        "UpdateAutoScalingGroup",
    ),
    "ec2": (
        "CopyImage", "CreateFleet", "CreateImage", "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion", "CreateTags", "DeleteTags", "DeregisterImage",
        "DisableImage", "ModifyFleet", "ModifyImageAttribute", "ModifyLaunchTemplate",
        "ModifySpotFleetRequest", "RegisterImage", "RequestSpotFleet", "RequestSpotInstances",
        "RunInstances", "StartInstances",
    ),
    "eks": ("CreateNodegroup", "UpdateNodegroupVersion"),
    "ssm": ("PutParameter",),
}  # fmt: skip
"""What is called, by the service; a rule for each."""
STATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "images": ("EC2 AMI State Change", ("available", "deregistered", "disabled")),
    "instances": ("EC2 Instance State-change Notification", ("pending", "running")),
}
"""What is told without a trail, by the rule: the event, and the states that matter."""


def patterns(audit: ContinuousAudit) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Return the name and the pattern of each rule, by what it is about.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    called = {
        service: {
            "source": [f"aws.{service}"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventSource": [f"{service}.amazonaws.com"], "eventName": list(names)},
        }
        for service, names in CALLS.items()
    }
    changed = {
        about: {"source": ["aws.ec2"], "detail-type": [kind], "detail": {_STATE[about]: states}}
        for about, (kind, states) in STATES.items()
    }
    rules: Mapping[str, Mapping[str, Any]] = {**called, **changed}
    return {about: (f"{audit.name}-{about}", pattern) for about, pattern in rules.items()}


_STATE = {"images": "State", "instances": "state"}
"""How the two events call a state.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-ami-events.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
"""
