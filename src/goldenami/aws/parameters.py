"""SSM parameters: several read at once; the one that names an image written and read back."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from goldenami.aws import policy_simulator
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ssm import (
    GetParameter,
    GetParameterHistory,
    GetParameters,
    GetParametersByPath,
    Parameter,
    ParameterVersion,
    PutParameter,
)
from goldenami.aws.errors import NOT_FOUND, VERSION_LIMIT, Tolerated, unreadable
from goldenami.aws.parallel import concurrently, side_by_side
from goldenami.aws.session import Aws, RegionalAws
from goldenami.aws.waits import answered, patiently, until
from goldenami.domain import arns
from goldenami.domain.check_result import CheckResult
from goldenami.domain.names import ARCHITECTURES
from goldenami.errors import AwsError, BakeError

PUBLISH_PERMISSIONS = (
    "ssm:GetParameter",
    "ssm:PutParameter",
    "ssm:GetParameterHistory",
    "ssm:UnlabelParameterVersion",
    "ec2:DescribeImages",
)
CHECK_PERMISSIONS = (*policy_simulator.PERMISSIONS, "ssm:GetParameter")
WRITING = ("ssm:PutParameter", "ssm:LabelParameterVersion")
PARAMETERS_A_CALL = 10
SETTLING_S = (0.1, 0.2, 0.4, 0.8)
IMAGE_DATA_TYPE = "aws:ec2:image"
"""What makes SSM look whether the image exists, and EC2 take the parameter for an image's id."""
_OTHER_PARAMETER = "delete it (`aws ssm delete-parameter`), or publish under another name"


class Versioned(Protocol):
    """What was read from a parameter, with the parameter's version."""

    @property
    def version(self) -> int:
        """The version."""


V = TypeVar("V", bound=Versioned)


def values(regional: RegionalAws, names: Iterable[str], purpose: str) -> dict[str, str]:
    """Return the values of parameters, by name; one that does not exist is left out."""
    return {
        name: parameter.value for name, parameter in parameters(regional, names, purpose).items()
    }


def parameters(regional: RegionalAws, names: Iterable[str], purpose: str) -> dict[str, Parameter]:
    """Return parameters by name; one that does not exist is left out.

    Raises:
        AwsError: some of them could not be read.
    """
    unique_names = sorted(set(names))
    some = [
        tuple(unique_names[start : start + PARAMETERS_A_CALL])
        for start in range(0, len(unique_names), PARAMETERS_A_CALL)
    ]
    answers, errors = concurrently(some, lambda several: _several(regional, several, purpose))
    for error in errors.values():
        raise error
    return {name: each for several in answers.values() for name, each in several.items()}


def _several(regional: RegionalAws, names: Sequence[str], purpose: str) -> dict[str, Parameter]:
    answer = regional.ask(GetParameters, purpose, Names=list(names))
    if len(answer.parameters) + len(answer.invalid_parameters) < len(names):
        raise unreadable(f"{purpose} in {regional.region}", answer.call, "it leaves some names out")
    return {parameter.name + parameter.selector: parameter for parameter in answer.parameters}


def parameter(regional: RegionalAws, name: str) -> Parameter | None:
    """Return a parameter; None if there is none of that name."""
    with Tolerated(NOT_FOUND):
        return regional.ask(GetParameter, f"reading {name}", Name=name).parameter
    return None


def last_version(regional: RegionalAws, name: str) -> ParameterVersion:
    """Return the newest version of a parameter, which there has to be: who wrote it, and when."""
    history = regional.rows(GetParameterHistory, f"reading who wrote {name}", Name=name)
    return max(history, key=lambda version: version.version)


def settled(look: Callable[[], V | None], version: int) -> V | None:
    """Look until a parameter is as new as is known: what was just written may not be seen yet.

    Returns:
        what was seen last, which may be older all the same.
    """
    for delay_s in SETTLING_S:
        seen = look()
        if seen is not None and seen.version >= version:
            return seen
        time.sleep(delay_s)
    return look()


def image_ids(regional: RegionalAws, names: Iterable[str]) -> dict[str, str]:
    """Return the image ids that parameters hold, by name: see `values`."""
    return values(regional, names, "reading SSM parameters")


def below(regional: RegionalAws, path: str, purpose: str) -> list[str]:
    """Return the values of all parameters under a path."""
    pages = regional.listed(GetParametersByPath, purpose, Path=path, Recursive=True)
    return [parameter.value for page in pages for parameter in page.parameters]


def description(ami_name: str, build: str) -> str:
    """Return the description of a published version, by which its own label is told from others."""
    return f"{ami_name}, build {build}"


def version_label(version: str) -> str:
    """Return the parameter label of a version: a label may not start with a digit.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html
    """
    return f"v{version}"


def check(regional: RegionalAws, name: str) -> CheckResult:
    """Look whether a parameter is new or of the types that can be written over.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    try:
        there = parameter(regional, name)
    except AwsError as error:
        return CheckResult(wrong=(error.with_fix,))
    if there is None:
        return CheckResult(fine=(f"parameter {name} is new in {regional.region}",))
    return fits(there, f"parameter {name} in {regional.region}")


def fits(there: Parameter | ParameterVersion, name: str) -> CheckResult:
    """Say whether what a parameter holds can be written over with the id of an image.

    Args:
        there: what it holds.
        name: how messages call the parameter.
    """
    is_it, way_out = f"{name} is", _OTHER_PARAMETER
    if there.type != "String":
        wrong = f"{is_it} a {there.type}, and SSM does not change types: {way_out}"
        return CheckResult(wrong=(wrong,))
    if there.data_type != IMAGE_DATA_TYPE:
        wrong = f"{is_it} of data type {there.data_type}, not {IMAGE_DATA_TYPE}"
        return CheckResult(wrong=(f"{wrong}, and SSM does not change data types: {way_out}",))
    return CheckResult(fine=(f"{is_it} version {there.version}",))


def may_write(aws: Aws, regions: Sequence[str], name: str) -> CheckResult:
    """Ask IAM's policy simulator whether the caller may write a parameter in these regions."""
    purpose = "asking whether the parameter may be written"

    def refused(region: str) -> tuple[str, ...] | None:
        named = [arns.arn(aws.partition, "ssm", region, aws.account, "parameter", name)]
        keys = {"aws:RequestedRegion": region}
        return policy_simulator.refused(aws, WRITING, named, purpose, keys)

    try:  # each region by itself: policies test the one that is asked
        answers = side_by_side(regions, refused)
    except AwsError as error:
        return CheckResult(
            unknown=(f"whether {name} may be written is not known: {error.message}",)
        )
    if None in answers.values():
        return CheckResult(fine=(f"{name} may be written by the account's root user",))
    refusals = [refusal for several in answers.values() for refusal in several or ()]
    if refusals:
        return CheckResult(wrong=tuple(f"the caller may not {action}" for action in refusals))
    return CheckResult(fine=(f"{name} may be written in {', '.join(regions)}",))


def publish(context: ActionContext) -> dict[str, Any]:
    """Write the SSM parameter, unless it has that value already: no empty version on a resume.

    SSM keeps 100 versions, and writes no other while the oldest carries a label: the label of a
    release that has grown so old is taken off.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html

    Raises:
        AwsError: it could not be written.
        BakeError: the oldest of 100 versions carries a label that is not goldenami's.
    """
    name, value = context.parameters["Name"], context.parameters["Value"]

    def there() -> bool:
        with Tolerated(NOT_FOUND):
            return bool(context.ask(GetParameter, Name=name).parameter.value == value)
        return False

    if not patiently(context, there):
        put(context, context.parameters)
    return {}


def put(context: ActionContext, content: Mapping[str, Any]) -> None:
    """Write a version of the parameter ``Name``, which may be the one too many.

    Raises:
        AwsError: it could not be written.
        BakeError: the oldest of 100 versions carries a label that is not goldenami's.
    """
    with Tolerated(VERSION_LIMIT):
        answered(context, PutParameter, **content)
        return
    _free_oldest(context)
    answered(context, PutParameter, **content)


def read_back(context: ActionContext) -> dict[str, Any]:
    """Wait until the SSM parameter ``Name`` reads back as ``Value``.

    Parameters of type ``aws:ec2:image`` are validated after the call that writes them.

    Returns:
        ``version``: the parameter's version.
    """
    name, value = context.parameters["Name"], context.parameters["Value"]

    def look() -> dict[str, Any] | None:
        parameter = context.ask(GetParameter, Name=name).parameter
        return {"version": parameter.version} if parameter.value == value else None

    return until(
        context, look,
        timeout_s=context.parameters["timeout_s"],
        thing=name,
        fix="see whether something else writes it, or SSM refused the image: "
        f"`aws ssm get-parameter-history --region {context.region} --name {name}`",
    )  # fmt: skip


def _free_oldest(context: ActionContext) -> None:
    """Take the label of its release off the oldest version, so that SSM drops that version."""
    name = context.parameters["Name"]
    history = patiently(context, lambda: list(context.rows(GetParameterHistory, Name=name)))
    oldest = min(history, key=lambda version: version.version)
    foreign = [label for label in oldest.labels if not _own(label, oldest)]
    if foreign:
        raise BakeError(
            f"{context.headline}: {name} has as many versions as SSM keeps, and the "
            f"oldest, version {oldest.version}, carries the label {', '.join(foreign)}",
            fix="move the label to a newer version (`aws ssm label-parameter-version`), or take "
            "it off (`aws ssm unlabel-parameter-version`)",
        )
    answered(
        context, kinds()["ssm:UnlabelParameterVersion"],
        Name=name, ParameterVersion=oldest.version, Labels=list(oldest.labels),
    )  # fmt: skip


def _own(label: str, version: ParameterVersion) -> bool:
    """Say whether a label names the release that a version was written for."""
    release, architectures = f"-{label.removeprefix('v')}", ("", *ARCHITECTURES)
    endings = [f"{release}-{each}" if each else release for each in architectures]
    return label.startswith("v") and any(
        description(ending, "") in version.description for ending in endings
    )
