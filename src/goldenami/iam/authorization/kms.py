"""KMS: keys by id, ARN or alias; to encrypt anew is two actions.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from collections.abc import Iterator

from msgspec.structs import replace

from goldenami.iam.authorization import generic as by_table
from goldenami.iam.authorization.building import Building
from goldenami.iam.evaluator.request import Request

_KEYS = ("KeyId", "SourceKeyId", "DestinationKeyId", "TargetKeyId")


def generic(building: Building) -> Iterator[Request]:
    """Any call; a key that is named by an alias may be any."""
    parameters = {
        name: "*" if name in _KEYS and "alias/" in value else value
        for name, value in building.call.parameters.items()
    }
    yield from by_table.generic(
        replace(building, call=replace(building.call, parameters=parameters))
    )


def re_encrypt(building: Building) -> Iterator[Request]:
    """The key it was encrypted with, and the one it is to be."""
    parameters = building.call.parameters
    for action, key in (("From", "SourceKeyId"), ("To", "DestinationKeyId")):
        asked = {"KeyId": parameters[key]} if key in parameters else {}
        call = replace(building.call, action=f"kms:ReEncrypt{action}", parameters=asked)
        yield from generic(replace(building, call=call))
