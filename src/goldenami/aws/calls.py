"""The calls of a plan, by their names."""

from collections.abc import Mapping
from typing import Any

import msgspec

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import ANSWERS
from goldenami.aws.errors import Tolerated
from goldenami.aws.idempotency import DONE, NONE
from goldenami.aws.regional import RegionalAws
from goldenami.aws.waits import answered
from goldenami.domain.plan import dig


def call(
    context: ActionContext, name: str, outputs: Mapping[str, str], *, created: bool = False
) -> dict[str, Any]:
    """Make one AWS call, as patiently as AWS wants it.

    Args:
        context: whose AWS, where, with which parameters.
        name: ``service:Operation``, such as ``ec2:CreateImage``.
        outputs: which places of the answer to return, by the name they get.
        created: whether it names what was created just before.

    Raises:
        AwsError: AWS refused it or could not be reached. That it is done already is no refusal.
    """
    with Tolerated(DONE.get(name, NONE)):
        answer = msgspec.to_builtins(
            answered(context, ANSWERS[name], created=created, **context.parameters)
        )
        return {output: dig(answer, place) for output, place in outputs.items()}
    return {}


def once(regional: RegionalAws, name: str, purpose: str, /, **parameters: Any) -> None:
    """Make one AWS call of which nothing is returned, and raise what AWS says of it.

    Raises:
        AwsError: AWS refused it or could not be reached; or it is done already.
    """
    regional.ask(ANSWERS[name], purpose, **parameters)
