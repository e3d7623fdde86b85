"""What an audit says of revoked images, of what was made of them, and of what still names them."""

import json
from pathlib import Path
from typing import Any

from goldenami.report.audit import FORMATS
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

REVOKED = [
    {"Key": "goldenami:status", "Value": "revoked"},
    {"Key": "goldenami:status-by", "Value": "ann"},
    {"Key": "goldenami:status-why", "Value": "CVE-2026-1"},
]


def findings(document: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    return {
        (each["subject"]["region"], each["subject"]["id"], each["rule"]): each["reason"]
        for each in document["findings"]
    }


def test_a_revocation_by_hand_is_told_as_such_wherever_it_reaches(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, tmp_path: Path
) -> None:
    sandbox.pending_s = 0.0
    release = write(enforce=None)
    assert cli("bake", release, "--yes").code == 0
    child = write("shop.yaml", image="shop", regions=["us-east-1"], enforce=None, publish=None,
                  base__source={"golden": "web-base"})  # fmt: skip
    assert cli("bake", child, "--yes").code == 0
    near, far = sandbox.client("ec2"), sandbox.client("ec2", "eu-west-1")
    by_name = {image["Name"]: image["ImageId"] for image in own_images("us-east-1")}
    base, shop = by_name["web-base-1.0"], by_name["shop-1.0"]
    [copy] = (image["ImageId"] for image in own_images("eu-west-1"))
    hand = near.copy_image(SourceImageId=shop, SourceRegion="us-east-1", Name="hand")["ImageId"]
    again = far.copy_image(SourceImageId=hand, SourceRegion="us-east-1", Name="again")["ImageId"]

    def launched(ec2: Any, image: str) -> str:
        run = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
        return str(run[0]["InstanceId"])

    runs = {
        (ec2.meta.region_name, name): launched(ec2, image)
        for ec2, name, image in (
            (near, "base", base), (near, "shop", shop), (near, "hand", hand),
            (far, "copy", copy), (far, "again", again),
        )
    }  # fmt: skip
    near.create_tags(Resources=[base], Tags=REVOKED)
    kept = tmp_path / "inventory.jsonl"
    ran = cli("audit", release, "--format", "json", "--save-inventory", kept)
    assert ran.code == 10, ran.err
    found = findings(json.loads(ran.out))
    expected = {
        (region, instance, rule)
        for (region, name), instance in runs.items()
        for rule in {
            "base": ["revoked-image"],
            "shop": ["revoked-source"],
            "copy": ["revoked-source"],
            "hand": ["revoked-source", "derived-image"],
            "again": ["revoked-source", "derived-image"],
        }[name]
    }
    parameter = ("us-east-1", "/golden-ami/web-base", "stale-pointer")
    assert {*found} == expected | {parameter}
    assert "web-base 1.0, is revoked by ann: CVE-2026-1" in found[
        ("us-east-1", runs["us-east-1", "base"], "revoked-image")
    ]  # fmt: skip
    assert f"the revoked image {base}, web-base 1.0, which is revoked by ann" in found[
        ("eu-west-1", runs["eu-west-1", "again"], "revoked-source")
    ]  # fmt: skip
    assert f"it names {base}, web-base 1.0, which is revoked by ann" in found[parameter]
    assert ":root wrote it at 20" in found[parameter]
    saved = cli("audit", release, "--source", f"file:{kept}", "--format", "json")
    assert findings(json.loads(saved.out)) == found
    for form in FORMATS:
        assert "stale-pointer" in cli("audit", release, "--format", form).out


def test_a_parameter_whose_writer_may_not_be_read_is_told_all_the_same(
    cli: Any, write: Any, sandbox: Sandbox, golden: str
) -> None:
    ssm = sandbox.client("ssm")
    ssm.put_parameter(Name="/golden-ami/web-base", Value="nothing", Overwrite=True)
    denied: dict[str, Any] = {"service": "ssm", "operation": "GetParameterHistory", "status": 403}
    with sandbox.fail(Fault(code="AccessDeniedException", **denied)):
        ran = cli("audit", "--format", "json", "--allow-empty")
    assert ran.code == 10, ran.err
    [reason] = findings(json.loads(ran.out)).values()
    assert reason == "it names no image; who wrote it may not be read"
    with sandbox.fail(Fault(code="InternalServerError", **denied)):
        ran = cli("audit", "--allow-empty")
    assert (ran.code, "published parameters" in ran.err + ran.out) == (3, True)
    with sandbox.fail(Fault(
        service="ssm", operation="GetParametersByPath", code="AccessDeniedException",
        region="eu-west-1", status=403,
    )):  # fmt: skip
        ran = cli("audit", "--allow-empty")
    assert (ran.code, "published parameters" in ran.err + ran.out) == (3, True)
