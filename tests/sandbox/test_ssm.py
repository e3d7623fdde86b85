from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
NAME = "/golden-ami/web-base"
IMAGE = {"Name": NAME, "Type": "String", "DataType": "aws:ec2:image"}


def value(ssm: Any, name: str = NAME) -> Any:
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]


class TestImageParameter:
    def test_it_appears_when_its_image_exists(
        self, sandbox: Sandbox, ec2: Any, ssm: Any, refused: Any, source_id: str
    ) -> None:
        sandbox.pending_s = 3600
        assert ssm.put_parameter(Value=source_id, **IMAGE)["Version"] == 1
        with refused("ParameterNotFound"):
            value(ssm)
        sandbox.pending_s = 0
        ssm.put_parameter(Value=source_id, **IMAGE)
        assert value(ssm) == source_id

    def test_it_never_appears_without_an_image_of_its_region(
        self, sandbox: Sandbox, ec2: Any, refused: Any, source_id: str
    ) -> None:
        away = sandbox.client("ssm", "eu-west-1")
        assert away.put_parameter(Value=source_id, **IMAGE)["Version"] == 1
        with refused("ParameterNotFound"):
            value(away)

    def test_a_version_that_fails_its_check_leaves_the_one_before(
        self, ec2: Any, ssm: Any, source_id: str
    ) -> None:
        ssm.put_parameter(Value=source_id, **IMAGE)
        answer = ssm.put_parameter(Value="ami-0123456789abcdef0", Overwrite=True, **IMAGE)
        assert answer["Version"] == 2
        assert value(ssm) == source_id

    def test_what_is_no_image_id_is_refused(self, ssm: Any, refused: Any) -> None:
        with refused("ValidationException"):
            ssm.put_parameter(Value="web-1", **IMAGE)

    def test_each_version_can_be_read(self, ec2: Any, ssm: Any, source_id: str, bake: Make) -> None:
        ssm.put_parameter(Value=source_id, **IMAGE)
        image_id = bake()
        ssm.put_parameter(Value=image_id, Overwrite=True, **IMAGE)
        ssm.label_parameter_version(Name=NAME, ParameterVersion=1, Labels=["previous"])
        assert value(ssm) == image_id
        assert value(ssm, f"{NAME}:1") == value(ssm, f"{NAME}:previous") == source_id
        parameter = ssm.get_parameter(Name=NAME)["Parameter"]
        assert (parameter["Version"], parameter["DataType"]) == (2, "aws:ec2:image")


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ({"Type": "String"}, {"DataType": "aws:ec2:image"}, "ValidationException"),
        (IMAGE, {"DataType": "text"}, "ValidationException"),
        ({"Type": "String"}, {"Type": "SecureString"}, "HierarchyTypeMismatchException"),
        ({"Type": "StringList"}, {"Type": "String"}, "HierarchyTypeMismatchException"),
    ],
    ids=["text to image", "image to text", "to a secret", "from a list"],
)
def test_a_parameter_keeps_its_types(
    ec2: Any,
    ssm: Any,
    refused: Any,
    source_id: str,
    first: dict[str, str],
    second: dict[str, str],
    code: str,
) -> None:
    ssm.put_parameter(**{"Name": NAME, "Value": source_id} | first)
    same = {"Name": NAME, "Value": source_id, "Overwrite": True}
    with refused(code, "cannot be changed"):
        ssm.put_parameter(**same | second)
    assert ssm.put_parameter(**same)["Version"] == 2


def test_a_parameter_is_not_overwritten_unless_asked_for(ssm: Any, refused: Any) -> None:
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    with refused("ParameterAlreadyExists"):
        ssm.put_parameter(Name="/a", Value="2", Type="String")
    assert ssm.put_parameter(Name="/a", Value="2", Overwrite=True)["Version"] == 2
    assert value(ssm, "/a") == "2"


def test_tags_and_overwrite_do_not_go_together(ssm: Any, refused: Any) -> None:
    tags = [{"Key": "a", "Value": "1"}]
    ssm.put_parameter(Name="/a", Value="1", Type="String", Tags=tags)
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/a")["TagList"] == tags
    with refused("ValidationException"):
        ssm.put_parameter(Name="/a", Value="2", Overwrite=True, Tags=tags)


@pytest.mark.parametrize("name", ["/aws/service/mine", "aws-mine", "ssm-mine"])
def test_reserved_names_are_refused(ssm: Any, name: str) -> None:
    with pytest.raises(ssm.exceptions.ClientError):
        ssm.put_parameter(Name=name, Value="1", Type="String")
