"""The image is made only after the user data is through, and cleaned up if the file asks for it."""

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

SCRIPT = "#!/bin/bash\ndnf -y install httpd\n"
LOG = "Error: Unable to find a match: httpd\n"
EAST = ["us-east-1"]


def commands(sandbox: Sandbox) -> list[str]:
    """Return what instances were sent, and the operation after it.

    What came before an agent was there to take it, and was sent again, is left out.
    """
    taken = Counter(
        command["InstanceIds"][0] for command in sandbox.client("ssm").list_commands()["Commands"]
    )
    shown = []
    for call in reversed(sandbox.calls):
        if call.operation == "CreateImage" and not call.parameters.get("DryRun"):
            shown.append(call.operation)
        if call.operation == "SendCommand" and taken[call.parameters["InstanceIds"][0]]:
            taken[call.parameters["InstanceIds"][0]] -= 1
            shown.append(call.parameters["Parameters"]["commands"][0])
    return shown[::-1]


def test_user_data_is_through_before_anything_else_is_done_with_the_instance(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, living: Any
) -> None:
    release = write(
        regions=EAST,
        base__user_data=SCRIPT,
        base__instance_profile=managed,
        bake={"cleanup": True},
        validate=[{"run": "systemctl is-active httpd", "retry": 3, "timeout": "30s"}],
    )
    plan = json.loads(cli("bake", release, "--plan", "--format", "json").out)
    steps = [action["id"].removesuffix(":us-east-1") for action in plan["actions"]]
    assert steps[:9] == [
        "record", "launch", "record:instance", "ready", "user-data", "validate:1",
        "cleanup", "record:validated", "image",
    ]  # fmt: skip
    words = cli("bake", release, "--plan").out
    assert "clean up: SSH host keys, authorized_keys" in " ".join(words.split())
    assert "httpd, up to 3 times" in " ".join(words.split())
    with sandbox.user_data(polls=3):
        ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    wait, check, clean, last = commands(sandbox)
    assert "cloud-init status --wait" in wait
    assert check == "systemctl is-active httpd"
    assert "cloud-init clean" in clean
    assert last == "CreateImage"
    until = next(
        number
        for number, call in enumerate(sandbox.calls)
        if call.operation == "SendCommand" and call.parameters["Parameters"]["commands"] == [check]
    )
    waited = [call.operation for call in sandbox.calls[:until]]
    assert waited.count("GetCommandInvocation") > 3
    assert living() == []


@pytest.mark.parametrize("waits", [True, False])
def test_user_data_that_fails_fails_the_bake_with_the_end_of_its_log(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, own_images: Any, living: Any, *,
    waits: bool,
) -> None:  # fmt: skip
    release = write(
        regions=EAST,
        base__user_data=SCRIPT,
        base__instance_profile=managed,
        bake={"wait_for_user_data": waits},
    )
    with sandbox.user_data(exit_code=1, log=LOG):
        ran = cli("bake", release, "--yes")
    assert living() == []
    if waits:
        assert ran.code == 1
        assert "the user data in us-east-1 ended Failed with exit code 1" in ran.err
        assert f"  - {LOG.strip()}" in ran.err
        assert own_images("us-east-1") == []
        assert "and bake anew; if another try may pass, go on with goldenami bake" in ran.err
        mended = write(
            regions=EAST, base__user_data=f"{SCRIPT}true\n", base__instance_profile=managed
        )
        assert cli("bake", mended, "--yes").code == 0
    else:
        assert ran.code == 0, ran.err
        assert commands(sandbox) == ["CreateImage"]


def test_a_check_is_tried_again_until_it_passes_or_its_attempts_are_over(
    cli: Any, write: Any, sandbox: Sandbox, managed: str
) -> None:
    release = write(
        regions=EAST,
        base__instance_profile=managed,
        validate=[{"run": "exit 4", "retry": 3}],
        test={"steps": [{"run": "true", "retry": 2}]},
    )
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert commands(sandbox) == ["exit 4"] * 3
    assert "attempt 2 of 3 ended Failed with exit code 4" in ran.err
    assert "validation failed in us-east-1: `exit 4` ended Failed with exit code 4" in ran.err


@pytest.mark.parametrize("method", ["create-image", "packer"])
def test_what_cannot_be_waited_for_is_refused_before_anything_starts(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, method: str
) -> None:
    bake = {"method": method, "cleanup": True, "vars": {"communicator": "none"}}
    if method == "create-image":
        del bake["vars"]
    ran = cli("bake", write(base__user_data=SCRIPT, bake=bake), "--plan")
    assert ran.code == 1
    words = " ".join(ran.err.split())
    assert "base.user_data: " in words
    assert "`bake.wait_for_user_data: false`" in words
    assert "bake.cleanup: " in words
    assert mutating() == []
    calm = write(
        base__user_data=SCRIPT, bake=bake | {"cleanup": False, "wait_for_user_data": False}
    )
    assert cli("bake", calm, "--plan").code == 0


def test_an_instance_of_the_user_s_own_is_waited_for_and_never_cleaned(
    cli: Any, write: Any, sandbox: Sandbox, managed: str
) -> None:
    base = {"base__user_data": SCRIPT, "base__instance_profile": managed}
    release = write(**base, regions=EAST)
    instance_id = cli("base", "launch", release, "--yes").out.strip()
    ran = cli("bake", write(**base, bake={"cleanup": True}), "--instance", instance_id, "--plan")
    assert ran.code == 1
    assert f"{instance_id} is yours: clean up by hand" in " ".join(ran.err.split())
    ran = cli("bake", write(**base, regions=EAST), "--instance", instance_id, "--yes")
    assert ran.code == 0, ran.err
    wait, last = commands(sandbox)
    assert "cloud-init status --wait" in wait
    assert last == "CreateImage"


@pytest.mark.parametrize("method", ["create-image", "packer"])
def test_packed_user_data_arrives_byte_for_byte(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, tmp_path: Path, method: str,
) -> None:  # fmt: skip
    packed = gzip.compress(SCRIPT.encode() * 2000)
    (tmp_path / "setup.gz").write_bytes(packed)
    bake: dict[str, Any] = {"method": method, "wait_for_user_data": False}
    if method == "packer":
        bake["vars"] = {"communicator": "none"}
    release = write(
        regions=EAST, bake=bake, base__user_data="setup.gz", base__instance_profile=managed
    )
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    launches = [call for call in sandbox.calls if call.operation == "RunInstances"]
    sent = {base64.b64decode(str(call.parameters["UserData"])) for call in launches}
    assert sent == {packed}
