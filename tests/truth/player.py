"""Calls operations, and keeps what they answer."""

from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape, StructureShape
from msgspec import Struct

from goldenami_sandbox import catalogue
from goldenami_sandbox.identity import ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY
from goldenami_sandbox.server import Sandbox

REGION = "us-east-1"
TAG = {"Key": "Team", "Value": "platform"}
PUBLIC = catalogue.IMAGES[0].id_in(REGION)
_NOTHING = StructureShape("Nothing", {"type": "structure", "members": {}})


class Answered(Struct):
    """The shape of an operation's answers, and all that it answered."""

    shape: Shape
    answers: list[Any]


class Player:
    """Calls operations of a sandbox, and keeps what they answer, with times as they were sent."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.answered: dict[str, Answered] = {}
        self._sandbox = sandbox
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = botocore.session.get_session()
        factory = self._session.get_component("response_parser_factory")
        factory.set_parser_defaults(timestamp_parser=lambda sent: sent)

    def call(self, name: str, region: str = REGION, /, **parameters: Any) -> Any:
        """Call an operation, such as ``ec2:DescribeImages``."""
        service, _, operation = name.partition(":")
        client = self._client(service, region)
        answer = getattr(client, xform_name(operation))(**parameters)
        answer.pop("ResponseMetadata")
        shape = client.meta.service_model.operation_model(operation).output_shape or _NOTHING
        self.answered.setdefault(name, Answered(shape, [])).answers.append(answer)
        return answer

    def denied(self, credentials: dict[str, Any]) -> str:
        """Return the encoded message of a call that these credentials may not make."""
        client = self._new(
            "ec2", REGION, credentials["AccessKeyId"], credentials["SecretAccessKey"],
            credentials["SessionToken"],
        )  # fmt: skip
        with pytest.raises(ClientError) as refused:
            client.delete_volume(VolumeId="vol-0123456789abcdef0")
        return str(refused.value).rpartition("message: ")[2]

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = self._new(
                service, region, ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY
            )
        return self._clients[service, region]

    def _new(self, service: str, region: str, key: str, secret: str, token: str = "") -> Any:
        return self._session.create_client(
            service, region, endpoint_url=self._sandbox.endpoint_url,
            aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token or None,
        )  # fmt: skip
