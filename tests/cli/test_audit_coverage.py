"""`goldenami audit`: all that it looks at, and what it knows of images."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import inventory
from goldenami_sandbox import seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

OTHER_ACCOUNT = "444455556666"
HOME = ("--region", "us-east-1")


@pytest.fixture
def golden(as_released: str) -> str:
    """Return an image that was not baked: what is asked here is who uses it."""
    return as_released


def run(sandbox: Sandbox, image_id: str, **more: Any) -> str:
    launched = sandbox.client("ec2").run_instances(
        ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro", **more
    )
    return str(launched["Instances"][0]["InstanceId"])


def audited(cli: Any, *arguments: object, code: int | None = None) -> dict[str, Any]:
    ran = cli("audit", *HOME, *arguments, "--format", "json", "--allow-empty")
    assert code is None or ran.code == code, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def found(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["subject"]["id"], one["rule"]) for one in document["findings"]}


def test_what_will_launch_is_judged(cli: Any, sandbox: Sandbox, released: str, public: str) -> None:
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    ssm = sandbox.client("ssm")
    sandbox.pending_s = 0.0
    ssm.put_parameter(
        Name="/images/golden", Type="String", Value=released, DataType="aws:ec2:image"
    )

    def template(name: str, image: str) -> str:
        made = ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"},
        )
        template_id: str = made["LaunchTemplate"]["LaunchTemplateId"]
        return template_id

    good = template("good", released)
    by_parameter = template("by-parameter", "resolve:ssm:/images/golden")
    missing = template("missing", "resolve:ssm:/images/none")
    bad = template("bad", public)
    ec2.create_launch_template_version(
        LaunchTemplateId=bad, LaunchTemplateData={"ImageId": released}
    )
    ec2.create_launch_template_version(
        LaunchTemplateId=bad, LaunchTemplateData={"ImageId": released}
    )
    ec2.create_launch_template_version(
        LaunchTemplateId=good, LaunchTemplateData={"ImageId": public}
    )
    ec2.create_launch_template_version(
        LaunchTemplateId=good, LaunchTemplateData={"ImageId": released}
    )
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=public, InstanceType="t3.micro"
    )
    zone: dict[str, Any] = {"AvailabilityZones": ["us-east-1a"], "MinSize": 0, "MaxSize": 1}
    groups: dict[str, dict[str, Any]] = {
        "by-default": {"LaunchTemplate": {"LaunchTemplateId": bad, "Version": "$Default"}},
        "by-latest": {"LaunchTemplate": {"LaunchTemplateName": "bad", "Version": "$Latest"}},
        "by-version": {"LaunchTemplate": {"LaunchTemplateId": good, "Version": "2"}},
        "by-configuration": {"LaunchConfigurationName": "old"},
        "mixed": {
            "MixedInstancesPolicy": {
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": {"LaunchTemplateId": good, "Version": "1"},
                    "Overrides": [
                        {"InstanceType": "t3.small"},
                        {
                            "InstanceType": "t3.large",
                            "LaunchTemplateSpecification": {
                                "LaunchTemplateId": bad, "Version": "1",
                            },
                        },
                    ],
                }
            }
        },
    }  # fmt: skip
    for name, more in groups.items():
        scaling.create_auto_scaling_group(AutoScalingGroupName=name, **zone, **more)
    document = audited(cli, "--only", "launches", code=10)
    assert found(document) == {
        (f"{bad}:1", "foreign-owner"),
        (f"{missing}:1", "unresolved-image"),
        ("old", "foreign-owner"),
        ("by-default", "foreign-owner"),
        ("by-version", "foreign-owner"),
        ("by-configuration", "foreign-owner"),
        ("mixed#2", "foreign-owner"),
    }
    assert document["places"][0]["subjects"] == {
        "launch-template": 6, "launch-configuration": 1, "auto-scaling-group": 6,
        "ssm-parameter": 1,
    }  # fmt: skip
    assert by_parameter not in str(document["findings"])


def test_fleets_and_node_groups_are_judged(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    ec2, eks = sandbox.client("ec2"), sandbox.client("eks")
    template = ec2.create_launch_template(
        LaunchTemplateName="bad", LaunchTemplateData={"ImageId": public, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    specification = {"LaunchTemplateId": template, "Version": "1"}
    fleet = ec2.create_fleet(
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": specification}],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand",
        },
        Type="maintain",
    )["FleetId"]  # fmt: skip
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/eks"
    eks.create_cluster(name="shop", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    groups: dict[str, dict[str, Any]] = {
        "of-eks": {"amiType": "AL2_x86_64"},
        "own": {"launchTemplate": {"id": template, "version": "1"}, "amiType": "CUSTOM"},
    }
    for name, more in groups.items():
        eks.create_nodegroup(
            clusterName="shop", nodegroupName=name, subnets=[subnet], nodeRole=role, **more
        )
    spot = ec2.request_spot_fleet(
        SpotFleetRequestConfig={
            "IamFleetRole": "arn:aws:iam::123456789012:role/fleet",
            "TargetCapacity": 0,
            "AllocationStrategy": "lowestPrice",
            "LaunchSpecifications": [{"ImageId": public, "InstanceType": "t3.micro"}],
        }
    )["SpotFleetRequestId"]
    document = audited(cli, "--only", "launches", code=10)
    assert found(document) >= {
        (spot, "foreign-owner"),
        (fleet, "foreign-owner"),
        ("shop/of-eks", "unresolved-image"),
        ("shop/own", "foreign-owner"),
    }


def test_a_forged_approval_is_no_approval(
    cli: Any, sandbox: Sandbox, released: str, own_images: Any
) -> None:
    ec2 = sandbox.client("ec2")
    made = own_images("us-east-1")[0]
    instance = run(sandbox, released)
    naive = ec2.create_image(InstanceId=instance, Name="mine")["ImageId"]
    ec2.create_tags(Resources=[naive], Tags=[{"Key": "goldenami:status", "Value": "approved"}])
    bad = run(sandbox, naive)
    document = audited(cli, "--only", "instances", code=10)
    assert found(document) == {(bad, "spoofed-approval")}
    assert "lacks the tag goldenami:image" in document["findings"][0]["reason"]

    ec2.deregister_image(ImageId=released)  # so that the forger can take its name
    clever = ec2.create_image(InstanceId=instance, Name=made["Name"])["ImageId"]
    ec2.create_tags(Resources=[clever], Tags=made["Tags"])
    worse = run(sandbox, clever)
    document = audited(cli, "--only", "instances", "--approved", "ami-0123456789abcdef0", code=10)
    assert (worse, "spoofed-approval") in found(document)
    reasons = [one["reason"] for one in document["findings"] if one["subject"]["id"] == worse]
    assert "the manifest of build" in reasons[0]


def test_an_image_made_from_a_golden_one_is_told_apart(
    cli: Any, write: Any, sandbox: Sandbox, golden: str
) -> None:
    ec2 = sandbox.client("ec2")
    first = ec2.create_image(InstanceId=run(sandbox, golden), Name="child")["ImageId"]
    second = ec2.create_image(InstanceId=run(sandbox, first), Name="grandchild")["ImageId"]
    bad = run(sandbox, second)
    document = audited(cli, "--only", "instances", code=10)
    assert (bad, "derived-image") in found(document)
    assert {rule for _, rule in found(document)} == {"derived-image"}
    allowed = write("allowed.yaml", regions=["us-east-1"], enforce=None, audit={"derived": True})
    assert audited(cli, allowed, "--only", "instances", code=0)["findings"] == []


def test_a_root_volume_of_something_else_is_found(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    ec2 = sandbox.client("ec2")
    good, swapped = run(sandbox, golden), run(sandbox, golden)
    described = ec2.describe_instances(InstanceIds=[swapped])["Reservations"][0]["Instances"][0]
    root, device = (
        described["BlockDeviceMappings"][0]["Ebs"]["VolumeId"],
        described["RootDeviceName"],
    )
    ec2.stop_instances(InstanceIds=[swapped])
    ec2.detach_volume(VolumeId=root, InstanceId=swapped, Device=device)
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=swapped, Device=device)
    assert found(audited(cli, "--only", "instances")) == set()
    document = audited(cli, "--only", "instances", "--roots", code=10)
    assert found(document) == {(swapped, "replaced-root")}
    assert good not in str(document["findings"])


def test_root_volumes_that_cannot_be_read_leave_the_rest_judged(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    bad = run(sandbox, public)
    fault = Fault(
        service="ec2", operation="DescribeVolumes", code="UnauthorizedOperation", status=403
    )
    with sandbox.fail(fault):
        document = audited(cli, "--only", "instances", "--roots", code=3)
    assert found(document) == {(bad, "foreign-owner")}
    assert "reading root volumes" in document["places"][0]["unread"][0]


def test_versions_and_ages_beyond_what_is_current(
    cli: Any, write: Any, sandbox: Sandbox, golden: str
) -> None:
    old = run(sandbox, golden)
    newer = write("newer.yaml", version="2.0", regions=["us-east-1"], enforce=None, publish=None)
    assert cli("bake", newer, "--yes").code == 0
    assert found(audited(cli, "--only", "instances")) == set()
    assert found(audited(cli, "--only", "instances", "--newest", "1")) == {(old, "outdated-image")}
    assert found(audited(cli, "--only", "instances", "--max-age", "1d")) == set()
    assert found(audited(cli, "--only", "instances", "--max-age", "0s")) == {
        (old, "outdated-image")
    }


def test_lists_of_names_and_parameters(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    ec2 = sandbox.client("ec2")
    own = ec2.create_image(InstanceId=run(sandbox, public), Name="vendor-7")["ImageId"]
    run(sandbox, own)
    sandbox.client("ssm").put_parameter(Name="/images/public", Type="String", Value=public)
    wanted = ("--only", "instances", "--approved")
    assert {rule for _, rule in found(audited(cli, *wanted, "name:vendor-*"))} == {"foreign-owner"}
    assert {rule for _, rule in found(audited(cli, *wanted, "ssm:/images/public"))} == {
        "unapproved-image"
    }
    assert found(audited(cli, *wanted, "name:vendor-*,ssm:/images/public", code=0)) == set()
    ran = cli("audit", *HOME, *wanted, "ssm:/images/nobody")
    assert ran.code == 2
    assert "there is no SSM parameter /images/nobody in us-east-1" in ran.err


def test_settings_and_guardrails(cli: Any, write: Any, sandbox: Sandbox, admins: str) -> None:
    sandbox.pending_s = 0.0
    release = write(
        regions=["us-east-1"],
        publish=None,
        audit={"regions": ["us-east-1"]},
        enforce={
            "groups": [admins],
            "mechanisms": {
                "group_policy": True,
                "allowed_amis": {"regions": ["us-east-1"], "state": "enabled"},
            },
        },
    )
    assert cli("bake", release, "--yes").code == 0
    before = audited(cli, release, code=10)
    assert {one["rule"] for one in before["findings"]} == {"guardrail-changed", "allowed-amis-off"}
    assert {one["reason"] for one in before["findings"]} >= {
        "Allowed AMIs is disabled here: images of any owner can be launched",
        "not as the release file has it: it is missing",
    }
    assert cli("enforce", release, "--yes").code == 0
    assert audited(cli, release, code=0)["findings"] == []
    policies = sandbox.client("iam").list_attached_group_policies(GroupName=admins)
    guardrail = next(
        one["PolicyArn"] for one in policies["AttachedPolicies"] if "guardrail" in one["PolicyArn"]
    )
    sandbox.client("iam").detach_group_policy(GroupName=admins, PolicyArn=guardrail)
    after = audited(cli, release, code=10)
    [changed] = after["findings"]
    assert changed["rule"] == "guardrail-changed"
    assert f"not attached to {admins}" in changed["reason"]


def test_a_group_that_is_gone_is_a_finding_and_no_failure(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    sandbox.pending_s = 0.0
    release = write(regions=["us-east-1"], publish=None, audit={"regions": ["us-east-1"]})
    assert cli("bake", release, "--yes").code == 0
    [gone] = audited(cli, release, code=10)["findings"]
    assert "there is no IAM group ec2-admin-group" in gone["reason"]


@pytest.fixture
def reader(sandbox: Sandbox) -> None:
    """Another account, with a role that the caller may assume."""
    make_reader(sandbox, OTHER_ACCOUNT)


def make_reader(sandbox: Sandbox, account: str) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = sandbox.client("iam", account=account)
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(
        RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
    )


def test_other_accounts_are_read_by_their_role(
    cli: Any, sandbox: Sandbox, golden: str, public: str, reader: None
) -> None:
    sandbox.client("ec2").modify_image_attribute(
        ImageId=golden, LaunchPermission={"Add": [{"UserId": OTHER_ACCOUNT}]}
    )
    other = sandbox.client("ec2", account=OTHER_ACCOUNT)

    def launched(image_id: str) -> str:
        told = other.run_instances(
            ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro"
        )
        instance_id: str = told["Instances"][0]["InstanceId"]
        return instance_id

    launched(golden)
    bad = launched(public)
    wanted = ("--account", OTHER_ACCOUNT, "--role", "reader", "--only", "instances")
    document = audited(cli, *wanted, code=10)
    assert found(document) == {(bad, "foreign-owner")}
    assert [(one["account"], one["subjects"]) for one in document["places"]] == [
        (ACCOUNT_ID, {}), (OTHER_ACCOUNT, {"instance": 2}),
    ]  # fmt: skip
    assert document["findings"][0]["subject"]["account"] == OTHER_ACCOUNT


def test_an_account_that_refuses_is_named_and_the_rest_reported(
    cli: Any, sandbox: Sandbox, golden: str
) -> None:
    run(sandbox, golden)
    wanted = ("--account", OTHER_ACCOUNT, "--role", "nobody", "--only", "instances")
    ran = cli("audit", *HOME, *wanted, "--format", "json")
    assert ran.code == 3
    document = json.loads(ran.out)
    assert [(one["account"], one["region"], bool(one["unread"])) for one in document["places"]] == [
        (ACCOUNT_ID, "us-east-1", False), (OTHER_ACCOUNT, "*", True),
    ]  # fmt: skip
    assert OTHER_ACCOUNT in ran.err


def test_other_accounts_need_a_role(cli: Any, sandbox: Sandbox) -> None:
    ran = cli("audit", *HOME, "--account", OTHER_ACCOUNT)
    assert ran.code == 2
    assert "--role" in ran.err
    assert cli("audit", "--account", OTHER_ACCOUNT, "--organization").code == 2


def test_every_account_of_an_organization_is_read(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    seed.organization(sandbox)

    def member(name: str) -> str:
        told = sandbox.client("organizations").create_account(AccountName=name, Email=f"{name}@a.b")
        return str(told["CreateAccountStatus"]["AccountId"])

    shop, closed = member("shop"), member("closed")
    make_reader(sandbox, shop)
    told = sandbox.client("ec2", account=shop).run_instances(
        ImageId=public, MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )
    bad = told["Instances"][0]["InstanceId"]
    document = audited(cli, "--organization", "--role", "reader", "--only", "instances", code=3)
    assert found(document) == {(bad, "foreign-owner")}
    places = {one["account"]: (one["region"], bool(one["unread"])) for one in document["places"]}
    assert places == {
        ACCOUNT_ID: ("us-east-1", False), shop: ("us-east-1", False), closed: ("*", True),
    }  # fmt: skip


def test_without_an_organization_there_are_no_accounts_of_it(cli: Any, sandbox: Sandbox) -> None:
    ran = cli("audit", *HOME, "--organization", "--role", "reader")
    assert ran.code == 4
    assert "this account is in no organization" in ran.err


def test_the_comparison_with_an_earlier_audit(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    stays, goes = run(sandbox, public), run(sandbox, public)
    earlier = tmp_path / "earlier.json"
    cli("audit", *HOME, "--only", "instances", "--format", "json", "--output", earlier)
    sandbox.client("ec2").terminate_instances(InstanceIds=[goes])
    comes = run(sandbox, public)
    document = audited(cli, "--only", "instances", "--since", earlier, code=10)
    changes = {one["subject"]["id"]: one["change"] for one in document["findings"]}
    assert changes == {stays: "open", comes: "new"}
    since = document["since"]
    assert (since["new"], since["open"], since["fixed"], since["unknown"]) == (1, 1, 1, 0)
    assert since["fixed_findings"] == [f"{ACCOUNT_ID}/us-east-1/instance/{goes}/foreign-owner"]


def test_what_cannot_be_looked_at_now_is_not_fixed(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    run(sandbox, public)
    earlier = tmp_path / "earlier.json"
    cli("audit", *HOME, "--only", "instances", "--format", "json", "--output", earlier)
    fault = Fault(service="ec2", operation="DescribeInstanceImageMetadata", code="InvalidNextToken")
    with sandbox.fail(fault):
        document = audited(cli, "--only", "instances", "--since", earlier, code=3)
    assert (document["since"]["fixed"], document["since"]["unknown"]) == (0, 1)


def test_what_is_not_looked_at_now_is_not_fixed_either(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    sandbox.client("ec2").create_launch_template(
        LaunchTemplateName="bad", LaunchTemplateData={"ImageId": public}
    )
    gone = run(sandbox, public)
    earlier, inventory = tmp_path / "earlier.json", tmp_path / "inventory.jsonl"
    cli("audit", *HOME, "--format", "json", "--output", earlier)
    sandbox.client("ec2").terminate_instances(InstanceIds=[gone])
    wanted = ("--only", "instances", "--since", earlier, "--save-inventory", inventory)
    live = audited(cli, *wanted, code=0)
    again = audited(cli, "--since", earlier, "--source", f"file:{inventory}", code=0)
    for document in (live, again):
        since = document["since"]
        assert (since["fixed"], since["unknown"]) == (1, 1)
        assert since["fixed_findings"] == [f"{ACCOUNT_ID}/us-east-1/instance/{gone}/foreign-owner"]


def test_what_could_not_be_read_then_and_is_now_is_told(
    cli: Any, sandbox: Sandbox, golden: str, tmp_path: Path
) -> None:
    run(sandbox, golden)
    earlier = tmp_path / "earlier.json"
    fault = Fault(service="ec2", operation="DescribeInstanceImageMetadata", code="InvalidNextToken")
    with sandbox.fail(fault):
        cli("audit", *HOME, "--only", "instances", "--format", "json", "--output", earlier)
    document = audited(cli, "--only", "instances", "--since", earlier, code=0)
    assert document["since"]["read_again"] == [f"{ACCOUNT_ID}/us-east-1"]


@pytest.mark.parametrize(("least", "code"), [("low", 10), ("high", 10), ("critical", 0)])
def test_findings_below_a_severity_do_not_fail(
    cli: Any, sandbox: Sandbox, golden: str, public: str, least: str, code: int
) -> None:
    run(sandbox, public)
    assert len(audited(cli, "--only", "instances", "--fail-on", least, code=code)["findings"]) == 1


FAULTS: dict[str, tuple[Fault, str]] = {
    "launch templates": (
        Fault(service="ec2", operation="DescribeLaunchTemplateVersions", status=403,
              code="UnauthorizedOperation"),
        "launch templates: ",
    ),
    "groups": (
        Fault(service="autoscaling", operation="DescribeAutoScalingGroups", code="AccessDenied",
              status=403),
        "Auto Scaling groups: ",
    ),
    "node groups": (
        Fault(service="eks", operation="ListClusters", code="AccessDeniedException", status=403),
        "EKS node groups: ",
    ),
    "a page that fails": (
        Fault(service="ec2", operation="DescribeInstanceImageMetadata", code="InvalidNextToken"),
        "instances: ",
    ),
    "a connection that breaks": (
        Fault(service="ec2", operation="DescribeInstanceImageMetadata", reset=True), "instances: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_what_cannot_be_read_is_named_and_all_else_reported(
    cli: Any, sandbox: Sandbox, golden: str, public: str, fault: Fault, says: str
) -> None:
    bad = run(sandbox, public)
    sandbox.client("ec2").create_launch_template(
        LaunchTemplateName="bad", LaunchTemplateData={"ImageId": public}
    )
    with sandbox.fail(fault):
        document = audited(cli, code=3)
    [place] = document["places"]
    assert place["unread"][0].startswith(says)
    assert not document["complete"]
    seen = {one["subject"]["kind"] for one in document["findings"]}
    assert seen == {"instance", "launch-template"} - {says.removesuffix("s: ").replace(" ", "-")}
    assert (bad in str(document["findings"])) == ("instance" in seen)


def test_a_page_that_fails_leaves_the_pages_before_it(
    cli: Any, sandbox: Sandbox, golden: str, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "_METADATA", structs.replace(inventory._METADATA, size=5))
    sandbox.client("ec2").run_instances(
        ImageId=public, MinCount=12, MaxCount=12, InstanceType="t3.micro"
    )
    assert len(audited(cli, "--only", "instances", code=10)["findings"]) == 12
    fault = Fault(
        service="ec2", operation="DescribeInstanceImageMetadata", code="InvalidNextToken", skip=3
    )
    with sandbox.fail(fault):
        document = audited(cli, "--only", "instances", code=3)
    [place] = document["places"]
    assert place["subjects"] == {"instance": 10}
    assert place["unread"][0].startswith("instances: ")
    assert len(document["findings"]) == 10


def test_a_region_that_is_down_does_not_hold_the_list_up(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    run(sandbox, public)
    sandbox.client("ssm").put_parameter(Name="/images/public", Type="String", Value=public)
    down = [
        Fault(service=service, operation="*", region="eu-west-1", code="AccessDenied", status=403)
        for service in ("ec2", "ssm")
    ]
    with sandbox.fail(down[0]), sandbox.fail(down[1]):
        ran = cli(
            "audit", *HOME, "--region", "eu-west-1", "--only", "instances",
            "--approved", "ssm:/images/public", "--format", "json",
        )  # fmt: skip
    assert ran.code == 3, ran.err
    document = json.loads(ran.out)
    assert document["findings"] == []
    assert [one["region"] for one in document["places"] if one["unread"]] == ["eu-west-1"]


def test_throttling_is_waited_out(cli: Any, sandbox: Sandbox, golden: str) -> None:
    run(sandbox, golden)
    fault = Fault(
        service="ec2", operation="DescribeInstanceImageMetadata", code="RequestLimitExceeded",
        status=503, times=2,
    )  # fmt: skip
    with sandbox.fail(fault) as armed:
        document = audited(cli, "--only", "instances", code=0)
    assert armed.hits == 2
    assert document["places"][0]["subjects"] == {"instance": 1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--max-age", "old"], "--max-age: `old` is no duration"),
        (["--newest", "0"], "--newest"),
        (["--since", "/no/such/file"], "/no/such/file: cannot be read"),
        (["--approved", "ami-1"], "`ami-1` is no image id"),
    ],
)
def test_wrong_options_are_one_clear_error(
    cli: Any, sandbox: Sandbox, arguments: list[str], says: str
) -> None:
    ran = cli("audit", *arguments)
    assert ran.code == 2
    assert says in ran.err


def test_the_moment_is_the_audits_own(cli: Any, sandbox: Sandbox, golden: str) -> None:
    at = datetime.fromisoformat(audited(cli, "--only", "instances")["at"])
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60


def facts(document: dict[str, Any]) -> dict[str, Any]:
    return {
        key: one for key, one in document.items() if key not in ("at", "source", "tool", "digest")
    }


def test_a_saved_inventory_is_judged_again_without_aws(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    run(sandbox, golden)
    bad = run(sandbox, public)
    saved = tmp_path / "inventory.jsonl"
    live = audited(cli, "--save-inventory", saved, code=10)
    before = len(sandbox.calls)
    again = audited(cli, "--source", f"file:{saved}", code=10)
    assert len(sandbox.calls) == before
    assert facts(again) == facts(live)
    assert again["source"].startswith("file of 20")
    approving = audited(cli, "--source", f"file:{saved}", "--approved", public, code=0)
    assert approving["findings"] == []
    assert bad not in str(approving["findings"])


def test_a_saved_inventory_says_what_could_not_be_read(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    bad = run(sandbox, public)
    saved = tmp_path / "inventory.jsonl"
    fault = Fault(service="eks", operation="ListClusters", code="AccessDenied", status=403)
    with sandbox.fail(fault):
        wanted = ("--account", OTHER_ACCOUNT, "--role", "nobody", "--save-inventory", saved)
        audited(cli, *wanted, code=3)
    again = audited(cli, "--source", f"file:{saved}", code=3)
    assert found(again) == {(bad, "foreign-owner")}
    assert [one["region"] for one in again["places"] if one["unread"]] == ["us-east-1", "*"]
    assert "when it was saved: EKS node groups:" in again["places"][0]["unread"][0]


def test_a_saved_inventory_that_is_not_whole_is_refused(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    bad = run(sandbox, public)
    run(sandbox, golden)
    saved = tmp_path / "inventory.jsonl"
    audited(cli, "--save-inventory", saved, "--only", "instances", code=10)
    head, *lines = saved.read_text().splitlines(keepends=True)
    assert len(lines) == 2
    saved.write_text(head + lines[0])
    ran = cli("audit", "--source", f"file:{saved}")
    assert ran.code == 2
    assert f"it has 1 lines of {ACCOUNT_ID}/us-east-1 instead of 2" in ran.err
    saved.write_text(head + "".join(lines).replace('"kind":"instance"', '"kind":"teapot"', 1))
    ran = cli("audit", "--source", f"file:{saved}")
    assert ran.code == 3
    assert "is no whole inventory" in ran.err
    assert bad not in ran.out


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("file:/no/such/file", "/no/such/file: cannot be read"),
        ("file:/dev/null", "/dev/null: cannot be read: it is a device"),
        ("nowhere", "--source nowhere: is none"),
    ],
)
def test_a_source_that_is_none(cli: Any, source: str, says: str) -> None:
    ran = cli("audit", *HOME, "--source", source)
    assert ran.code == 2
    assert says in ran.err


def test_findings_are_imported_into_security_hub(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    hub = sandbox.client("securityhub")
    hub.enable_security_hub()
    bad = run(sandbox, public)
    ran = cli("audit", *HOME, "--only", "instances", "--to-security-hub")
    assert ran.code == 10
    assert "imported 1 findings into Security Hub" in ran.err
    [finding] = hub.get_findings()["Findings"]
    assert finding["Resources"][0]["Id"].endswith(f"instance/{bad}")
    assert finding["ProductArn"].endswith(f":{ACCOUNT_ID}:product/{ACCOUNT_ID}/default")


def test_what_is_over_is_archived_in_security_hub(
    cli: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path
) -> None:
    hub = sandbox.client("securityhub")
    hub.enable_security_hub()
    bad = run(sandbox, public)
    run(sandbox, golden)
    earlier = tmp_path / "earlier.json"
    wanted = ("--only", "instances", "--to-security-hub", "--format", "json")
    cli("audit", *HOME, *wanted, "--output", earlier)
    sandbox.client("ec2").terminate_instances(InstanceIds=[bad])
    ran = cli("audit", *HOME, *wanted, "--since", earlier)
    assert ran.code == 0, ran.err
    told = {one["Id"]: one for one in hub.get_findings()["Findings"]}
    over = told[f"{ACCOUNT_ID}/us-east-1/instance/{bad}/foreign-owner"]
    assert (over["RecordState"], over["Compliance"]["Status"]) == ("ARCHIVED", "PASSED")


def test_findings_that_cannot_be_imported_are_told(
    cli: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    run(sandbox, public)
    fault = Fault(
        service="securityhub", operation="BatchImportFindings", code="InvalidAccessException",
        status=401, message="Account 123456789012 is not subscribed to AWS Security Hub",
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli("audit", *HOME, "--only", "instances", "--to-security-hub")
    assert ran.code == 3
    assert "is not subscribed to AWS Security Hub" in ran.err
    saved = cli("audit", "--source", "file:/dev/null", "--to-security-hub")
    assert saved.code == 2


@pytest.fixture
def aggregator(sandbox: Sandbox) -> str:
    """An aggregator over two accounts."""
    sandbox.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        AccountAggregationSources=[
            {"AccountIds": [ACCOUNT_ID, OTHER_ACCOUNT], "AllAwsRegions": True}
        ],
    )
    return "config:all"


def test_an_aggregator_is_counted_and_only_what_is_wrong_is_read(
    cli: Any, sandbox: Sandbox, golden: str, public: str, aggregator: str
) -> None:
    ec2 = sandbox.client("ec2")
    ec2.modify_image_attribute(
        ImageId=golden, LaunchPermission={"Add": [{"UserId": OTHER_ACCOUNT}]}
    )
    other = sandbox.client("ec2", account=OTHER_ACCOUNT)

    def launched(client: Any, image_id: str, count: int = 1) -> list[str]:
        told = client.run_instances(
            ImageId=image_id, MinCount=count, MaxCount=count, InstanceType="t3.micro"
        )
        return [one["InstanceId"] for one in told["Instances"]]

    [here] = launched(ec2, golden)
    child = ec2.create_image(InstanceId=here, Name="child")["ImageId"]
    launched(ec2, golden, 2)
    [derived] = launched(ec2, child)
    [theirs] = launched(other, golden)
    launched(other, golden, 29)
    foreign = launched(other, public, 26)
    own = other.create_image(InstanceId=theirs, Name="own")["ImageId"]
    [unseen] = launched(other, own)
    before = len(sandbox.calls)
    document = audited(cli, "--source", aggregator, code=10)
    assert found(document) == {
        (derived, "derived-image"),
        (unseen, "unapproved-image"),
        *((one, "foreign-owner") for one in foreign),
    }
    assert [(one["account"], one["subjects"]) for one in document["places"]] == [
        (ACCOUNT_ID, {"instance": 4}), (OTHER_ACCOUNT, {"instance": 57}),
    ]  # fmt: skip
    assert document["places"][1]["instances_compliant"] == 30
    asked = [call.operation for call in sandbox.calls[before:]]
    assert "DescribeInstances" not in asked
    assert "DescribeInstanceImageMetadata" not in asked


def test_an_aggregator_whose_data_is_old_is_incomplete(
    cli: Any, sandbox: Sandbox, golden: str, public: str, aggregator: str
) -> None:
    bad = run(sandbox, public)
    sandbox.outdate(OTHER_ACCOUNT, "the role is gone")
    document = audited(cli, "--source", aggregator, code=3)
    assert found(document) == {(bad, "foreign-owner")}
    [unread] = [one for one in document["places"] if one["unread"]]
    assert unread["account"] == OTHER_ACCOUNT
    assert unread["unread"] == ["AWS Config says OUTDATED: the role is gone"]


def test_accounts_that_an_aggregator_does_not_have_are_named(
    cli: Any, sandbox: Sandbox, golden: str, aggregator: str
) -> None:
    run(sandbox, golden)
    wanted = ("--account", OTHER_ACCOUNT, "--account", "777788889999")
    document = audited(cli, "--source", aggregator, *wanted, code=3)
    assert [(one["account"], one["region"], one["unread"]) for one in document["places"]] == [
        (ACCOUNT_ID, "us-east-1", []),
        (OTHER_ACCOUNT, "us-east-1", []),
        ("777788889999", "*", ["the aggregator all has nothing of this account"]),
    ]


def test_an_aggregator_is_asked_for_counts_by_the_largest_pages(
    cli: Any, sandbox: Sandbox, golden: str, public: str, aggregator: str
) -> None:
    ec2 = sandbox.client("ec2")
    first = run(sandbox, golden)
    for number in range(120):
        image = ec2.create_image(InstanceId=first, Name=f"own-{number}")["ImageId"]
        run(sandbox, image)
    before = len(sandbox.calls)
    document = audited(cli, "--source", aggregator, code=10)
    asked = [call.operation for call in sandbox.calls[before:]]
    assert len(document["findings"]) == 120
    # One answer has all counts; a query names a hundred images.
    assert asked.count("SelectAggregateResourceConfig") == 1 + 2


def test_an_aggregator_that_is_none(cli: Any, sandbox: Sandbox, golden: str) -> None:
    ran = cli("audit", *HOME, "--source", "config:none")
    assert ran.code == 2
    assert "there is no aggregator in us-east-1 `none`" in ran.err
    ran = cli("audit", *HOME, "--source", "config:none", "--save-inventory", "x")
    assert ran.code == 2
