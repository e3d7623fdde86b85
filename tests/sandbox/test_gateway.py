import urllib.request
from io import BytesIO
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.calls import Call, Refusal
from goldenami_sandbox.gateway import read_call
from goldenami_sandbox.identity import ROOT_ACCESS_KEY_ID
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.wire import error_answer


def test_calls_are_recorded_in_boto3s_own_shape(sandbox: Sandbox) -> None:
    filters = [{"Name": "state", "Values": ["available", "failed"]}]
    sandbox.client("ec2", "eu-west-1").describe_images(Owners=["self"], Filters=filters)
    sandbox.client("iam").list_groups(PathPrefix="/")
    sandbox.client("ssm").get_parameters(Names=["/a", "/b"])
    images, groups, parameters = sandbox.calls
    assert images == Call(
        "ec2",
        "DescribeImages",
        "eu-west-1",
        ROOT_ACCESS_KEY_ID,
        {"Owners": ["self"], "Filters": filters},
        "ec2",
    )
    assert (groups.name, groups.parameters) == ("iam:ListGroups", {"PathPrefix": "/"})
    assert (parameters.protocol, parameters.parameters) == ("json", {"Names": ["/a", "/b"]})


def test_the_region_is_that_of_the_signature(sandbox: Sandbox) -> None:
    for region in ("us-east-1", "ap-northeast-2"):
        sandbox.client("ec2", region).create_key_pair(KeyName=region)
        pairs = sandbox.client("ec2", region).describe_key_pairs()["KeyPairs"]
        assert [pair["KeyName"] for pair in pairs] == [region]


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_images", "AuthFailure"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("ssm", "describe_parameters", "UnrecognizedClientException"),
    ],
    ids=["EC2", "the query protocol", "the JSON protocol"],
)
def test_an_access_key_that_nobody_owns_is_refused(
    sandbox: Sandbox, service: str, operation: str, code: str
) -> None:
    client = sandbox.client(service, access_key_id="AKIAUNKNOWN000000000")
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    assert caught.value.response["Error"]["Code"] == code


def test_an_inactive_access_key_is_refused(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    iam.create_user(UserName="ann")
    key_id = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    sts = sandbox.client("sts", access_key_id=key_id)
    assert sts.get_caller_identity()["Arn"].endswith(":user/ann")
    iam.update_access_key(UserName="ann", AccessKeyId=key_id, Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()


def test_what_the_sandbox_lacks_is_an_error_that_says_so(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match="does not implement ec2:ExportImage"):
        sandbox.client("ec2").export_image(
            DiskImageFormat="RAW", ImageId="ami-01234567", S3ExportLocation={"S3Bucket": "b"}
        )


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("imagebuilder", "list_images", {}),
        ("dlm", "get_lifecycle_policies", {}),
        ("accessanalyzer", "list_analyzers", {}),
    ],
)
def test_a_service_that_is_not_there_is_an_error_that_says_so(
    sandbox: Sandbox, capsys: Any, service: str, operation: str, parameters: Any
) -> None:
    with pytest.raises(ClientError, match=r"does not implement .*the service is none") as caught:
        getattr(sandbox.client(service), operation)(**parameters)
    assert caught.value.response["Error"]["Code"] == "InvalidAction"
    assert len(sandbox.calls) == 1
    assert capsys.readouterr() == ("", "")


FORM, JSON = "application/x-www-form-urlencoded", "application/x-amz-json-1.1"
MALFORMED = [
    ("ec2", FORM, b"\xff\xfe", {}, b"MalformedQueryString"),
    ("ec2", FORM, b"", {"Content-Length": "abc"}, b"BadRequest"),
    ("ec2", FORM, b"", {"Content-Length": "-5"}, b"BadRequest"),
    ("ec2", FORM, b"Action=Nonsense", {}, b"The action Nonsense is not valid"),
    ("ssm", JSON, b"\xff\xfe", {}, b"SerializationException"),
    ("ssm", JSON, b"{not json", {}, b"SerializationException"),
    ("ssm", JSON, b"[]", {}, b"SerializationException"),
    ("ssm", JSON, b'"text"', {}, b"SerializationException"),
]


@pytest.mark.parametrize(("service", "kind", "body", "headers", "says"), MALFORMED)
def test_what_is_no_request_is_refused(
    sandbox: Sandbox, capsys: Any, service: str, kind: str, body: bytes, headers: Any, says: bytes
) -> None:
    scope = f"{ROOT_ACCESS_KEY_ID}/20261124/us-east-1/{service}/aws4_request"
    request = urllib.request.Request(
        sandbox.endpoint_url,
        method="POST",
        data=body,
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0",
            "Content-Type": kind,
            "X-Amz-Target": "AmazonSSM.GetParameter" if service == "ssm" else "",
            **headers,
        },
    )
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.code == 400
        assert says in answer.read()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("inspector2", "GET", "/coverage/list"),
        ("inspector2", "POST", "/nowhere"),
        ("nothing", "POST", "/coverage/list"),
    ],
    ids=["another method", "another path", "another service"],
)
def test_a_rest_request_that_names_no_operation_is_recorded_and_not_answered(
    sandbox: Sandbox, service: str, method: str, path: str
) -> None:
    scope = f"{ROOT_ACCESS_KEY_ID}/20261124/us-east-1/{service}/aws4_request"
    request = urllib.request.Request(
        sandbox.endpoint_url + path,
        method=method,
        headers={"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"},
    )
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    assert (sandbox.calls[-1].service, sandbox.calls[-1].operation) == (service, "")


def test_a_guard_refuses_before_anything_happens() -> None:
    def nobody_creates(call: Call) -> Refusal | None:
        if call.operation.startswith("Create"):
            return Refusal("UnauthorizedOperation", "You are not authorized.", 403)
        return None

    with Sandbox(guards=[nobody_creates]) as guarded:
        ec2: Any = guarded.client("ec2")
        with pytest.raises(ClientError) as caught:
            ec2.create_key_pair(KeyName="k")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert ec2.describe_key_pairs()["KeyPairs"] == []


def test_what_stands_in_a_path_is_a_parameter(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError):
        sandbox.client("eks").describe_cluster(name="web")
    (call,) = sandbox.calls
    assert (call.name, call.parameters) == ("eks:DescribeCluster", {"name": "web"})


@pytest.mark.parametrize("kind", ["application/cbor", "text/plain", ""])
def test_a_call_whose_parameters_cannot_be_read_has_no_operation(kind: str) -> None:
    signed = "AWS4-HMAC-SHA256 Credential=AKIA/20261126/us-east-1/tagging/aws4_request"
    body = b'{"ResourceARNList": ["arn:aws:ec2:us-east-1::image/ami-1"], "Tags": {"a": "b"}}'
    call = read_call({
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.input": BytesIO(body), "wsgi.url_scheme": "http", "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)), "HTTP_AUTHORIZATION": signed,
        "HTTP_X_AMZ_TARGET": "ResourceGroupsTaggingAPI_20170126.TagResources",
    })  # fmt: skip
    assert (call.service, call.operation) == ("tagging", "")


def test_s3_has_errors_of_its_own_shape() -> None:
    kind, body = error_answer("rest-xml", Refusal("AccessDenied", "a < b", 403))
    assert kind.startswith("text/xml")
    assert b"<Error><Code>AccessDenied</Code><Message>a &lt; b</Message>" in body
