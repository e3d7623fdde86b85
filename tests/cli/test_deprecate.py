"""`goldenami deprecate` against the embedded AWS."""

import json
from typing import Any

from goldenami.domain import tags
from goldenami_sandbox.server import Sandbox


def images(sandbox: Sandbox, region: str) -> list[dict[str, Any]]:
    described = sandbox.client("ec2", region).describe_images(
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
    )["Images"]
    return sorted(described, key=lambda image: str(image["Name"]))


def test_a_deprecated_version_is_so_everywhere_and_says_who_when_why_and_what_follows(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version), "--yes").code == 0
    ran = cli("deprecate", "web-base", "1.0", "--why", "2.0 has the new agent", "--yes",
              "--format", "json")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "not blocked: what runs already" in ran.err
    assert {item["status"] for item in json.loads(ran.out)["items"]} == {"deprecated"}
    for region in ("us-east-1", "eu-west-1"):
        old, new = images(sandbox, region)
        own = tags.from_aws(old["Tags"])
        assert own[tags.STATUS] == "deprecated"
        assert own[tags.STATUS_WHY] == "2.0 has the new agent"
        assert own[tags.SUCCESSOR] == "2.0"
        assert own[tags.STATUS_BY].startswith("arn:aws:")
        assert old["DeprecationTime"]
        assert tags.from_aws(new["Tags"])[tags.STATUS] == "approved"
    manifest = json.loads(cli("show", images(sandbox, "us-east-1")[0]["ImageId"],
                              "--format", "json").out)  # fmt: skip
    assert manifest["status"] == "deprecated"
    assert manifest["life"][-1]["why"] == "2.0 has the new agent"
    again = cli("deprecate", "web-base", "1.0", "--yes")
    assert again.code == 0
    assert "0 steps" in again.err


def test_a_deprecation_to_come_is_known_to_ec2_alone(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    cli("bake", write(), "--yes")
    ran = cli("deprecate", "web-base", "1.0", "--at", "2027-03-01", "--yes")
    assert ran.code == 0, ran.err
    (image,) = images(sandbox, "eu-west-1")
    assert image["DeprecationTime"].startswith("2027-03-01T00:00:00")
    assert tags.from_aws(image["Tags"])[tags.STATUS] == "approved"


def test_what_is_no_version_or_no_time_is_said(cli: Any, write: Any, sandbox: Sandbox) -> None:
    cli("bake", write(), "--yes")
    ran = cli("deprecate", "web-base", "9.9", "--yes")
    assert ran.code == 2
    assert "there is 1.0" in ran.err
    assert cli("deprecate", "web-base", "1.0", "--at", "soon").code == 2
