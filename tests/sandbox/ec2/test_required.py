"""A request without a parameter that its operation needs, from a client that does not look."""

from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.client import Config
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.server import Sandbox

_MODEL: Any = get_service_model("ec2")
NEEDING = {
    name: [
        member
        for member in _MODEL.operation_model(name).input_shape.required_members
        if _MODEL.operation_model(name).input_shape.members[member].type_name != "structure"
    ]
    for name in _MODEL.operation_names
    if _MODEL.operation_model(name).input_shape
    and getattr(
        getattr(Ec2Response, xform_name(name), None), "__module__", ""
    ).startswith("goldenami_sandbox")
}  # fmt: skip
"""The sandbox's own operations, each with what it needs that is no structure."""


def test_it_is_refused_in_every_operation(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    client = boto3.client(
        "ec2", "us-east-1", endpoint_url=sandbox.endpoint_url,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"], aws_secret_access_key="x",
        config=Config(parameter_validation=False),
    )  # fmt: skip
    needing = {name: members for name, members in NEEDING.items() if members}
    del needing["CopySnapshot"]  # which botocore cannot sign without its region
    assert "AttachImageWatermark" in needing
    for name, (first, *_) in needing.items():
        with pytest.raises(ClientError, match=f"MissingParameter.*{first}"):
            getattr(client, xform_name(name))()
