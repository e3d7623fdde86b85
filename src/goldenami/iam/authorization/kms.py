"""KMS: keys by id, ARN or alias; to encrypt anew is two actions.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from collections.abc import Iterator

from msgspec.structs import replace

from goldenami.iam.authorization import generic as by_table
from goldenami.iam.authorization.builder import RequestBuilder
from goldenami.iam.evaluator.request import Request

_KEYS = ("KeyId", "SourceKeyId", "DestinationKeyId", "TargetKeyId")


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call; a key that is named by an alias may be any."""
    parameters = {
        name: "*" if name in _KEYS and "alias/" in value else value
        for name, value in builder.call.parameters.items()
    }
    yield from by_table.generic(replace(builder, call=replace(builder.call, parameters=parameters)))


def re_encrypt(builder: RequestBuilder) -> Iterator[Request]:
    """The key it was encrypted with, and the one it is to be."""
    parameters = builder.call.parameters
    for action, key in (("From", "SourceKeyId"), ("To", "DestinationKeyId")):
        named = {"KeyId": parameters[key]} if key in parameters else {}
        call = replace(builder.call, action=f"kms:ReEncrypt{action}", parameters=named)
        yield from generic(replace(builder, call=call))
