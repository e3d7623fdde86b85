"""What alarms: no complete audit for hours, and events that nobody could judge."""

from collections.abc import Mapping

from msgspec import Struct

from goldenami.infrastructure.continuous import NAMESPACE, SILENT_HOURS, ContinuousAudit

HOUR_S = 3_600


class Alarm(Struct, frozen=True, kw_only=True):
    """An alarm of CloudWatch, in its own words; it tells the topic of incomplete audits.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """

    label: str
    name: str
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    period_s: int
    periods: int
    comparison: str
    threshold: int
    missing: str


def alarms(audit: ContinuousAudit) -> tuple[Alarm, ...]:
    """Return the alarms of a deployment."""
    return (
        Alarm(
            label="NoCompleteAudit",
            name=f"{audit.name}-no-complete-audit",
            description=f"No audit of {audit.image} was complete for {SILENT_HOURS} hours",
            namespace=NAMESPACE,
            metric="CompleteAudit",
            dimensions={"Deployment": audit.name},
            statistic="Sum",
            period_s=HOUR_S,
            periods=SILENT_HOURS,
            comparison="LessThanThreshold",
            threshold=1,
            missing="breaching",
        ),
        Alarm(
            label="DeadEventsAlarm",
            name=f"{audit.name}-dead-events",
            description="Launches or changes of images that could not be delivered or judged",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": audit.dead_events},
            statistic="Maximum",
            period_s=300,
            periods=1,
            comparison="GreaterThanThreshold",
            threshold=0,
            missing="notBreaching",
        ),
    )
