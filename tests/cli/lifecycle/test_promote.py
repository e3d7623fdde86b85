"""`goldenami promote` and `goldenami channels` against the embedded AWS."""

import json
from typing import Any

from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

REGIONS = ("us-east-1", "eu-west-1")
PUBLISH = {
    "ssm_parameter": "/golden-ami/{image}/{channel}",
    "channels": ["dev", "stage", "prod"],
    "restricted": ["prod"],
}


def named(cli: Any, *options: str) -> tuple[int, dict[tuple[str, str], str]]:
    """Return the exit code of `channels`, and the version that each names, by region."""
    ran = cli("channels", "web-base", "--format", "json", *options)
    document = json.loads(ran.out)
    assert document["schema"] == "goldenami.channels/v1"
    return ran.code, {
        (entry["channel"], entry["region"]): entry["version"] for entry in document["items"]
    }


def everywhere(**channels: str) -> dict[tuple[str, str], str]:
    return {(channel, region): each for channel, each in channels.items() for region in REGIONS}


def test_a_version_goes_from_channel_to_channel_everywhere_or_nowhere(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version, publish=PUBLISH), "--yes").code == 0
    assert named(cli) == (0, everywhere(dev="2.0", stage="", prod=""))

    def promote(version: str, channel: str, *options: str) -> Any:
        return cli("promote", "web-base", version, "--channel", channel, *(options or ("--yes",)))

    early = promote("1.0", "prod")
    assert early.code == 4
    assert "prod is restricted: it takes a version from stage alone" in early.err
    assert "/golden-ami/web-base/stage in us-east-1 names nothing" in early.err
    before = mutating()
    shown = promote("1.0", "stage", "--plan")
    assert "let /golden-ami/web-base/stage name web-base 1.0" in shown.out
    assert mutating() == before
    refused = Fault(service="ssm", operation="PutParameter", region="eu-west-1", code="Nope")
    with sandbox.fail(refused):
        ran = promote("1.0", "stage")
    assert ran.code == 1
    assert "Nope" in ran.err
    assert named(cli) == (0, everywhere(dev="2.0", stage="", prod=""))
    for channel in ("stage", "prod"):
        ran = promote("1.0", channel, "--yes", "--format", "json")
        assert ran.code == 0, ran.err
        assert {item["version"] for item in json.loads(ran.out)["items"]} == {"1.0"}
        again = promote("1.0", channel)
        assert "0 steps" in again.err
        assert again.code == 0
    assert named(cli) == (0, everywhere(dev="2.0", stage="1.0", prod="1.0"))
    assert promote("2.0", "stage").code == 0
    assert "0 steps" in promote("1.0", "prod").err  # it stays there, wherever stage is
    history = json.loads(cli("channels", "web-base", "--history", "--format", "json").out)["items"]
    stages = [each for each in history if each["channel"] == "stage"]
    assert [each["version"] for each in stages] == ["2.0", "1.0"] * 2
    assert all(each["by"].startswith("arn:aws:") and each["since"] for each in stages)
    ssm = sandbox.client("ssm", "eu-west-1")
    labelled = ssm.get_parameter(Name="/golden-ami/web-base/stage:v2.0")["Parameter"]
    assert labelled["Version"] == 2

    assert cli("deprecate", "web-base", "1.0", "--why", "old", "--yes").code == 0
    code, there = named(cli)
    assert (code, there["prod", "us-east-1"]) == (10, "1.0")
    ran = cli("channels", "web-base")
    assert "/golden-ami/web-base/prod in us-east-1 names 1.0" in ran.err
    assert "deprecated by arn:aws:" in ran.err
    bad = promote("1.0", "dev")
    assert bad.code == 4
    assert "deprecated by arn:aws:" in bad.err
    ssm.put_parameter(Name="/golden-ami/web-base/dev", Value="ami-by-hand", Overwrite=True)
    ran = cli("channels", "web-base")
    assert ran.code == 10
    assert "dev names not one version everywhere: " in ran.err
    assert "ami-by-hand in eu-west-1" in ran.err
    assert "names ami-by-hand: no image of a release that is there" in ran.err
    with sandbox.fail(Fault(service="ssm", operation="GetParameterHistory", region="eu-west-1",
                            code="AccessDenied", status=403)):  # fmt: skip
        code, there = named(cli)
        assert (code, len(there)) == (3, 3)
        assert promote("2.0", "dev").code == 3


def test_what_is_no_channel_or_no_good_version_is_refused(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    plain = write(version="1.0")
    assert cli("bake", plain, "--yes").code == 0
    assert cli("channels", "web-base").code == 0
    ran = cli("promote", "web-base", "1.0", "--channel", "prod", "--yes")
    assert ran.code == 2
    assert "web-base has no channels" in ran.err
    manual = write(version="2.0", publish=PUBLISH, approval="manual")
    assert cli("bake", manual, "--yes").code == 0
    ran = cli("promote", "web-base", "1.0", "--channel", "dev", "--yes")
    assert "web-base has no channels" in ran.err  # a candidate decides nothing
    assert cli("approve", manual, "--yes").code == 0
    ran = cli("promote", "web-base", "2.0", "--channel", "live", "--yes")
    assert ran.code == 2
    assert "there is dev, prod, stage" in ran.err
    candidate = write(version="3.0", publish=PUBLISH, approval="manual")
    assert cli("bake", candidate, "--yes").code == 0
    ran = cli("promote", "web-base", "3.0", "--channel", "stage", "--yes")
    assert ran.code == 4
    assert "is candidate, and not approved" in ran.err
    sandbox.client("ssm").put_parameter(
        Name="/golden-ami/web-base/stage", Value="ami-1", Type="String"
    )
    ran = cli("promote", "web-base", "2.0", "--channel", "stage", "--yes")
    assert ran.code == 1
    assert "is of data type text, not aws:ec2:image" in ran.err
    ran = cli("promote", "web-base", "2.0", "--channel", "dev", "--yes")
    assert "0 steps" in ran.err
    image = sandbox.client("ec2").describe_images(Owners=["self"])["Images"][0]
    sandbox.client("ec2").create_tags(
        Resources=[image["ImageId"]], Tags=tags.to_aws({tags.UNPUBLISHED: "eu-west-1"})
    )
    version = tags.from_aws(image["Tags"])[tags.VERSION]
    ran = cli("promote", "web-base", version, "--channel", "prod", "--yes")
    assert ran.code == 4


def test_each_architecture_has_a_channel_of_its_own(
    cli: Any, several: Any, sandbox: Sandbox
) -> None:
    publish = {**PUBLISH, "ssm_parameter": "/golden-ami/{image}/{channel}/{arch}"}
    assert cli("bake", several(publish=publish, regions=["us-east-1"]), "--yes").code == 0
    ran = cli("promote", "web-base", "1.0", "--channel", "stage", "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    promoted = {item["architecture"]: item["image_id"] for item in json.loads(ran.out)["items"]}
    assert sorted(promoted) == ["arm64", "x86_64"]
    ec2, ssm = sandbox.client("ec2"), sandbox.client("ssm")
    for architecture, image in promoted.items():
        (described,) = ec2.describe_images(ImageIds=[image])["Images"]
        assert described["Architecture"] == architecture
        name = f"/golden-ami/web-base/stage/{architecture}"
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == image
