"""How much a command says, where else it goes, and what is shown before it is asked for."""

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.commands import COMMANDS

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ROOT_SECRET_ACCESS_KEY
from goldenami_sandbox.server import Sandbox

USER_DATA = "#!/bin/bash\necho cAnArY-of-the-user-data\n"
CALL = re.compile(r"ec2:RunInstances us-east-1 200 \d+ ms")
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_takes_the_options_of_all(name: str) -> None:
    options = {option for each in COMMANDS[name].params for option in each.opts}
    assert {"-q", "--quiet", "-v", "--verbose", "--log-file"} <= options


def test_one_bake_said_quietly_in_detail_and_in_a_log(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.pending_s = 0.0
    log = tmp_path / "run.log"
    log.write_text("what was there\n")
    log.chmod(0o644)
    plain: dict[str, Any] = {"regions": ["us-east-1"], "enforce": None}
    release = write(**plain, base__user_data=USER_DATA, bake={"wait_for_user_data": False})
    loud = cli("bake", release, "--yes", "-v", "--log-file", log)
    assert loud.code == 0, loud.err
    lines = loud.err.splitlines()
    assert any(map(CALL.fullmatch, lines))
    assert any(re.match(r"  ✓ (\d+)/\1 us-east-1 ", line) for line in lines)  # the last of all
    first, begun, *said = log.read_text().splitlines()
    assert first == "what was there"
    assert all(map(AT.match, [begun, *said]))
    assert begun.endswith(": bake")
    assert [AT.sub("", line) for line in said] == lines
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    for secret in ("cAnArY", ROOT_SECRET_ACCESS_KEY, "Y0FuQXJZ"):
        assert secret not in loud.err + log.read_text()
    quiet = cli("bake", write(**plain, version="2.0"), "--yes", "--quiet", "--log-file", log)
    assert (quiet.code, quiet.err) == (0, "")
    assert "ami-" in quiet.out
    since = log.read_text().splitlines()[len(said) + 2 :]
    assert "is approved" in since[-1]
    assert not any("ec2:RunInstances" in line for line in since)  # what is said usually
    refused = cli("bake", write(**plain, version="2.0"), "--yes", "--quiet", "--log-file", log)
    assert (refused.code, refused.err.count("is taken")) == (1, 1)
    told = refused.err.splitlines()[-2:]
    assert [AT.sub("", line) for line in log.read_text().splitlines()[-2:]] == told


def test_a_call_is_said_with_its_retries_and_why_it_failed(cli: Any, sandbox: Sandbox) -> None:
    busy = Fault(
        service="ec2", operation="DescribeRegions", code="RequestLimitExceeded", status=503, times=2
    )
    with sandbox.fail(busy):
        lines = cli("images", "-v").err.splitlines()
    assert re.fullmatch(r"ec2:DescribeRegions us-east-1 200 \d+ ms, 2 retries", lines[0])
    with sandbox.fail(Fault(service="ec2", operation="DescribeRegions", code="Denied")):
        first, *_ = cli("images", "-v").err.splitlines()
    assert re.fullmatch(r"ec2:DescribeRegions us-east-1 \d+ Denied \d+ ms", first)
    first, *_ = cli("images", "-v", "--endpoint-url", "http://127.0.0.1:9").err.splitlines()
    assert re.fullmatch(r"ec2:DescribeRegions us-east-1 EndpointConnectionError \d+ ms", first)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("-q", "-v"), "do not go together"),
        (("--log-file", "."), "Is a directory"),
        (("--log-file", "no/such/folder"), "No such file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    cli: Any, options: tuple[str, ...], why: str
) -> None:
    ran = cli("policy", "list", *options)
    assert (ran.code, ran.out, why in ran.err) == (2, "", True)


def test_the_plan_is_shown_before_it_is_asked_for(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, admins: str, mutating: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(f"{typer.confirm.__module__}.visible_prompt_func", answer)
    release = write(regions=["us-east-1"], version="2.0")
    before = mutating()
    for words, shown in {
        ("bake", release): "ec2:RunInstances",
        ("enforce", release): "+ Deny DenyLaunch",
        ("tag", golden, "--tag", "a=b"): "ec2:CreateTags",
        ("deprecate", "web-base", "1.0"): "ec2:EnableImageDeprecation",
        ("base", "launch", release): "ec2:RunInstances",
    }.items():
        ran = cli(*words, "-q")
        assert (ran.code, ran.out) == (1, ""), ran.err
        assert shown in ran.err
        assert "permissions needed: " in ran.err
        assert ran.err.endswith("nothing was changed\n")
    assert len(asked) == 5
    assert mutating() == before


def test_the_difference_belongs_to_the_plan_of_an_enforcement(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, admins: str
) -> None:
    release = write(regions=["us-east-1"])
    planned = cli("enforce", release, "--plan")
    assert planned.code == 0, planned.err
    assert "+ Deny DenyLaunch" in planned.out
    assert "+ Deny DenyLaunch" not in planned.err
    assert "note: " in planned.err
    data = json.loads(cli("enforce", release, "--plan", "--format", "json").out)
    assert {change["kind"] for change in data["changes"]} == {"create"}
    assert data["actions"]
    assert cli("enforce", release, "--yes").code == 0
    again = cli("enforce", release, "--plan")
    assert again.out == "nothing to change: what is attached is what should be\n"
    assert "note: " not in again.err  # nothing has changed since they were told
    assert "note: " in cli("enforce", release, "--yes", "-v").err
    assert cli("enforce", release, "--yes", "-q").err == ""


@pytest.mark.usefixtures("every_region")
def test_one_change_of_all_regions_is_one_line_planned_and_done(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    settings = {"profile": "owner-only", "mechanisms": {"allowed_amis": {}}}
    release = write(enforce=settings, audit={"owners": ["999988887777"]})
    planned = cli("enforce", release, "--plan")
    assert planned.out.count("set Allowed AMIs to audit-mode") == 1
    assert "update  Allowed AMIs in 17 regions: " in planned.out
    data = json.loads(cli("enforce", release, "--plan", "--format", "json").out)
    assert len(data["actions"]) == 17 * 4
    done = cli("enforce", release, "--yes")
    assert done.code == 0, done.err
    assert len(re.findall(r"  ✓ \d+/68 17 regions      ", done.err)) == 4


def test_a_policys_profile_and_aws_profile_are_told_apart(cli: Any) -> None:
    mistaken = cli("policy", "render", "--profile", "owner-only")
    assert (mistaken.code, mistaken.out) == (2, "")
    assert "fix: pass --policy-profile owner-only" in mistaken.err
    for option in ("--profile", "--aws-profile"):
        unknown = cli("images", f"{option}=nope", "--region", "us-east-1")
        assert (unknown.code, "nope" in unknown.err) == (2, True)
    assert "--aws-profile" not in cli("images", "--help").out


def test_the_help_names_every_command_whole_and_every_exit_code(cli: Any) -> None:
    shown = " ".join(cli("--help").out.split())
    assert "..." not in shown.partition("Commands:")[2]
    for code in (0, 1, 2, 3, 4, 10, 130):
        assert f"{code} " in shown.partition("Exit codes:")[2]
    for name in COMMANDS:
        usage, _, text = cli(*name.split(), "--help").out.partition("\n")
        text = usage + re.split(r"\n(?:Arguments|Options):", text, maxsplit=1)[1]
        assert not re.search(r"<[a-z\[]|\{[A-Za-z]|list\[|\[\[| range", text), text


def test_a_real_terminal_has_nothing_of_the_line_that_was_refreshed(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pty

    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert cli("bake", write(regions=["us-east-1"], enforce=None), "--yes").code == 0
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65_536)
            except BlockingIOError:
                break
    os.close(ours)
    lines = shown.decode().replace("\r\n", "\n").split("\r\x1b[2K")
    assert any(re.match(r"\d+/\d+ \d+ s, us-east-1", line) for line in lines)
    assert shown.decode().splitlines()[-1].endswith("is approved")
