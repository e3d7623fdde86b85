"""Each undocumented part of botocore and boto3 does with the installed version what is built on it.

A failure here names the part and the version: look there first when an upgrade breaks something.
"""

import ast
import copy
import inspect
import random
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import botocore
import pytest
from botocore import hooks
from botocore.awsrequest import AWSRequest, AWSResponse, HTTPHeaders
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

VERSIONS = f"botocore {botocore.__version__}, boto3 {boto3.__version__}"

try:
    from goldenami.aws import botocore_private as private
except ImportError as error:
    pytest.fail(f"aws/botocore_private.py cannot be imported with {VERSIONS}: {error}")

SOURCE = Path(__file__).parents[2] / "src" / "goldenami"
DOCUMENTED = {"botocore.config", "botocore.exceptions", "botocore.session"}
EMPTY = b"<DescribeRegionsResponse><regionInfo><item/></regionInfo></DescribeRegionsResponse>"


class Raw:
    """A body as urllib3 streams it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


def session(sent: list[Any] | None = None) -> Any:
    """Return a session that answers by itself: a handler of botocore's own, documented event."""
    core: Any = Session()

    def answer(request: Any, **_: Any) -> AWSResponse:
        if sent is not None:
            sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), Raw(EMPTY))

    core.register("before-send", answer)
    return core


def client(core: Any) -> Any:
    return boto3.Session(botocore_session=core).client("ec2", region_name="us-east-1")


def an_answer_is_looked_at_before_it_is_parsed() -> None:
    seen: list[dict[str, Any]] = []
    core = session()
    private.before_parsing(core, lambda **told: seen.append(told))
    client(core).describe_regions()
    (told,) = seen
    assert told["operation_model"].name == "DescribeRegions"
    assert told["response_dict"]["body"] == EMPTY
    assert told["response_dict"]["status_code"] == 200
    told["response_dict"]["headers"].get("Content-Length")


def a_body_that_is_taken_away_is_not_parsed() -> None:
    core = session()
    private.before_parsing(core, lambda response_dict, **_: response_dict.update(body=b"<a/>"))
    assert "Regions" not in client(core).describe_regions()


def a_call_is_told_of_with_one_context() -> None:
    begun, ended, failed = list[Any](), list[Any](), list[Any]()
    core = session()
    private.around_calls(
        core, lambda **told: begun.append(told), lambda **told: ended.append(told),
        lambda **told: failed.append(told),
    )  # fmt: skip
    client(core).describe_regions()
    (first,), (last,) = begun, ended
    assert first["context"] is last["context"]
    assert first["context"]["client_region"] == "us-east-1"
    assert (first["model"].name, first["model"].service_model.service_name) == (
        "DescribeRegions", "ec2",
    )  # fmt: skip
    assert last["http_response"].status_code == 200
    assert last["parsed"]["ResponseMetadata"]["RetryAttempts"] == 0

    def broken(**_: Any) -> None:
        raise OSError("no network")

    ec2 = client(core)
    ec2.meta.events.register_first("before-send", broken)
    with pytest.raises(OSError, match="no network"):
        ec2.describe_regions()
    assert isinstance(failed[0]["exception"], OSError)
    assert failed[0]["context"] is begun[1]["context"]


def the_parser_of_a_factory_reads_the_answers() -> None:
    class Parser(private.EC2QueryParser):
        def parse(self, response: Any, shape: Any) -> Any:
            assert (response["body"], response["status_code"]) == (EMPTY, 200)
            assert shape.name == "DescribeRegionsResult"
            assert shape.members["Regions"].serialization["name"] == "regionInfo"
            return {**super().parse(response, shape), "Mine": True}

    class Factory(private.ResponseParserFactory):
        def create_parser(self, protocol_name: str) -> Any:
            assert protocol_name == "ec2"
            return Parser()

    core = session()
    private.parse_answers_by(core, Factory())
    answer = client(core).describe_regions()
    assert answer["Mine"]
    assert answer["Regions"] == [{}]


def the_models_are_read_once_for_all_sessions() -> None:
    first, second = session(), session()
    for core in (first, second):
        private.share_models(core)
        assert {*private.operations_of(client(core))} == {*private.operations_of(client(session()))}
    shared = first.get_component("data_loader")
    assert shared is second.get_component("data_loader")
    assert isinstance(shared, private.ModelLoader)


def models_are_read_as_botocore_reads_them() -> None:
    """Tried in a Python of its own: botocore changes models that other tests have used.

    EKS has a file of its own that botocore joins to the model.
    """
    script = """
from goldenami.aws import botocore_private as private
from botocore.session import Session

lean = Session()
private.share_models(lean)
for service in ("ec2", "eks"):
    whole, parts = Session().get_service_data(service), lean.get_service_data(service)
    assert [*parts] == [*whole]
    assert [parts[name] for name in parts if name not in ("operations", "shapes")] == [
        whole[name] for name in whole if name not in ("operations", "shapes")
    ]
    for name in ("operations", "shapes"):
        assert parts[name].items() == [*whole[name].items()]
        assert parts[name].values() == [*whole[name].values()]
assert parts["shapes"].get("Cluster") == whole["shapes"]["Cluster"]
assert parts["shapes"].get("Nothing", 1) == 1
loaders = [core.get_component("data_loader") for core in (lean, Session())]
known, usual = [loader.load_data("endpoints") for loader in loaders]
assert [*known] == [*usual]
for mine, other in zip(known["partitions"], usual["partitions"], strict=True):
    assert mine["services"].items() == [*other["services"].items()]
    assert {**mine, "services": 0} == {**other, "services": 0}
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def docs_are_imported_when_a_docstring_is_written() -> None:
    """Tried in a Python of its own, and there both ways round: modules are imported once."""
    script = """
import sys
from goldenami.aws import botocore_private as private
from botocore.session import Session

def docs():
    return [name for name in sys.modules if name.startswith(private.DOCS)]

def client(core):
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return core.create_client("ec2", region_name="us-east-1", **keys)

lean = Session()
private.share_models(lean)
client(lean).meta.events
assert docs() == []
usual = client(Session())
assert "Describes" in str(usual.describe_instances.__doc__.expandtabs())
waiter = usual.get_waiter("instance_running")
assert "Polls" in str(waiter.wait.__doc__.expandtabs())
import botocore.docs
assert botocore.docs.utils.AutoPopulatedParam and botocore.docs.generate_docs
assert type(waiter.wait.__doc__) is botocore.docs.docstring.WaiterDocstring
with private.docs_left_out():
    assert sys.modules[private.DOCS] is botocore.docs
assert sys.modules[private.DOCS] is botocore.docs
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def docs_that_are_there_already_stay() -> None:
    script = """
import botocore.client, sys
docs = sys.modules["botocore.docs.docstring"]
from goldenami.aws import botocore_private
assert sys.modules["botocore.docs.docstring"] is docs
assert botocore_private.BaseClient is botocore.client.BaseClient
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def a_service_is_known_by_its_own_folder() -> None:
    core, lean = Session(), Session()
    private.share_models(lean)
    known = lean.get_component("data_loader").list_available_services("service-2")
    assert "ec2" in known
    assert "ec3" not in known
    assert [*known] == core.get_available_services()
    with pytest.raises(UnknownServiceError, match="'ec3'"):
        lean.get_service_data("ec3")


def a_method_is_made_when_it_is_called_for() -> None:
    """Tried in a Python of its own, as these tests' other sessions make clients' classes, too."""
    script = """
from goldenami.aws import botocore_private as private
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
core = Session()
private.share_models(core)
client = core.create_client("ec2", region_name="us-east-1", **keys)
assert "describe_regions" not in vars(type(client))
assert client.can_paginate("describe_instances")
operations, usual = private.operations_of(client), Session().create_client(
    "ec2", "us-east-1", **keys
)
assert dict(operations) == usual.meta.method_to_api_mapping
assert len(operations) == len(usual.meta.method_to_api_mapping)
assert "describeregions" not in operations
calls = []
client._make_api_call = lambda *call: calls.append(call)
client.describe_regions(RegionNames=["us-east-1"])
assert calls == [("DescribeRegions", {"RegionNames": ["us-east-1"]})]
assert not hasattr(client, "describe_nothing")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def the_errors_of_a_service_are_those_that_botocore_finds() -> None:
    """Tried in a Python of its own: a sandbox tells moto of errors that no model of AWS's has."""
    script = """
from botocore.session import Session
from goldenami.aws import botocore_private as private

core = Session()
private.share_models(core)
for service in ("ec2", "iam", "organizations", "ssm"):
    usual = Session().get_service_model(service)
    model = core.create_client(service, "us-east-1").meta.service_model
    assert type(model) is not type(usual)
    names = [[shape.name for shape in each.error_shapes] for each in (model, usual)]
    assert names[0] == names[1], names
    for shape in usual.error_shapes:
        assert model.shape_for_error_code(shape.error_code).name == shape.name
    assert model.shape_for_error_code("DryRunOperation") is None
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def regions_are_those_that_botocore_knows() -> None:
    core = Session()
    assert private.regions_of(core, "ec2") == {
        partition: {*core.get_available_regions("ec2", partition)}
        for partition in core.get_available_partitions()
    }


def one_class_serves_the_clients_of_all_sessions_that_share_models() -> None:
    """Tried in a Python of its own: these tests have botocore keep all classes, whoever asks."""
    script = """
from goldenami.aws import botocore_private as private
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

def client(core, region):
    return core.create_client(
        "ec2", region_name=region, aws_access_key_id="a", aws_secret_access_key="b"
    )

shared, other, apart, again = (Session() for _ in range(4))
for core in (shared, other):
    private.share_models(core)
first, further = client(shared, "us-east-1"), client(shared, "eu-west-1")
third = client(other, "us-east-1")
assert type(first) is type(further) is type(third)
assert first.meta.service_model is further.meta.service_model is third.meta.service_model
assert first.meta.region_name != further.meta.region_name
assert len({type(client(core, "us-east-1")) for core in (shared, apart, again)}) == 3
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def a_shared_class_has_nothing_of_a_session() -> None:
    first, second = list[Any](), list[Any]()
    cores = [session(first), session(second)]
    for core, key in zip(cores, ("one", "two"), strict=True):
        private.share_models(core)
        private.sign_by(core, private.Credentials(key, "secret"))
    mine, other = map(client, cores)
    assert type(mine) is type(other)
    mine.describe_regions()
    assert (len(first), len(second)) == (1, 0)
    other.describe_regions()
    assert [f"Credential={key}/".encode() in request.headers["Authorization"]
            for key, (request,) in (("one", first), ("two", second))] == [True, True]  # fmt: skip


def a_copy_of_handlers_is_as_botocore_s_whoever_changes_it() -> None:
    """Tried side by side: trees, copies of them and of copies, and changes of any, by chance."""
    chance = random.Random(1)
    usual = hooks._PrefixTrie()  # type: ignore[attr-defined]
    trees = [(usual, private._Handlers(copy.copy(usual)._root))]
    held: list[list[tuple[str, int]]] = [[]]
    events = [
        ".".join(words) for n in (1, 2, 3) for words in product(("before", "*", "ec2"), repeat=n)
    ]
    for number in range(400):
        index, event = chance.randrange(len(trees)), chance.choice(events)
        tree = trees[index]
        if number % 10 == 0:
            trees.append((copy.copy(tree[0]), copy.copy(tree[1])))
            held.append(held[index][:])
        elif number % 3 == 0 and held[index]:
            gone = held[index].pop(chance.randrange(len(held[index])))
            for each in tree:
                each.remove_item(*gone)
        else:
            held[index].append((event, number))
            section = chance.randrange(3)
            for each in tree:
                each.append_item(event, number, section)
    for theirs, ours in trees:
        assert [list(ours.prefix_search(event)) for event in events] == [
            list(theirs.prefix_search(event)) for event in events
        ]


def a_client_has_its_session_s_handlers_and_its_own() -> None:
    core, told = session(), list[str]()
    private.share_models(core)
    core.register("before-call", lambda **_: told.append("session's"))
    first, second = client(core), client(core)
    first.meta.events.register("before-call", lambda **_: told.append("its own"))
    core.register("before-call", lambda **_: told.append("too late"))
    second.describe_regions()
    first.describe_regions()
    assert told == ["session's", "session's", "its own"]


def models_of_the_users_own_are_read_from_their_folder(folder: str) -> None:
    core = session()
    core.set_config_variable("data_path", folder)
    private.share_models(core)
    assert folder in core.get_component("data_loader").search_paths


def the_credentials_of_a_session_sign() -> None:
    class Own(private.Credentials):
        def get_frozen_credentials(self) -> Any:
            return private.Credentials("mine", "secret", "token").get_frozen_credentials()

    sent: list[Any] = []
    core = session(sent)
    private.sign_by(core, Own("", ""))
    client(core).describe_regions()
    assert b"Credential=mine/" in sent[0].headers["Authorization"]


def credentials_are_fetched_when_they_are_needed() -> None:
    fetched: list[int] = []

    def fetch() -> dict[str, str]:
        fetched.append(1)
        return {
            "access_key": "a", "secret_key": "s", "token": "t",
            "expiry_time": "2100-01-01T00:00:00+00:00",
        }  # fmt: skip

    credentials = private.DeferredRefreshableCredentials(method="m", refresh_using=fetch)
    assert not fetched
    assert credentials.get_frozen_credentials().access_key == "a"
    assert credentials.method == "m"


def a_session_has_the_configuration() -> None:
    core: Any = Session()
    assert isinstance(core.get_scoped_config(), dict)
    assert isinstance(core.full_config, dict)
    core.get_config_variable("ignore_configured_endpoint_urls")


def a_client_tells_its_operations_from_its_other_methods() -> None:
    operations = private.operations_of(client(session()))
    assert private.xform_name("DescribeInstances") in operations
    assert not {*operations} & {"get_waiter", "get_paginator", "meta", "close"}


def urls_are_judged_and_proxies_found() -> None:
    assert private.is_valid_endpoint_url("https://host:1")
    assert not private.is_valid_endpoint_url("https://-/")
    assert private.is_valid_ipv6_endpoint_url("https://[::1]:1")
    assert isinstance(private.get_environ_proxies("https://host"), dict)
    assert private.CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES["stepfunctions"] == "sfn"


def times_are_parsed() -> None:
    assert private.parse_timestamp("2026-11-23T01:02:03.000Z").year == 2026


def a_parser_says_what_it_cannot_parse() -> None:
    parser: Any = private.EC2QueryParser()
    with pytest.raises(private.ResponseParserError):
        parser.parse({"body": b"<", "status_code": 200, "headers": {}}, None)


def a_bundle_is_read_before_the_connections_that_trust_it() -> None:
    ours = client(session())
    private.trust_in_common(ours)
    http = ours._endpoint.http_session
    pools = [http._manager.connection_from_url(url) for url in ("https://a", "https://b")]
    for pool in pools:
        http._setup_ssl_cert(pool, "https://a", True)
    contexts = {id(pool.ConnectionCls(**_how(pool)).ssl_context) for pool in pools}
    assert len(contexts) == 1
    assert [pool.ca_certs for pool in pools] == [None, None]
    assert [pool.cert_reqs for pool in pools] == ["CERT_REQUIRED"] * 2


def _how(pool: Any) -> dict[str, Any]:
    return {"host": pool.host, "port": pool.port, **pool.conn_kw}


class _Big(BaseHTTPRequestHandler):
    """Answers with a megabyte."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(2**20))
        self.end_headers()
        self.wfile.write(bytes(2**20))

    def log_message(self, *_: Any) -> None:
        pass


def an_answer_is_read_in_as_few_parts_as_there_can_be() -> None:
    usual, ours = client(session()), client(session())
    private.read_in_large_parts(ours)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Big) as server:
        Thread(target=server.serve_forever).start()
        try:
            parts = [
                _parts(each, f"http://127.0.0.1:{server.server_port}") for each in (usual, ours)
            ]
        finally:
            server.shutdown()
    assert parts[0] > parts[1] == 1
    pools = [each._endpoint.http_session._pool_classes_by_scheme for each in (usual, ours)]
    assert all(issubclass(pools[1][scheme], kind) for scheme, kind in pools[0].items())
    assert pools[0].keys() == {"http", "https"}


def _parts(client: Any, url: str) -> int:
    http = client._endpoint.http_session
    answer = http.send(AWSRequest("GET", url, stream_output=True).prepare())
    parts = [*answer.raw.stream()]
    assert b"".join(parts) == bytes(2**20)
    return len(parts)


PARTS: dict[str, Callable[[], None]] = {
    "the event before-parse": an_answer_is_looked_at_before_it_is_parsed,
    "response_dict of before-parse": a_body_that_is_taken_away_is_not_parsed,
    "the events before-call, after-call, after-call-error": a_call_is_told_of_with_one_context,
    "response_parser_factory, EC2QueryParser": the_parser_of_a_factory_reads_the_answers,
    "data_loader": the_models_are_read_once_for_all_sessions,
    "JSONFileLoader._load_file": models_are_read_as_botocore_reads_them,
    "botocore.docs": docs_are_imported_when_a_docstring_is_written,
    "botocore.docs.docstring": docs_that_are_there_already_stay,
    "Loader.list_api_versions": a_service_is_known_by_its_own_folder,
    "_PY_TO_OP_NAME, _make_api_call": a_method_is_made_when_it_is_called_for,
    "endpoint_resolver": regions_are_those_that_botocore_knows,
    "error_shapes": the_errors_of_a_service_are_those_that_botocore_finds,
    "ClientCreator._create_client_class": (
        one_class_serves_the_clients_of_all_sessions_that_share_models
    ),
    "ClientCreator._load_service_model": a_shared_class_has_nothing_of_a_session,
    "HierarchicalEmitter._handlers": a_client_has_its_session_s_handlers_and_its_own,
    "_PrefixTrie, NodeList": a_copy_of_handlers_is_as_botocore_s_whoever_changes_it,
    "data_path": lambda: models_of_the_users_own_are_read_from_their_folder("/own/models"),
    "Session._credentials": the_credentials_of_a_session_sign,
    "DeferredRefreshableCredentials": credentials_are_fetched_when_they_are_needed,
    "scoped and full configuration": a_session_has_the_configuration,
    "meta.method_to_api_mapping, xform_name": a_client_tells_its_operations_from_its_other_methods,
    "URLLib3Session._setup_ssl_cert": a_bundle_is_read_before_the_connections_that_trust_it,
    "URLLib3Session._pool_classes_by_scheme": an_answer_is_read_in_as_few_parts_as_there_can_be,
    "botocore.utils": urls_are_judged_and_proxies_found,
    "botocore.utils.parse_timestamp": times_are_parsed,
    "ResponseParserError": a_parser_says_what_it_cannot_parse,
}


@pytest.mark.parametrize("part", PARTS)
def test_the_installed_version_has_each_part(part: str) -> None:
    try:
        PARTS[part]()
    except Exception as error:
        pytest.fail(
            f"{part} is not what aws/botocore_private.py builds on, in {VERSIONS}: {error!r}"
        )


def test_each_name_of_the_module_is_tried() -> None:
    tried = inspect.getsource(inspect.getmodule(session))  # type: ignore[arg-type]
    assert [name for name in private.__all__ if f"private.{name}" not in tried] == []


def test_nothing_else_is_built_on_what_is_not_documented() -> None:
    users = {
        (str(path.relative_to(SOURCE)), node.module)
        for path in SOURCE.rglob("*.py")
        if path.name not in ("botocore_private.py", "botocore_models.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("botocore")
        and {f"{node.module}.{alias.name}" for alias in node.names} - DOCUMENTED
        and node.module not in DOCUMENTED
    }
    assert users == set()
