"""A parameter that names an image: written, read back, and labelled with the image's version."""

from typing import Any

from goldenami.aws import parameters
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import Action, Ref

TIMEOUT_S = 300.0
LABEL = "ssm:LabelParameterVersion"


def content(name: str, value: str | Ref, ami_name: str, build: str) -> dict[str, Any]:
    """Return what is written into a parameter, so that it names an image."""
    return {
        "Name": name,
        "Value": value,
        "Type": "String",
        "DataType": parameters.IMAGE_DATA_TYPE,
        "Description": parameters.description(ami_name, build),
        "Overwrite": True,
    }


def confirmed(place: AccountRegion, put: Action, version: str) -> tuple[Action, Action]:
    """Return what follows the writing of a parameter in a place: it is read back, and labelled.

    Their ids end as that of the writing does.
    """
    name, value = put.parameters["Name"], put.parameters["Value"]
    which, label = put.id.partition(":")[2], parameters.version_label(version)
    read = Action.at(
        place, f"published:{which}", "wait:parameter", f"read {name} back",
        {"Name": name, "Value": value, "timeout_s": TIMEOUT_S},
        permissions=("ssm:GetParameter",),
        after=(put.id,),
    )  # fmt: skip
    labelled = Action.at(
        place, f"label:{which}", LABEL, f"label it {label}",
        {"Name": name, "ParameterVersion": Ref(read.id, "version"), "Labels": [label]},
        after=(read.id,),
    )  # fmt: skip
    return read, labelled
