"""SQS: a queue is named by its URL, and a batch is authorized as each message of it alone.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec.structs import replace

from goldenami.domain import arns
from goldenami.iam.authorization import generic as by_table
from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.evaluator.request import Request

_BATCH = "Batch"


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call."""
    call = replace(builder.call, action=builder.call.action.removesuffix(_BATCH))
    builder = replace(builder, call=call)
    url = builder.call.parameters.get("QueueUrl")
    if url is None:
        yield from by_table.generic(builder)
        return
    yield builder.request(_queue(builder, str(url)), tag_keys(builder.call.parameters))


def _queue(builder: RequestBuilder, url: str) -> str:
    """Return the ARN of the queue of a URL, whose path is its owner's account and its name."""
    scope = builder.scope
    *owner, name = urlsplit(url).path.strip("/").split("/")
    account = owner[-1] if owner else scope.account
    return arns.pattern(scope.partition, "sqs", scope.region, account, name)
