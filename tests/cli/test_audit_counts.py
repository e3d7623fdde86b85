"""What an audit counts adds up, whatever it looked at, and each format says the same."""

import json
from pathlib import Path
from typing import Any

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

HOME = ("--region", "us-east-1")
ELSEWHERE = "444455556666"


def a_group(sandbox: Sandbox, name: str, template: str) -> None:
    sandbox.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name, AvailabilityZones=["us-east-1a"], MinSize=0, MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Default"},
    )  # fmt: skip


def a_template(sandbox: Sandbox, name: str, **data: str) -> str:
    created = sandbox.client("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.micro", **data}
    )
    return str(created["LaunchTemplate"]["LaunchTemplateId"])


def run(sandbox: Sandbox, image_id: str) -> str:
    launched = sandbox.client("ec2").run_instances(
        ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )
    return str(launched["Instances"][0]["InstanceId"])


def test_what_names_no_image_is_neither_compliant_nor_left_out(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    a_group(sandbox, "good", a_template(sandbox, "golden", ImageId=golden))
    emptied = a_template(sandbox, "emptied", ImageId=golden)
    a_group(sandbox, "web prod #1", emptied)
    ec2 = sandbox.client("ec2")
    ec2.create_launch_template_version(
        LaunchTemplateId=emptied, LaunchTemplateData={"InstanceType": "t3.micro"}
    )
    ec2.modify_launch_template(LaunchTemplateId=emptied, DefaultVersion="2")
    run(sandbox, golden)
    bad = run(sandbox, public)
    reports = {}
    for form in ("json", "table", "jsonl", "sarif", "asff", "junit", "html"):
        ran = cli("audit", *HOME, "--format", form)
        assert ran.code == 10, ran.err
        reports[form] = ran.out
        counts = "groups, parameters and guardrails: 3 compliant, 1 without an image"
        assert f"5 launch templates, {counts}" in ran.err
    document = json.loads(reports["json"])
    [place] = document["places"]
    with_findings = {finding["subject"]["id"] for finding in document["findings"]}
    assert with_findings == {"web prod #1", bad}
    counted = place["compliant"] + place["without_image"] + len(with_findings)
    assert (sum(place["subjects"].values()), place["without_image"]) == (counted, 1)
    [summary] = [
        line for line in map(json.loads, reports["jsonl"].splitlines()) if line["line"] == "summary"
    ]
    assert (summary["subjects"], summary["without_image"]) == (counted, 1)
    assert "aws/123456789012/us-east-1/auto-scaling-group/web%20prod%20%231" in reports["sarif"]
    arns = {each["Resources"][0]["Id"].split(":")[5] for each in json.loads(reports["asff"])}
    assert arns == {"autoScalingGroup", f"instance/{bad}"}
    assert "auto-scaling-group  web prod #1" in reports["table"]
    assert "without an image" in reports["html"]


def test_an_image_that_is_no_longer_shared_is_not_called_deregistered(
    cli: Any, sandbox: Sandbox, golden: str
) -> None:
    owner = sandbox.client("ec2", account=ELSEWHERE)
    source = owner.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = owner.run_instances(ImageId=source, MinCount=1, MaxCount=1, InstanceType="t3.micro")[
        "Instances"
    ][0]["InstanceId"]
    theirs = owner.create_image(InstanceId=instance, Name="theirs")["ImageId"]
    account = sandbox.client("sts").get_caller_identity()["Account"]
    share = {"ImageId": theirs, "LaunchPermission": {"Add": [{"UserId": account}]}}
    owner.modify_image_attribute(**share)
    bad = run(sandbox, theirs)
    owner.modify_image_attribute(ImageId=theirs, LaunchPermission={"Remove": [{"UserId": account}]})
    fallback = Fault(
        service="ec2", operation="DescribeInstanceImageMetadata", code="UnauthorizedOperation",
        status=403,
    )  # fmt: skip
    with sandbox.fail(fallback):
        ran = cli("audit", *HOME, "--only", "instances", "--format", "json")
    [finding] = json.loads(ran.out)["findings"]
    assert (finding["subject"]["id"], finding["rule"]) == (bad, "deregistered-image")
    assert "not visible to this account any more" in finding["reason"]
    ran = cli("audit", *HOME, "--only", "instances", "--format", "json")
    [finding] = json.loads(ran.out)["findings"]  # this operation tells whose it is, even now
    assert (finding["rule"], finding["subject"]["image"]["owner"]) == ("foreign-owner", ELSEWHERE)
    owner.deregister_image(ImageId=theirs)
    ran = cli("audit", *HOME, "--only", "instances", "--format", "json")
    [finding] = json.loads(ran.out)["findings"]
    assert finding["reason"] == "the image no longer exists, so nobody can tell what it held"
