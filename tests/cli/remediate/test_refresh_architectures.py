"""Of a version of two architectures, what others launch gets the image of its own."""

from typing import Any

from goldenami_sandbox.server import Sandbox

from .conftest import REFRESH, images_of, of

TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}


def test_each_template_and_group_moves_to_the_image_of_its_architecture(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, audited: Any, remediate: Any,
    template: Any, group: Any,
) -> None:  # fmt: skip
    sandbox.pending_s = 0.0
    ec2 = sandbox.client("ec2")
    public = {
        name: ec2.describe_images(
            Owners=["amazon"], Filters=[{"Name": "architecture", "Values": [name]}]
        )["Images"][0]["ImageId"]
        for name in TYPES
    }
    assert cli("bake", several(regions=["us-east-1"]), "--yes").code == 0
    golden = {one["Architecture"]: one["ImageId"] for one in own_images("us-east-1")}
    types = {name: {"InstanceType": kind} for name, kind in TYPES.items()}
    alone = {name: template(f"{name}-alone", public[name], **types[name]) for name in TYPES}
    grouped = {name: template(f"{name}-group", public[name], **types[name]) for name in TYPES}
    for name in TYPES:
        group(name, LaunchTemplate=of(grouped[name], "1"))
    template("follows", "resolve:ssm:/golden-ami/web-base/arm64", **types["arm64"])
    results = remediate(audited(), *REFRESH)
    assert {results[name][0] for name in TYPES} == {"done"}
    assert {results[f"{each}:1"][0] for each in alone.values()} == {"done"}
    for name in TYPES:
        for each in (alone[name], grouped[name]):
            assert images_of(sandbox, each) == [public[name], golden[name]]
