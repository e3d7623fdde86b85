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
    """Any call; a key that is named by an alias may be any, but it has that alias.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    named = builder.call.parameters
    aliased = {name for name in _KEYS if "alias/" in named.get(name, "")}
    parameters = {name: "*" if name in aliased else value for name, value in named.items()}
    keys = dict(builder.circumstances)
    for name in sorted(aliased):
        alias = f"alias/{named[name].partition('alias/')[2]}"
        keys |= {"kms:RequestAlias": alias, "kms:ResourceAliases": (alias,)}
    call = replace(builder.call, parameters=parameters)
    yield from by_table.generic(replace(builder, call=call, circumstances=keys))


def re_encrypt(builder: RequestBuilder) -> Iterator[Request]:
    """The key it was encrypted with, and the one it is to be."""
    parameters = builder.call.parameters
    for action, key in (("From", "SourceKeyId"), ("To", "DestinationKeyId")):
        named = {"KeyId": parameters[key]} if key in parameters else {}
        call = replace(builder.call, action=f"kms:ReEncrypt{action}", parameters=named)
        yield from generic(replace(builder, call=call))
