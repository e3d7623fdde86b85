"""Moves a parameter from one image to another, unless somebody else was faster."""

from typing import Any

from msgspec import structs

from goldenami.aws import parameters
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ssm import GetParameterHistory, ParameterVersion
from goldenami.aws.errors import NOT_FOUND, Tolerated
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import answered, patiently
from goldenami.errors import RefusedError

MOVE = "move:parameter"
CONFIRM_S = 60.0
PERMISSIONS = (*parameters.PUBLISH_PERMISSIONS, "ssm:DeleteParameter")
READING = ("ssm:GetParameterHistory",)
PointerEntry = ParameterVersion
"""One version of a parameter: what it named, from when, by whom."""


def history(regional: RegionalAws, name: str) -> tuple[PointerEntry, ...]:
    """Return the versions of a parameter, the newest first; none if there is no such parameter.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameterHistory.html

    Raises:
        AwsError: they could not be read.
    """
    versions: list[PointerEntry] = []
    with Tolerated(NOT_FOUND):
        versions += regional.rows(GetParameterHistory, f"reading the history of {name}", Name=name)
    return tuple(sorted(versions, key=lambda each: each.version, reverse=True))


def move(context: ActionContext) -> dict[str, Any]:
    """Write ``Content`` into the parameter ``Name``, or delete it if its ``Value`` is empty.

    It is done only while the parameter holds ``Before``, which is empty where there is none. SSM
    writes under no condition: who has read the parameter before this look, and writes after it, is
    not seen. With ``Confirm`` it is read back, since SSM shows an image once it is checked.

    Raises:
        RefusedError: somebody else has written it meanwhile.
        AwsError: AWS refused.
    """
    name, value = context.parameters["Name"], context.parameters["Value"]
    there = patiently(context, lambda: parameters.parameter(context.regional, name))
    actual = there.value if there else ""
    if actual == value:
        return {}
    if actual != context.parameters["Before"]:
        raise RefusedError(
            f"{context.headline}: somebody else has written {name} meanwhile: it holds "
            f"{actual or 'nothing'}, and held {context.parameters['Before'] or 'nothing'}",
            fix="look who and why (`goldenami channels IMAGE --history`), then decide anew",
        )
    if value:
        parameters.put(context, context.parameters["Content"])
        if context.parameters.get("Confirm"):
            confirm = {"Name": name, "Value": value, "timeout_s": CONFIRM_S}
            parameters.read_back(structs.replace(context, parameters=confirm))
        return {}
    with Tolerated(NOT_FOUND):
        answered(context, kinds()["ssm:DeleteParameter"], Name=name)
    return {}
