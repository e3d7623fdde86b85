"""`goldenami remediate --action refresh`: what is not touched, and why."""

from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import REFRESH, now, of, told_of


def test_what_waivers_cover_is_not_refreshed_nor_what_it_is_part_of(
    sandbox: Sandbox, write: Any, golden: str, public: str, audited: Any, remediate: Any,
    template: Any, group: Any, tmp_path: Path,
) -> None:  # fmt: skip
    waived_template, free = template("waived", public, public), template("free", public)
    with_waived = group("with-waived", LaunchTemplate=of(free))
    group("of-waived", LaunchTemplate=of(waived_template))
    group("waived", LaunchTemplate=of(free))
    waived = with_waived["Instances"][0]["InstanceId"]
    sandbox.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName="with-waived", DesiredCapacity=1
    )
    covers = [f"instance: {waived}", f"resource: '{waived_template}:1'", "resource: waived"]
    (tmp_path / "waivers.yaml").write_text(
        "schema: goldenami.waivers/v1\nwaivers:\n"
        + "".join(f"- {{{one}, owner: me, reason: r, expires: 2999-01-01}}\n" for one in covers)
    )
    release = write("waiving.yaml", enforce=None, audit={"waivers": "waivers.yaml"})
    results = remediate(audited(release), release, *REFRESH)
    assert results.pop(f"{free}:1")[0] == "done"
    left = {detail for result, detail in results.values() if result == "left alone"}
    assert left == {
        "a waiver covers another version of it",
        f"a waiver covers {waived} of the group with-waived",
        f"a waiver covers its template {waived_template}",
        "a waiver covers waived of the group waived",
    }
    assert {result for result, _ in results.values()} == {"left alone"}
    assert now(sandbox, waived)["State"]["Name"] == "running"


def test_protected_instances_keep_their_group_or_are_kept(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    image = template("bad", public)
    held, kept = (
        group(name, LaunchTemplate=of(image))["Instances"][0]["InstanceId"]
        for name in ("held", "kept")
    )
    sandbox.client("ec2").modify_instance_attribute(
        InstanceId=held, DisableApiTermination={"Value": True}
    )
    sandbox.client("autoscaling").set_instance_protection(
        AutoScalingGroupName="kept", InstanceIds=[kept], ProtectedFromScaleIn=True
    )
    results = remediate(audited(), *REFRESH)
    assert results["held"] == ("left alone", f"{held} in it is protected from termination")
    assert results["kept"][0] == "done"
    assert results[kept] == (
        "left alone", "it is protected from scale-in, which the refresh of kept heeds",
    )  # fmt: skip
    assert {now(sandbox, one)["State"]["Name"] for one in (held, kept)} == {"running"}


def test_what_is_gone_or_has_no_golden_image_is_left_alone(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any,
    template: Any, group: Any,
) -> None:  # fmt: skip
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    stays, gone, moved = template("stays", public), template("gone", public), template("m", public)
    group("gone", LaunchTemplate=of(gone))
    group("orphan", LaunchTemplate=of(gone))
    group("stays", LaunchTemplate=of(stays))
    audit = audited()
    scaling.delete_auto_scaling_group(AutoScalingGroupName="gone", ForceDelete=True)
    ec2.delete_launch_template(LaunchTemplateId=gone)
    ec2.create_launch_template_version(
        LaunchTemplateId=moved, LaunchTemplateData={"ImageId": public}
    )
    ec2.modify_launch_template(LaunchTemplateId=moved, DefaultVersion="2")
    refresh = ("remediate", audit, "--action", "refresh", "--image")
    refused = cli(*refresh, "web-bse", "--yes")
    assert (refused.code, "did you mean `web-base`?" in refused.err) == (2, True)
    copied = ec2.copy_image(Name="other", SourceImageId=golden, SourceRegion="us-east-1")
    named = [{"Key": "goldenami:image", "Value": "web-bse"}]
    ec2.create_tags(Resources=[copied["ImageId"]], Tags=named)  # nobody has approved it
    results = remediate(audit, "--action", "refresh", "--image", "web-bse")
    none = "there is no approved image in this region"
    assert results[f"{stays}:1"] == results["stays"] == ("left alone", none)
    results = remediate(audit, *REFRESH)
    no_more = "it is gone, or neither the default nor the latest version now"
    assert results[f"{gone}:1"] == results[f"{moved}:1"] == ("left alone", no_more)
    assert results["gone"] == ("left alone", "it is gone")
    assert results["orphan"] == (
        "left alone", f"its template {gone} has no version $Default",
    )  # fmt: skip
    assert results["stays"][0] == "done"


REFUSED = {"code": "UnauthorizedOperation", "status": 403}
UNREAD: dict[str, tuple[Fault, str]] = {
    "what is waived": (
        Fault(service="autoscaling", operation="DescribeAutoScalingGroups", **REFUSED),  # type: ignore[arg-type]
        "its region could not be read: Auto Scaling groups: ",
    ),
    "the groups": (
        Fault(service="autoscaling", operation="DescribeAutoScalingGroups", skip=1, **REFUSED),  # type: ignore[arg-type]
        "its region could not be read: reading Auto Scaling groups",
    ),
    "a template": (
        Fault(service="ec2", operation="DescribeLaunchTemplateVersions", skip=1, **REFUSED),  # type: ignore[arg-type]
        "it could not be read: ",
    ),
    "a protection": (
        Fault(service="ec2", operation="DescribeInstanceAttribute", **REFUSED),  # type: ignore[arg-type]
        "it could not be read: ",
    ),
    "the refreshes": (
        Fault(service="autoscaling", operation="DescribeInstanceRefreshes", **REFUSED),  # type: ignore[arg-type]
        "it could not be read: ",
    ),
}


@pytest.mark.parametrize("what", UNREAD)
def test_nothing_is_refreshed_of_which_something_could_not_be_read(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any, what: str,
) -> None:  # fmt: skip
    group("web", LaunchTemplate=of(template("bad", public), "1"))
    audit = audited()
    fault, says = UNREAD[what]
    with sandbox.fail(fault):
        results = remediate(audit, *REFRESH, code=3)
    if "web" in results:
        assert results["web"][0] == "left alone"
    assert says in "\n".join(why for _, why in results.values())
    assert told_of(sandbox, "web")["LaunchTemplate"]["Version"] == "1"
