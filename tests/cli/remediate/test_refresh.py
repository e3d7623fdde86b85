"""`goldenami remediate --action refresh`: templates and groups move to the golden image."""

import json
from typing import Any

from goldenami_sandbox.server import Sandbox

from .conftest import REFRESH, images_of, now, of, run, told_of


def test_templates_and_groups_move_to_the_golden_image(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any,
    template: Any,
) -> None:  # fmt: skip
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    shared, numbered = template("shared", public), template("numbered", public)
    zone: dict[str, Any] = {"AvailabilityZones": ["us-east-1a"], "MinSize": 0, "MaxSize": 1}
    for name, chosen in {
        "by-default": {"LaunchTemplateId": shared, "Version": "$Default"},
        "also-by-default": {"LaunchTemplateId": shared, "Version": "$Default"},
        "by-number": {"LaunchTemplateId": numbered, "Version": "1"},
    }.items():
        scaling.create_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=chosen, **zone)
    scaling.set_desired_capacity(AutoScalingGroupName="by-number", DesiredCapacity=1)
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=public, InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchConfigurationName="old", **zone
    )
    bad = run(sandbox, public)
    audit = audited()
    results = remediate(audit, "--action", "refresh", "--image", "web-base")
    assert {one: result for one, (result, _) in results.items()} == {
        f"{shared}:1": "done",
        f"{numbered}:1": "done",
        "by-default": "done",
        "also-by-default": "done",
        "by-number": "done",
        "by-configuration": "left alone",
        bad: "left alone",
    }
    for one in (shared, numbered):
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=one)
        data = {
            each["VersionNumber"]: each["LaunchTemplateData"]
            for each in versions["LaunchTemplateVersions"]
        }
        assert data[2] == {"ImageId": golden, "InstanceType": "t3.micro"}
        assert len(data) == 2
        default = ec2.describe_launch_templates(LaunchTemplateIds=[one])["LaunchTemplates"][0]
        assert default["DefaultVersionNumber"] == 2
    [moved] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["by-number"])[
        "AutoScalingGroups"
    ]
    assert moved["LaunchTemplate"]["Version"] == "2"
    after = json.loads(
        cli("audit", "--region", "us-east-1", "--only", "launches", "--format", "json").out
    )
    assert {one["subject"]["id"] for one in after["findings"]} == {"old", "by-configuration"}
    [renewed] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["by-number"])[
        "AutoScalingGroups"
    ][0]["Instances"]
    assert now(sandbox, renewed["InstanceId"])["ImageId"] == golden
    again = remediate(audit, *REFRESH)
    assert again["by-number"] == ("left alone", "it is golden now")


def test_a_mixed_group_is_moved_with_all_its_templates_and_images(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ec2 = sandbox.client("ec2")
    first, second, latest = (template(one, public) for one in ("first", "second", "latest"))
    ec2.create_launch_template_version(
        LaunchTemplateId=latest, LaunchTemplateData={"ImageId": public}
    )
    overrides = [
        {"InstanceType": "t3.small", "WeightedCapacity": "2"},
        {"InstanceType": "t3.large", "LaunchTemplateSpecification": of(second, "1")},
        {"InstanceType": "t3.medium", "LaunchTemplateSpecification": of(latest, "$Latest")},
    ]
    group(
        "mixed",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": of(first, "1"), "Overrides": overrides,
            }
        },
    )  # fmt: skip
    assert remediate(audited(), *REFRESH)["mixed"] == ("done", "replace the instances of mixed")
    moved = told_of(sandbox, "mixed")["MixedInstancesPolicy"]["LaunchTemplate"]
    assert moved["LaunchTemplateSpecification"]["Version"] == "2"
    assert moved["Overrides"] == [
        overrides[0],
        {
            "InstanceType": "t3.large",
            "LaunchTemplateSpecification": {**of(second, "2"), "LaunchTemplateName": "second"},
        },
        {
            "InstanceType": "t3.medium",
            "LaunchTemplateSpecification": {
                **of(latest, "$Latest"), "LaunchTemplateName": "latest",
            },
        },
    ]  # fmt: skip
    assert {one: images_of(sandbox, one) for one in (first, second, latest)} == {
        first: [public, golden],
        second: [public, golden],
        latest: [public, public, golden, golden],
    }
    assert told_of(sandbox, "mixed")["Instances"]


def test_the_latest_version_of_a_template_stays_what_it_was(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    """Whoever launches `$Latest` must not get the settings of an old default."""
    ec2 = sandbox.client("ec2")
    ec2.create_key_pair(KeyName="new")
    both, newer = template("both", public), template("newer", public)
    for one, image in ((both, public), (newer, golden)):
        ec2.create_launch_template_version(
            LaunchTemplateId=one, LaunchTemplateData={"ImageId": image, "KeyName": "new"}
        )
    group("follows", LaunchTemplate=of(both, "$Latest"))
    audit = audited()
    results = remediate(audit, *REFRESH)
    assert results["follows"][0] == results[f"{both}:1"][0] == results[f"{newer}:1"][0] == "done"
    for one in (both, newer):
        told = {
            version: ec2.describe_launch_template_versions(
                LaunchTemplateId=one, Versions=[version]
            )["LaunchTemplateVersions"][0]["LaunchTemplateData"]
            for version in ("$Default", "$Latest")
        }
        assert told["$Default"] == {"ImageId": golden, "InstanceType": "t3.micro"}
        assert told["$Latest"] == {"ImageId": golden, "KeyName": "new"}
    again = remediate(audit, *REFRESH)
    assert again["follows"] == ("left alone", "it is golden now")
    assert images_of(sandbox, both) == [public, public, golden, golden]


def test_an_image_of_another_architecture_is_not_replaced(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ec2 = sandbox.client("ec2")
    other = next(
        one["ImageId"]
        for one in ec2.describe_images(Owners=["amazon"])["Images"]
        if one["Architecture"] == "arm64"
    )
    own = ec2.create_image(InstanceId=run(sandbox, public), Name="gone")["ImageId"]
    arm = template("arm", other, InstanceType="t4g.micro")
    gone, gone_too = template("gone", own, InstanceType="t4g.micro"), template("gone-too", own)
    group("arm", LaunchTemplate=of(arm))
    group(
        "by-image",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": of(template("good", golden)),
                "Overrides": [
                    {"InstanceType": "t3.micro"}, {"InstanceType": "t4g.micro", "ImageId": other},
                ],
            }
        },
    )  # fmt: skip
    ec2.deregister_image(ImageId=own)
    results = remediate(audited(), *REFRESH)
    unfit = f"it is arm64, and {golden} is x86_64"
    assert results[f"{arm}:1"] == ("left alone", unfit)
    assert results[f"{gone}:1"] == ("left alone", unfit)
    assert results[f"{gone_too}:1"][0] == "done"
    assert results["arm"] == ("left alone", f"its template {arm}: {unfit}")
    assert results["by-image"] == ("left alone", f"{other}: {unfit}")


def test_a_template_that_follows_a_parameter_is_left_to_the_release(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    ssm = sandbox.client("ssm")
    sandbox.pending_s = 0.0
    image: dict[str, str] = {"Type": "String", "DataType": "aws:ec2:image"}
    ssm.put_parameter(Name="/images/web", Value=public, **image)
    follows = template("follows", "resolve:ssm:/images/web")
    group("follows", LaunchTemplate=of(follows))
    group("numbered", LaunchTemplate=of(follows, "1"))
    audit = audited()
    left = "it follows the SSM parameter /images/web: publish the release there"
    results = remediate(audit, *REFRESH)
    assert results[f"{follows}:1"] == ("left alone", left)
    assert results["follows"] == ("left alone", f"its template {follows}: {left}")
    ssm.put_parameter(Name="/images/web", Value=golden, Overwrite=True, **image)
    results = remediate(audit, *REFRESH)
    assert results[f"{follows}:1"][1] == "it is golden now"
    for name in ("follows", "numbered"):  # neither of which can be rolled back
        assert results[name] == ("done", f"replace the instances of {name}")


def test_a_forged_approval_is_never_rolled_out(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any
) -> None:
    ec2 = sandbox.client("ec2")
    forged = ec2.create_image(InstanceId=run(sandbox, public), Name="forged")["ImageId"]
    told = ec2.describe_images(ImageIds=[golden])["Images"][0]["Tags"]
    ec2.create_tags(Resources=[forged], Tags=told)
    bad = template("bad", public)
    assert remediate(audited(), *REFRESH)[f"{bad}:1"][0] == "done"
    data = ec2.describe_launch_template_versions(LaunchTemplateId=bad, Versions=["$Default"])
    assert data["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"] == golden
