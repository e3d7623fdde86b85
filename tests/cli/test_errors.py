"""What goes wrong outside goldenami is one clear message, the right exit code, and no traceback."""

import os
from pathlib import Path
from typing import Any

import pytest

from goldenami.workflows.release import run
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

RELEASE_COMMANDS = [
    ("bake",), ("bake", "--if-outdated"), ("enforce",), ("base", "launch"), ("audit",),
    ("rehearse",), ("outdated",),
]  # fmt: skip


@pytest.mark.parametrize("command", RELEASE_COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: goldenami/v1\nimage: a\nregoins: [us-east-1]\n", "release.yaml:3: regoins"),
        (
            "schema: goldenami/v2\n",
            "release.yaml:1: schema: needs `goldenami/v1`, not `goldenami/v2`",
        ),
        ("image: [\n", "release.yaml:2:1: not YAML"),
        ("", "the file is empty"),
    ],
    ids=["a misspelt key", "another schema", "broken YAML", "an empty file"],
)
def test_a_wrong_release_file(
    cli: Any, tmp_path: Path, command: tuple[str, ...], text: str, says: str
) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(text)
    ran = cli(*command, path)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", RELEASE_COMMANDS, ids=" ".join)
def test_a_missing_release_file(cli: Any, tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = cli(*command, tmp_path / "none.yaml")
    assert ran.code == 2
    assert f"{tmp_path}/none.yaml: cannot be read: No such file or directory" in ran.err


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"image": "web/base"}, "image: `web/base` is no image name"),
        ({"version": "1 0"}, "version: `1 0` is no version"),
        ({"regions": ["useast1"]}, "regions[0]: `useast1` is no region name"),
        ({"tags": {"aws:x": "1"}}, "tags.aws:x: tag keys that start with `aws:`"),
        ({"base__volumes": [{"device": "/dev/xvda", "size_gib": "30"}]}, "needs a whole number"),
        ({"base__user_data": "missing.sh"}, "missing.sh: cannot be read"),
        ({"audit": {"waivers": 3}}, "audit.waivers: needs text, not the number 3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_values_are_told_with_their_place(
    cli: Any, write: Any, changes: dict[str, Any], says: str
) -> None:
    ran = cli("bake", write(**changes), "--yes")
    assert ran.code == 2
    assert "release.yaml:" in ran.err
    assert says in ran.err


def test_a_region_that_aws_does_not_have(cli: Any, write: Any, sandbox: Sandbox) -> None:
    ran = cli("bake", write(regions=["us-esat-1"]), "--region", "us-esat-1", "--yes")
    assert ran.code == 2
    assert "`us-esat-1` is no AWS region" in ran.err


@pytest.mark.parametrize("command", [("bake",), ("enforce",), ("audit",)], ids=" ".join)
def test_missing_credentials(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = cli(*command, write())
    assert ran.code == 1
    assert "no AWS credentials found" in ran.err
    assert "aws sso login" in ran.err
    assert sandbox.calls == ()


@pytest.mark.parametrize("command", [("bake",), ("enforce",), ("audit",)], ids=" ".join)
@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("ExpiredToken", "log in again"),
        ("InvalidClientTokenId", "AWS does not accept these credentials"),
        ("AccessDenied", "the caller needs a permission"),
        ("Throttling", "AWS is throttling"),
    ],
)
def test_credentials_that_aws_refuses(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, mutating: Any,
    command: tuple[str, ...], code: str, fix: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("goldenami.aws.session.ATTEMPTS", 1)
    faults = [
        sandbox.fail(Fault(service=service, operation="*", code=code, status=400))
        for service in ("sts", "ec2", "ssm", "iam")
    ]
    ran = cli(*command, write(), *([] if command == ("audit",) else ["--yes"]))
    assert ran.code == 1
    assert code in ran.err
    assert fix in ran.err
    assert "Traceback" not in ran.err
    assert mutating() == []
    assert sum(fault.hits for fault in faults) > 0


@pytest.mark.parametrize("command", [("bake",), ("enforce",), ("audit",)], ids=" ".join)
def test_an_unreachable_endpoint(
    cli: Any, write: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr("goldenami.aws.session.ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    ran = cli(*command, write())
    assert ran.code == 1
    assert "127.0.0.1:9" in ran.err
    assert "check the network" in ran.err


def test_a_profile_that_does_not_exist(cli: Any, write: Any) -> None:
    ran = cli("bake", write(), "--profile", "nope")
    assert ran.code == 2
    assert "nope" in ran.err
    assert "aws configure list-profiles" in ran.err


def test_no_region_at_all(cli: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = cli("base", "terminate", "i-0123456789abcdef0", "--yes")
    assert ran.code == 2
    assert "no AWS region is set" in ran.err


def test_a_state_folder_that_cannot_be_written_stops_a_bake_before_it_starts(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, mutating: Any
) -> None:
    monkeypatch.setenv("GOLDENAMI_STATE", "/dev/null/state")
    ran = cli("bake", write(), "--yes")
    assert ran.code == 1
    assert "the journal /dev/null/state/" in ran.err
    assert "GOLDENAMI_STATE" in ran.err
    assert mutating() == []


def test_debug_shows_where_an_error_comes_from(cli: Any, write: Any) -> None:
    from goldenami.cli import main
    from goldenami.errors import SpecError

    with pytest.raises(SpecError):
        main(["--debug", "bake", str(write(image="a/b"))])
    assert cli("bake", write(image="a/b")).code == 2


def test_a_defect_of_ours_undoes_what_was_made_and_asks_for_a_report(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, living: Any
) -> None:
    def broken(_: Any) -> dict[str, Any]:
        raise ZeroDivisionError("a defect")

    monkeypatch.setitem(run.HANDLERS, "wait:instance", broken)
    ran = cli("bake", write(), "--yes")
    assert ran.code == 1
    assert "unexpected ZeroDivisionError: a defect" in ran.err
    assert "undone: launch the base instance" in ran.err
    assert living() == []


def test_an_endpoint_on_the_command_line_is_used(
    cli: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert "AWS_ENDPOINT_URL" not in os.environ
    ran = cli("images", "--region", "us-east-1", "--endpoint-url", sandbox.endpoint_url)
    assert ran.code == 0
    assert "DescribeImages" in {one.operation for one in sandbox.calls}


def test_an_endpoint_that_is_no_url_is_one_message(cli: Any, monkeypatch: Any) -> None:
    said = "goldenami: {}: `localhost:21400` is no URL\n  fix: write http://localhost:21400\n"
    ran = cli("images", "--endpoint-url", "localhost:21400")
    assert (ran.code, ran.err) == (2, said.format("--endpoint-url"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:21400")
    ran = cli("base", "list")
    assert (ran.code, ran.err) == (2, said.format("AWS_ENDPOINT_URL"))


def test_the_region_of_the_environment_is_taken_by_either_name(
    cli: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert cli("sweep", "--region", "eu-west-1", "--plan").code == 0
    assert cli("images").code == 0
