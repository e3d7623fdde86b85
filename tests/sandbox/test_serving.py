"""What moto is given of a request is what it would read itself; what it answers has AWS's ids."""

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core.request import Request

from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.serving import OnePathRequest

FORM = "application/x-www-form-urlencoded; charset=utf-8"
TARGETS = st.sampled_from(["/", "/?Action=ListGroups&Marker=", "/?a=%2F%20+b&c"])
PAIRS = st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), max_size=4)


def environ(target: str, content_type: str, body: bytes) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1:5000",
    }


def told(request: Request) -> tuple[object, ...]:
    form = [*request.form.items(multi=True)]
    return (form, request.data, [*request.files], request.raw_url, request.raw_path)


@given(TARGETS, PAIRS)
def test_a_form_is_read_as_by_moto(target: str, pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs).encode()
    ours, its = (environ(target, FORM, body) for _ in range(2))
    assert told(OnePathRequest(ours)) == told(Request(its))


@given(TARGETS, st.dictionaries(st.text(max_size=8), st.text(max_size=8)), st.booleans())
def test_json_is_read_as_by_moto(target: str, parameters: dict[str, str], named: bool) -> None:
    body = json.dumps(parameters).encode()
    content_type = "application/x-amz-json-1.1" if named else ""
    ours, its = (environ(target, content_type, body) for _ in range(2))
    assert told(OnePathRequest(ours)) == told(Request(its))


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ec2", "describe_regions"),
        ("iam", "list_groups"),
        ("ssm", "describe_parameters"),
        ("sts", "get_caller_identity"),
    ],
)
def test_each_answer_has_an_id_and_a_date(sandbox: Sandbox, service: str, operation: str) -> None:
    client = sandbox.client(service)
    first, second = (getattr(client, operation)()["ResponseMetadata"] for _ in range(2))
    assert first["RequestId"] != second["RequestId"]
    assert str(UUID(first["RequestId"])) == first["HTTPHeaders"]["x-amzn-requestid"]
    assert first["HTTPHeaders"]["date"].endswith(" GMT")


def test_what_is_stored_is_no_answer_of_ec2(sandbox: Sandbox) -> None:
    ssm, text = sandbox.client("ssm"), "<requestId>mine</requestId><RequestId>mine</RequestId>"
    ssm.put_parameter(Name="/text", Value=text, Type="String")
    assert ssm.get_parameter(Name="/text")["Parameter"]["Value"] == text
