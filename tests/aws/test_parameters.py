"""The SSM parameter that names an image, on the sandbox."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import parameters, waits
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, BakeError
from goldenami_sandbox import catalogue
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

HOME = "us-east-1"
NAME = "/golden-ami/web-base"
IMAGE_ID = catalogue.IMAGES[0].id_in(HOME)
OTHER_ID = catalogue.IMAGES[1].id_in(HOME)
Publishing = Callable[..., ActionContext]


@pytest.fixture
def doing(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ActionContext:
    """Return what the publication of an image is performed with."""
    monkeypatch.setattr(waits, "FIRST_POLL_S", 0.005)
    sandbox.pending_s = 0
    return ActionContext(
        regional=Aws(region=HOME).in_region(HOME),
        summary="publish it",
        parameters={
            "Name": NAME, "Value": IMAGE_ID, "Type": "String", "DataType": "aws:ec2:image",
            "Description": "web-base-2.0, build b", "Overwrite": True,
        },
        cancelled=Event(),
        progress=lambda _: None,
    )  # fmt: skip


@pytest.fixture
def full(sandbox: Sandbox) -> Callable[..., Any]:
    """Write as many versions as SSM keeps, label the first, and return the client."""

    def make(*labels: str, release: str = "web-base-1.0, build a") -> Any:
        ssm = sandbox.client("ssm")
        for _ in range(100):
            ssm.put_parameter(
                Name=NAME, Value=OTHER_ID, Type="String", DataType="aws:ec2:image",
                Overwrite=True, Description=release,
            )  # fmt: skip
        ssm.label_parameter_version(Name=NAME, ParameterVersion=1, Labels=list(labels))
        return ssm

    return make


def versions(ssm: Any) -> list[dict[str, Any]]:
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=NAME)
    return [one for page in pages for one in page["Parameters"]]


def test_a_value_is_written_once_and_read_back(sandbox: Sandbox, doing: ActionContext) -> None:
    parameters.publish(doing)
    parameters.publish(doing)
    ssm = sandbox.client("ssm")
    assert [one["Value"] for one in versions(ssm)] == [IMAGE_ID]
    reading = structs.replace(doing, parameters={**doing.parameters, "timeout_s": 5.0})
    assert parameters.read_back(reading) == {"version": 1}


def test_a_value_is_read_until_its_image_is_checked(sandbox: Sandbox, doing: ActionContext) -> None:
    sandbox.client("ssm").put_parameter(
        Name=NAME, Value=OTHER_ID, Type="String", DataType="aws:ec2:image"
    )
    sandbox.pending_s = 3600
    parameters.publish(doing)
    reading = structs.replace(doing, parameters={**doing.parameters, "timeout_s": 0.01})
    with pytest.raises(BakeError, match=f"{NAME} not ready"):
        parameters.read_back(reading)


@pytest.mark.parametrize("operation", ["GetParameter", "PutParameter"])
def test_what_may_not_be_read_or_written_is_an_error(
    sandbox: Sandbox, doing: ActionContext, operation: str
) -> None:
    denied = Fault(service="ssm", operation=operation, code="AccessDeniedException")
    with sandbox.fail(denied), pytest.raises(AwsError, match="AccessDeniedException"):
        parameters.publish(doing)


@pytest.mark.parametrize("release", ["web-base-1.0, build a", "web-base-1.0-arm64, build a-arm64"])
def test_the_label_of_the_oldest_of_too_many_versions_makes_room(
    doing: ActionContext, full: Any, release: str
) -> None:
    ssm = full("v1.0", release=release)
    parameters.publish(doing)
    told = versions(ssm)
    assert (len(told), told[0]["Version"], told[-1]["Value"]) == (100, 2, IMAGE_ID)


@pytest.mark.parametrize(
    ("labels", "named"),
    [(["production"], "production"), (["v1.0", "vital"], "vital"), (["v1"], "v1")],
    ids=["somebody's", "one of each", "of another release"],
)
def test_a_label_of_somebody_else_stays_and_is_told(
    doing: ActionContext, full: Any, labels: list[str], named: str
) -> None:
    ssm = full(*labels)
    with pytest.raises(BakeError, match=f"the oldest, version 1, carries the label {named}\\n"):
        parameters.publish(doing)
    assert sorted(versions(ssm)[0]["Labels"]) == labels


def test_a_label_of_a_version_that_tells_no_release_is_not_ours(
    doing: ActionContext, full: Any
) -> None:
    full("v1.0", release="by hand")
    with pytest.raises(BakeError, match=r"carries the label v1\.0"):
        parameters.publish(doing)


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        ({}, "fine: parameter /golden-ami/web-base is new in us-east-1"),
        (
            {"Type": "String", "DataType": "aws:ec2:image"},
            "fine: parameter /golden-ami/web-base in us-east-1 is version 1",
        ),
        ({"Type": "String"}, "wrong: is of data type text, not aws:ec2:image, and SSM does not"),
        ({"Type": "StringList"}, "wrong: is a StringList, and SSM does not change types"),
        ({"Type": "SecureString"}, "wrong: is a SecureString, and SSM does not change types"),
    ],
    ids=["none", "of an image", "text", "a list", "a secret"],
)
def test_a_parameter_is_looked_at_before_it_is_written_over(
    sandbox: Sandbox, doing: ActionContext, there: dict[str, str], outcome: str
) -> None:
    if there:
        sandbox.client("ssm").put_parameter(Name=NAME, Value=IMAGE_ID, **there)
    result = parameters.check(doing.regional, NAME)
    verdict, _, words = outcome.partition(": ")
    (said,) = getattr(result, verdict)
    assert words in said
    assert (result.fine, result.wrong, result.unknown).count(()) == 2
    if verdict == "wrong":
        assert "delete it (`aws ssm delete-parameter`), or publish under another name" in said
        with pytest.raises(AwsError, match="cannot be changed"):
            parameters.publish(
                structs.replace(doing, parameters={**doing.parameters, "Value": OTHER_ID})
            )
