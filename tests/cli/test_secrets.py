"""No secret and no raw answer is in anything that goldenami writes, whatever goes wrong.

Canaries stand wherever a secret may: in answers, in files, in the environment. Everything that
commands print and leave, with ``--debug`` too, is searched for them.
"""

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from goldenami.aws import session
from goldenami.aws.answers.ec2 import DescribeImages
from goldenami.aws.session import Aws
from goldenami.cli import main
from goldenami.errors import AwsError, GoldenamiError
from goldenami_sandbox import seed
from goldenami_sandbox.calls import Call, Sent
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account, damages

SECRET_KEY = "cAnArY-of-the-secret-key"
TOKEN = "cAnArY-of-the-session-token"
USER_DATA = "cAnArY-of-the-user-data"
PARAMETER = "cAnArY-of-the-parameter"
VARIABLE = "cAnArY-of-the-variable"
ROLE = "arn:aws:iam::{}:role/" + account.READER

_CREDENTIAL = re.compile(rb"<(?:SecretAccessKey|SessionToken)>([^<]+)<")


class Watch:
    """Remembers the credentials that answers carried, and damages them."""

    def __init__(self, damage: Callable[[Call, Sent], Sent]) -> None:
        self.seen: set[str] = set()
        self._damage = damage

    def __call__(self, call: Call, sent: Sent) -> Sent:
        self.seen |= {secret.decode() for secret in _CREDENTIAL.findall(sent.body)}
        return self._damage(call, sent)


Run = Callable[..., str]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> Run:
    """Run a command with ``--debug`` and return all that it says, tracebacks among it."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("GOLDENAMI_PASSWORD", VARIABLE)
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    sandbox.pending_s = 0.0

    def command(*arguments: object) -> str:
        capsys.readouterr()
        words = ""
        try:
            main(["--debug", *map(str, arguments)])
        except SystemExit:
            pass
        except GoldenamiError as error:
            words = "".join(traceback.format_exception(error))
        shown = capsys.readouterr()
        return shown.out + shown.err + words

    return command


def left_behind(folder: Path, sandbox: Sandbox) -> Iterator[str]:
    """Yield what commands have written: files, parameters, tags."""
    inputs = {"setup.sh", "release.yaml", "wrong.yaml", "enforcing.yaml"}
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in inputs:
            yield path.read_text(errors="replace")
    for region in account.REGIONS:
        ssm = sandbox.client("ssm", region)
        for parameter in ssm.get_parameters_by_path(Path="/goldenami", Recursive=True)[
            "Parameters"
        ]:
            yield parameter["Value"]
        yield str(sandbox.client("ec2", region).describe_images(Owners=["self"])["Images"])


def test_a_release_from_its_bake_to_its_audit_shows_no_secret(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "setup.sh").write_text(f"#!/bin/sh\nexport PASSWORD={USER_DATA}\n")
    profile = seed.instance_profile(sandbox, "managed")
    base = account.RELEASE["base"] | {"user_data": "setup.sh", "instance_profile": profile}
    account.identities(sandbox)
    release = account.release(tmp_path, base=base, enforce=account.enforcing())
    spoken = [run("bake", release, "--plan", "--format", "json")]
    with sandbox.fail(Fault(service="ec2", operation="CreateImage", code="InternalError")):
        spoken.append(run("bake", release, "--yes"))
    spoken.append(run("bake", release, "--yes", "--manifest", tmp_path / "manifest.json"))
    account.fleet(sandbox, account.public_image(sandbox))
    for form in ("json", "html", "csv", "sarif"):
        output = tmp_path / f"audit.{form}"
        spoken.append(run("audit", release, "--format", form, "--output", output))
    spoken.append(run("remediate", tmp_path / "audit.json", "--action", "stop", "--plan"))
    spoken.append(run("enforce", release, "--yes"))
    spoken.append(run("sweep", "--older-than", "0s", "--plan"))
    assert "is approved" in "".join(spoken)
    for text in (*spoken, *left_behind(tmp_path, sandbox)):
        assert "cAnArY" not in text


@pytest.mark.parametrize("kind", [kind for kind in damages.BAD if "odd" not in kind])
def test_a_role_whose_credentials_come_damaged_is_told_without_them(
    run: Run, sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    other = account.member(sandbox)
    release = account.release(tmp_path)
    watch = Watch(damages.BAD[kind])
    with sandbox.fail(Fault(service="sts", operation="AssumeRole", damage=watch)):
        words = run("sweep", "--role", ROLE.format(other), "--plan")
        words += run(
            "audit", release, "--account", other, "--role", account.READER, "--allow-empty",
            "--approved", "name:*", "--format", "json",
        )  # fmt: skip
    assert watch.seen
    assert "the answer cannot be read" in words
    for secret in (*watch.seen, "cAnArY"):
        assert secret not in words


@pytest.mark.parametrize("kind", ["portal", "portal 503", "halved", "binary"])
def test_no_body_is_repeated_whatever_the_operation(
    run: Run, sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    release = account.release(tmp_path)
    services = ("ec2", "ssm", "iam", "sts", "kms", "servicequotas", "organizations")
    with ExitStack() as stack:
        for service in services:
            damage = damages.BAD[kind]
            stack.enter_context(sandbox.fail(Fault(service=service, operation="*", damage=damage)))
        words = [run("bake", release, "--plan"), run("audit", release), run("images")]
        words.append(
            run("enforce", account.release(tmp_path, enforce=account.enforcing()), "--plan")
        )
    for text in words:
        assert "the answer cannot be read" in text
        assert "cAnArY" not in text


def test_a_parameter_that_holds_something_else_is_not_shown(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.client("ssm").put_parameter(Name="/secret", Type="String", Value=PARAMETER)
    base: Any = {"source": {"ssm": "/secret"}, "instance_type": "t3.micro"}
    words = run("bake", account.release(tmp_path, "wrong.yaml", base=base), "--plan")
    assert "/secret in us-east-1 holds no image id" in words
    assert PARAMETER not in words


def test_what_a_credential_process_says_is_not_repeated(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "process"
    script.write_text(f"#!/bin/sh\necho {PARAMETER} >&2\nexit 1\n")
    script.chmod(0o700)
    config = tmp_path / "config"
    config.write_text(f"[profile broken]\ncredential_process = {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    words = run("images", "--profile", "broken", "--region", "us-east-1")
    assert "no credentials could be fetched by custom-process" in words
    assert "cAnArY" not in words


def test_what_a_call_was_given_is_not_in_the_words_of_its_refusal(sandbox: Sandbox) -> None:
    aws = Aws(region="us-east-1")
    with pytest.raises(AwsError, match="Invalid type for parameter Filters") as error:
        aws.in_region("us-east-1").ask(DescribeImages, "reading images", Filters=PARAMETER)
    assert "cAnArY" not in "".join(traceback.format_exception(error.value))
