"""KMS keys: one that is missing or disabled fails a copy an hour later, so look first."""

from collections.abc import Iterable

from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.errors import AwsError


def problems(aws: Aws, keys: Iterable[tuple[str, str]]) -> list[str]:
    """Say which keys cannot be used.

    Args:
        aws: whose account.
        keys: pairs of region and key id, alias or ARN.
    """
    found = []
    for region, key in dict.fromkeys(keys):
        try:
            with explained(f"looking at KMS key {key}", region):
                answer = aws.client("kms", region).describe_key(KeyId=key)
        except AwsError as error:
            found.append(error.message)
            continue
        state = answer["KeyMetadata"]["KeyState"]
        if state != "Enabled":
            found.append(f"KMS key {key} in {region} is {state}, not Enabled")
    return found
