"""Clients of a running sandbox, in which everything is ready at once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

HOME, AWAY = "us-east-1", "eu-west-1"
Refused = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def ec2(sandbox: Sandbox) -> Any:
    sandbox.pending_s = 0
    return sandbox.client("ec2", HOME)


@pytest.fixture
def ec2_away(sandbox: Sandbox) -> Any:
    return sandbox.client("ec2", AWAY)


@pytest.fixture
def ssm(sandbox: Sandbox) -> Any:
    return sandbox.client("ssm", HOME)


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    return sandbox.client("iam")


@pytest.fixture
def source_id() -> str:
    """Amazon Linux 2023 in the home region."""
    return catalogue.IMAGES[0].id_in(HOME)


@pytest.fixture
def launch(ec2: Any, source_id: str) -> Callable[..., str]:
    def launch(image_id: str = source_id, **parameters: Any) -> str:
        asked = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1} | parameters
        answer = ec2.run_instances(ImageId=image_id, **asked)
        return str(answer["Instances"][0]["InstanceId"])

    return launch


@pytest.fixture
def bake(ec2: Any, launch: Callable[..., str]) -> Callable[..., str]:
    def bake(name: str = "web-1", **parameters: Any) -> str:
        instance_id = parameters.pop("InstanceId", None) or launch()
        return str(ec2.create_image(InstanceId=instance_id, Name=name, **parameters)["ImageId"])

    return bake


@pytest.fixture
def refused() -> Refused:
    @contextmanager
    def refused(code: str, says: str = "") -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert error["Code"] == code
        assert says in error["Message"]

    return refused
