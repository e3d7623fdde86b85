"""SNS: a topic is named by its ARN, which tells no kind, and a batch is authorized as a message.

https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
"""

from collections.abc import Iterator

from msgspec.structs import replace

from goldenami.iam.authorization import generic as by_table
from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.evaluator.request import Request

_NAMES = ("TopicArn", "TargetArn")
_BATCH = "Batch"


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call."""
    call = replace(builder.call, action=builder.call.action.removesuffix(_BATCH))
    builder = replace(builder, call=call)
    parameters = builder.call.parameters
    topic = next((str(parameters[name]) for name in _NAMES if name in parameters), "")
    if not topic:
        yield from by_table.generic(builder)
        return
    keys = {**by_table.named_keys(builder, topic), **tag_keys(parameters)}
    yield builder.request(topic, keys)
