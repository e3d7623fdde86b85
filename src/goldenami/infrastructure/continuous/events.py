"""Which events are sent to the queue: launches, and changes of images and of what names them.

What a service was called for comes by way of CloudTrail, and needs a trail.
https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
"""

from collections.abc import Mapping
from typing import Any

from goldenami.domain.events import subjects
from goldenami.infrastructure.continuous import ContinuousAudit

STATES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "images": (subjects.IMAGE_CHANGE, "State", ("available", "deregistered", "disabled")),
    "instances": (subjects.STATE_CHANGE, "state", ("pending", "running")),
}
"""What is told without a trail, by the rule: the event, and its states that matter.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-ami-events.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
"""


def calls() -> Mapping[str, tuple[str, ...]]:
    """Return the operations that are judged, by their service."""
    changes = {event for event, _, _ in STATES.values()}
    called: dict[str, tuple[str, ...]] = {}
    for event in sorted(set(subjects.JUDGED) - changes):
        service, _, name = event.partition(":")
        called[service] = (*called.get(service, ()), name)
    return called


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
        for service, names in calls().items()
    }
    changed = {
        about: {
            "source": ["aws.ec2"],
            "detail-type": [event.removeprefix("ec2:")],
            "detail": {key: list(states)},
        }
        for about, (event, key, states) in STATES.items()
    }
    rules: Mapping[str, Mapping[str, Any]] = {**called, **changed}
    return {about: (f"{audit.name}-{about}", pattern) for about, pattern in rules.items()}
