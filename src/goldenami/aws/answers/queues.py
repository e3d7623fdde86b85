"""Answers of SQS."""

from typing import ClassVar

from goldenami.aws.answers.interface import Answer, Row, Text


class MessageAnswer(Row, frozen=True, kw_only=True):
    """A message of a queue."""

    message_id: Text
    receipt_handle: Text
    body: Text


class ReceiveMessage(Answer, frozen=True, kw_only=True, rename="pascal"):
    """Messages of a queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """

    call: ClassVar[str] = "sqs:ReceiveMessage"
    messages: tuple[MessageAnswer, ...] = ()  # absent if there are none


class FailedEntry(Row, frozen=True, kw_only=True):
    """A message that was not deleted, and why."""

    id: Text
    code: Text


class DeletedEntry(Row, frozen=True, kw_only=True):
    """A message that was deleted."""

    id: Text


class DeleteMessageBatch(Answer, frozen=True, kw_only=True, rename="pascal"):
    """Which messages were deleted, and which were not.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
    """

    call: ClassVar[str] = "sqs:DeleteMessageBatch"
    successful: tuple[DeletedEntry, ...] = ()  # absent if none was
    failed: tuple[FailedEntry, ...] = ()  # absent if all were
