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
"""What is called, by the service."""


def patterns(audit: ContinuousAudit) -> Mapping[str, Mapping[str, Any]]:
    """Return the pattern of each rule, by the rule's name: one for each service.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    return {
        f"{audit.name}-{service}": {
            "source": [f"aws.{service}"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": [f"{service}.amazonaws.com"],
                "eventName": list(names),
            },
        }
        for service, names in CALLS.items()
    }
