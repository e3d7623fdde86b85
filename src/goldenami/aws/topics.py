"""Publishing to SNS topics.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import re

from goldenami.aws.answers.others import TopicMessage
from goldenami.aws.session import Aws
from goldenami.domain.audit.notification import Notification

SUBJECT_CHARACTERS = 100
MESSAGE_BYTES = 256 * 1024
_NO_SUBJECT = re.compile(r"[^ -~]+")


def publish(aws: Aws, topic: str, notification: Notification) -> None:
    """Publish a message to a topic, in the topic's own region.

    Its attributes are what a subscription's filter policy can go by.

    Raises:
        AwsError: it was not published.
        UsageError: the region of the topic's ARN is none.
    """
    region = topic.split(":")[3]
    aws.in_region(region).ask(
        TopicMessage,
        f"publishing to {topic}",
        TopicArn=topic,
        Subject=subject(notification.subject),
        Message=message(notification.text),
        MessageAttributes={
            name: {"DataType": kind, "StringValue": value}
            for name, kind, value in _attributes(notification)
        },
    )


def subject(text: str) -> str:
    """Return a text as SNS takes a subject: ASCII, one line, at most 100 characters."""
    plain = _NO_SUBJECT.sub("?", text).strip()
    if len(plain) <= SUBJECT_CHARACTERS:
        return plain
    return f"{plain[: SUBJECT_CHARACTERS - 3]}..."


def message(text: str) -> str:
    """Return a text that is no longer, in bytes, than SNS takes a message with its attributes."""
    content = text.encode()
    if len(content) <= MESSAGE_BYTES - _ATTRIBUTES:
        return text
    return content[: MESSAGE_BYTES - _ATTRIBUTES].decode(errors="ignore")


_ATTRIBUTES = 1024
"""Room for the attributes, which count as a part of the message."""


def _attributes(notification: Notification) -> list[tuple[str, str, str]]:
    audit = notification.audit
    worst = next(iter(audit.by_severity), None)
    return [
        ("complete", "String", "true" if audit.complete else "false"),
        ("open", "Number", str(audit.open)),
        ("new", "Number", str(audit.open if audit.new is None else audit.new)),
        ("worst", "String", worst.value if worst else "none"),
    ]
