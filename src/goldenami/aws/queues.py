"""Queues of SQS: what they hold is received, and deleted once it is done with.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from goldenami.aws.answers.queues import DeleteMessageBatch, ReceiveMessage
from goldenami.aws.errors import unreadable
from goldenami.aws.session import RegionalAws
from goldenami.errors import AwsError, UsageError

MESSAGES_A_CALL = 10
LONGEST_WAIT_S = 20
_HOST = re.compile(
    r"(?:.+\.)?sqs(?:-fips)?\.(?P<new>[a-z0-9-]+)\..+|(?P<old>[a-z0-9-]+)\.queue\..+"
)
_OLDEST = ("queue.amazonaws.com", "us-east-1")
"""The host that names no region, and the region that it is in."""
_URL = re.compile(r"https?://[^/]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?")


class Message(Struct, frozen=True, kw_only=True):
    """A message that was received: ``receipt`` deletes it."""

    id: str
    body: str
    receipt: str


def region_of(url: str) -> str:
    """Return the region that a queue's URL names; empty if it names none.

    Raises:
        UsageError: it is no URL of a queue.
    """
    if not _URL.fullmatch(url):
        raise UsageError(
            f"{url} is no queue",
            fix="give its URL: `aws sqs get-queue-url --queue-name NAME` tells it",
        )
    host = urlsplit(url).hostname or ""
    if host == _OLDEST[0]:
        return _OLDEST[1]
    match = _HOST.fullmatch(host)
    return (match["new"] or match["old"]) if match else ""


def receive(regional: RegionalAws, url: str, wait_s: int, most: int) -> list[Message]:
    """Return some messages of a queue, waiting for the first one.

    They are hidden for as long as the queue says, and come again if nobody deletes them.

    Raises:
        AwsError: they could not be received.
    """
    answer = regional.ask(
        ReceiveMessage, f"receiving from {url}",
        QueueUrl=url, MaxNumberOfMessages=most, WaitTimeSeconds=wait_s,
    )  # fmt: skip
    return [
        Message(id=each.message_id, body=each.body, receipt=each.receipt_handle)
        for each in answer.messages
    ]


def delete(regional: RegionalAws, url: str, receipts: Sequence[str]) -> None:
    """Delete messages that are done with.

    Raises:
        AwsError: some could not be deleted, and come again.
    """
    for start in range(0, len(receipts), MESSAGES_A_CALL):
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt}
            for number, receipt in enumerate(receipts[start : start + MESSAGES_A_CALL])
        ]
        answer = regional.ask(
            DeleteMessageBatch, f"deleting from {url}", QueueUrl=url, Entries=entries
        )
        if len(answer.failed) + len(answer.successful) != len(entries):
            raise unreadable(
                f"deleting from {url} in {regional.region}", answer.call, "it leaves some out"
            )
        if answer.failed:
            raise AwsError(
                f"deleting from {url} in {regional.region}: {len(answer.failed)} messages were "
                f"judged and could not be deleted: {answer.failed[0].code}",
                code=answer.failed[0].code,
                fix="they come again, and are judged again; allow sqs:DeleteMessage",
            )
