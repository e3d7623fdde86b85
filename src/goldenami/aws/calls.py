"""Plain AWS calls: one call by its name, and every page of a listing."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.aws.errors import explained
from goldenami.aws.session import Aws
from goldenami.aws.waits import Doing, patiently
from goldenami.domain.plan import dig


def call(
    doing: Doing, name: str, outputs: Mapping[str, str], *, created: bool = False
) -> dict[str, Any]:
    """Make one AWS call, as patiently as AWS wants it.

    Args:
        doing: whose AWS, where, with which parameters.
        name: ``service:Operation``, such as ``ec2:CreateImage``.
        outputs: which places of the answer to return, by the name they get.
        created: whether it names what was created just before.

    Raises:
        AwsError: AWS refused it or could not be reached.
    """
    from botocore import xform_name

    service, _, operation = name.partition(":")
    client = doing.aws.client(service, doing.region)

    def make() -> Any:
        with explained(doing.summary, doing.region):
            return getattr(client, xform_name(operation))(**doing.parameters)

    answer = patiently(doing, make, created=created)
    return {output: dig(answer, place) for output, place in outputs.items()}


_NEXT = ("NextToken", "nextToken", "Marker")
"""How services name the next page, in their answers and in the requests for it."""


def pages(
    aws: Aws, service: str, operation: str, key: str, region: str, doing: str, **parameters: Any
) -> Iterator[Any]:
    """Yield the items under ``key`` of every page of a listing.

    botocore's own paginators take a tenth of a second to be made, since they look for their models.

    Raises:
        AwsError: a page could not be read; nothing after it is known.
    """
    ask = getattr(aws.client(service, region), operation)
    more = True
    while more:
        with explained(doing, region):
            page = ask(**parameters)
        yield from page.get(key, ())  # Inspector may leave an empty list out
        told = {name: page[name] for name in _NEXT if page.get(name)}
        parameters |= told
        more = bool(told)
