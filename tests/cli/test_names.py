"""A name that nothing has is an error with what was probably meant, in every command with one."""

import re
from typing import Any

from tests.commands import COMMANDS

from goldenami_sandbox.server import Sandbox

AMI = "ami-0123456789abcdef0"
INSTANCE = "i-0123456789abcdef0"
BUILD = "99999999T999999Z-ffffff"
"""No build that there is looks like it, whenever that began: no fix asks whether it was meant."""
IMAGE = "golden image `web-bse`"
VERSION = "version of web-base `1.00`"
MEANT = "did you mean `web-base`?"
MEANT_VERSION = "did you mean `1.0`?"
WHY = ("--why", "x")

LOOKUPS: list[tuple[tuple[str, ...], str, str]] = [
    (("history", "web-bse"), IMAGE, MEANT),
    (("images", "--image", "web-bse"), IMAGE, MEANT),
    (("show", BUILD), f"build `{BUILD}`", "list what there is"),
    (("show", AMI), f"image of a build `{AMI}`", "list what there is"),
    (("show", "web-base"), "web-base is a golden image, and no build", "history web-base"),
    (("lineage", AMI), AMI, "check the id"),
    (("sweep", "--build", "nosuch"), "trace of a build `nosuch`", "history IMAGE"),
    (("base", "terminate", INSTANCE), f"instance in us-east-1: `{INSTANCE}`", "base list"),
    (("tag", AMI, "--tag", "a=b"), AMI, "lists the golden ones"),
    (("channels", "web-bse"), IMAGE, MEANT),
    (("promote", "web-bse", "1.0", "--channel", "prod"), IMAGE, MEANT),
    (("promote", "web-base", "1.00", "--channel", "prod"), VERSION, MEANT_VERSION),
    (("promote", "web-base", "1.0", "--channel", "prd"), "`prd`", "did you mean `prod`?"),
    (("rollback", "web-bse"), IMAGE, MEANT),
    (("rollback", "web-base", "--channel", "dev", "--to", "1.00"), VERSION, MEANT_VERSION),
    (("rollback", "web-base", "--channel", "prd"), "`prd`", "did you mean `prod`?"),
    (("deprecate", "web-bse", "1.0"), IMAGE, MEANT),
    (("deprecate", "web-base", "1.00"), VERSION, MEANT_VERSION),
    (("deprecate", "web-base", "1.0", "--successor", "1.00"), VERSION, MEANT_VERSION),
    (("revoke", "web-bse", "1.0", *WHY), IMAGE, MEANT),
    (("revoke", "web-base", "1.00", *WHY), VERSION, MEANT_VERSION),
    (("revoke", "web-base", "1.0", *WHY, "--successor", "1.00"), VERSION, MEANT_VERSION),
    (("retire", "web-bse", "1.0"), IMAGE, MEANT),
    (("retire", "web-base", "1.00"), VERSION, MEANT_VERSION),
    (("restore", "web-bse", "1.0", *WHY), IMAGE, MEANT),
    (("restore", "web-base", "1.00", *WHY), VERSION, MEANT_VERSION),
    (("rescan", "web-bse"), IMAGE, MEANT),
    (("rescan", "web-base", "1.00"), VERSION, MEANT_VERSION),
    (("sbom", "SBOM", "--version", "1.00"), VERSION, MEANT_VERSION),
    (("approve", "FILE", "--build", BUILD), f"build of web-base `{BUILD}`", "history web-base"),
    (("bake", "FILE", "--resume", BUILD), f"trace of build {BUILD}", "check the build id"),
    (("base", "launch", "FILE", "--architecture", "arm64"), "one architecture", "leave"),
    (("audit", "--source", "config:nosuch"), "aggregator in us-east-1 `nosuch`", "configservice"),
    (("policy", "show", "guardrial"), "`guardrial`", "did you mean `guardrail`?"),
    (("policy", "render", "-p", "guardrial"), "`guardrial`", "did you mean `guardrail`?"),
    (("policy", "prove", "--group", "ec2-admin-grup"), "`ec2-admin-grup`", "ec2-admin-group"),
    (("policy", "explain", "--image", AMI, "--user", "nosuch"), "`nosuch`", "list-users"),
]  # fmt: skip
"""A command with a name that nothing has, how the error names it, and what the fix says."""

NAMES = {
    "architecture", "build", "channel", "group", "image", "images", "instance_id", "name",
    "policy_profile", "profile", "resume", "successor", "to", "user", "version",
}  # fmt: skip
"""The parameters of commands by which something is looked up."""
ELSEWHERE = {
    "remediate": "needs an audit: it is tried in `remediate/test_refresh_left_alone.py`",
    "deploy": "its image is a container's, and is to be there when the stack runs",
    "when": "that an image was never in use is an answer",
}


def test_every_command_that_takes_a_name_is_tried(
    cli: Any, write: Any, sandbox: Sandbox, admins: str, mutating: Any
) -> None:
    taking = {
        name for name, command in COMMANDS.items()
        if NAMES & {parameter.name for parameter in command.callback.parameters}
    }  # fmt: skip
    tried = {name for name in COMMANDS for words, *_ in LOOKUPS if begins(words, name)}
    assert taking - tried - ELSEWHERE.keys() == set()
    sandbox.pending_s = 0.0
    channels = {"ssm_parameter": "/golden/{image}/{channel}", "channels": ["dev", "prod"]}
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    plain: dict[str, Any] = {"regions": ["us-east-1"], "enforce": None, "publish": channels}
    files = {
        "FILE": write(**plain),
        "SBOM": write(
            "sbom.yaml", **plain, test={"scan": {"on": "image"}},
            sbom={"bucket": "sboms-111122223333", "kms_key": key},
        ),
    }  # fmt: skip
    assert cli("bake", files["FILE"], "--yes").code == 0
    before = mutating()
    for words, named, fix in LOOKUPS:
        ran = cli(*(files.get(word, word) for word in words))
        assert (ran.code, ran.out) == (2, ""), (words, ran)
        assert named in ran.err, (words, ran.err)
        assert re.search(f"fix: .*({fix if '|' in fix else re.escape(fix)})", ran.err), ran.err
    assert mutating() == before


def begins(words: tuple[str, ...], name: str) -> bool:
    return words[: len(name.split())] == tuple(name.split())


def test_a_name_that_is_there_with_nothing_to_list_is_no_error(
    cli: Any, golden: str, sandbox: Sandbox
) -> None:
    for words in (("images", "--image", "web-base", "--status", "retired"),
                  ("images", "--image", "web-base", "--region", "eu-west-1"),
                  ("history", "web-base", "--region", "eu-west-1")):  # fmt: skip
        ran = cli(*words)
        assert (ran.code, "none found" in ran.err) == (0, True)
    build = sandbox.client("ec2").describe_images(ImageIds=[golden])["Images"][0]["Tags"]
    name = next(tag["Value"] for tag in build if tag["Key"] == "goldenami:build")
    assert cli("sweep", "--build", name).code == 0
