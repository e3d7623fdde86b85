"""Mechanism ``allowed_amis`` and ``enforce --audit-mode`` against the embedded AWS."""

import json
from typing import Any

import pytest

from goldenami_sandbox import catalogue, seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

OWNER = "999988887777"
DEFAULT = [{"ImageProviders": [ACCOUNT_ID, OWNER]}]


@pytest.fixture
def release(write: Any) -> Any:
    """Write a release with Allowed AMIs in two regions, for images of another account."""

    def allowing(name: str = "release.yaml", **setting: Any) -> Any:
        setting.setdefault("regions", ["us-east-1", "eu-west-1"])
        enforce = {"profile": "owner-only", "mechanisms": {"allowed_amis": setting}}
        return write(name, enforce=enforce, audit={"owners": [OWNER]})

    return allowing


def setting(sandbox: Sandbox, region: str = "us-east-1") -> tuple[str, list[Any]]:
    answer = sandbox.client("ec2", region).get_allowed_images_settings()
    return answer["State"], answer["ImageCriteria"]


def launch(sandbox: Sandbox, region: str = "us-east-1") -> str:
    """Launch an image of Amazon's, which the golden owners' criteria do not allow."""
    answer = sandbox.client("ec2", region).run_instances(
        ImageId=catalogue.IMAGES[0].id_in(region), InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    return str(answer["Instances"][0]["InstanceId"])


@pytest.mark.usefixtures("every_region")
def test_every_region_is_set_to_the_golden_owners_and_read_back(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    ran = cli("enforce", release(regions="all"), "--yes")
    assert ran.code == 0, ran.err
    assert "never restrict the account's own images" in ran.err
    assert "+ audit-mode" in ran.err
    for region in ("us-east-1", "eu-west-1", "sa-east-1"):
        assert setting(sandbox, region) == ("audit-mode", DEFAULT)


def test_regions_and_criteria_are_the_release_files(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    path = release(
        state="enabled",
        regions=["eu-west-1"],
        providers=[OWNER],
        names=["web-*"],
        created_within_days=300,
        deprecated_within_days=0,
        watermarks=[
            {"key": f"{OWNER}:web-*", "region": "us-east-1"},
            {"key": f"{OWNER}:db", "attached_within_days": 9, "source_created_within_days": 90},
        ],
        scan={"severity": "high", "scanned_within_days": 7, "fixed_within_days": {"critical": 0}},
    )
    ran = cli("enforce", path, "--yes", "--accept-unproved")
    assert ran.code == 0, ran.err
    assert setting(sandbox, "us-east-1") == ("disabled", [])
    assert setting(sandbox, "eu-west-1") == (
        "enabled",
        [
            {
                "ImageProviders": [OWNER],
                "ImageNames": ["web-*"],
                "CreationDateCondition": {"MaximumDaysSinceCreated": 300},
                "DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0},
                "ImageWatermarks": [
                    {"WatermarkKey": f"{OWNER}:web-*", "SourceImageRegion": "us-east-1"},
                    {
                        "WatermarkKey": f"{OWNER}:db",
                        "MaximumDaysSinceSourceImageCreated": 90,
                        "MaximumDaysSinceWatermarkCreated": 9,
                    },
                ],
                "ScanResultCondition": {
                    "MaxDaysSinceLastFindingScan": 7,
                    "MaximumSeverityLabel": "high",
                    "MaxDaysSinceCriticalFixAvailable": 0,
                },
            }
        ],
    )


def test_a_second_run_changes_nothing_whatever_the_order_of_the_owners(
    cli: Any, sandbox: Sandbox, release: Any, mutating: Any
) -> None:
    path = release(regions=["us-east-1"])
    cli("enforce", path, "--yes")
    sandbox.client("ec2").replace_image_criteria_in_allowed_images_settings(
        ImageCriteria=[{"ImageProviders": [OWNER, ACCOUNT_ID]}]
    )
    before = mutating()
    assert "nothing to change" in cli("enforce", path).err
    assert mutating() == before


def test_only_what_differs_is_changed(
    cli: Any, sandbox: Sandbox, release: Any, mutating: Any
) -> None:
    cli("enforce", release(regions=["us-east-1"]), "--yes")
    before = len(mutating())
    assert cli("enforce", release(state="enabled", regions=["us-east-1"]), "--yes").code == 0
    assert mutating()[before:] == ["EnableAllowedImagesSettings"]
    assert setting(sandbox) == ("enabled", DEFAULT)


@pytest.mark.parametrize("drops", [False, True], ids=["named in the file", "no longer named"])
def test_remove_disables_what_is_ours_and_leaves_the_rest(
    cli: Any, sandbox: Sandbox, release: Any, write: Any, drops: bool
) -> None:
    cli("enforce", release(), "--yes")
    theirs = [{"ImageProviders": ["amazon"]}]
    away = sandbox.client("ec2", "eu-west-1")
    away.replace_image_criteria_in_allowed_images_settings(ImageCriteria=theirs)
    groups = {"profile": "owner-only", "groups": ["admins"]}
    sandbox.client("iam").create_group(GroupName="admins")
    other = write("other.yaml", enforce=groups, audit={"owners": [OWNER]})
    ran = cli("enforce", other if drops else release(), "--remove", "--yes")
    assert ran.code == 0, ran.err
    assert "eu-west-1: the Allowed AMIs setting is not goldenami's, and stays" in ran.err
    assert setting(sandbox, "us-east-1") == ("disabled", [])
    assert setting(sandbox, "eu-west-1") == ("audit-mode", theirs)


def test_remove_says_nothing_of_regions_where_nothing_is_set(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    assert setting(sandbox) == ("disabled", [])
    ran = cli("enforce", release(), "--remove")
    assert "nothing to change" in ran.err
    assert "Allowed AMIs" not in ran.err


def test_criteria_of_ours_that_somebody_disabled_are_cleared(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    cli("enforce", release(regions=["us-east-1"]), "--yes")
    sandbox.client("ec2").disable_allowed_images_settings()
    assert cli("enforce", release(regions=["us-east-1"]), "--remove", "--yes").code == 0
    assert setting(sandbox) == ("disabled", [])


def test_a_region_that_cannot_be_read_stops_it_before_any_change(
    cli: Any, sandbox: Sandbox, release: Any, mutating: Any
) -> None:
    fault = Fault(
        service="ec2", operation="GetAllowedImagesSettings", region="eu-west-1",
        code="UnauthorizedOperation", status=403,
    )  # fmt: skip
    before = mutating()
    with sandbox.fail(fault):
        ran = cli("enforce", release(), "--yes")
    assert ran.code == 3
    assert "eu-west-1" in ran.err
    assert mutating() == before


def test_remove_goes_on_where_settings_that_the_file_does_not_name_cannot_be_read(
    cli: Any, sandbox: Sandbox, release: Any, write: Any
) -> None:
    cli("enforce", release(), "--yes")
    sandbox.client("iam").create_group(GroupName="admins")
    enforce = {"profile": "owner-only", "groups": ["admins"]}
    other = write("other.yaml", enforce=enforce, audit={"owners": [OWNER]})
    fault = Fault(
        service="ec2", operation="GetAllowedImagesSettings", region="eu-west-1",
        code="UnauthorizedOperation", status=403,
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli("enforce", other, "--remove", "--yes")
        assert cli("enforce", release(), "--remove", "--yes").code == 3
    assert ran.code == 0, ran.err
    assert "Allowed AMIs settings could not be looked for in eu-west-1" in ran.err
    assert setting(sandbox, "us-east-1") == ("disabled", [])
    assert setting(sandbox, "eu-west-1") == ("audit-mode", DEFAULT)


class TestAuditMode:
    def test_it_lists_every_instance_that_would_be_refused(
        self, cli: Any, sandbox: Sandbox, release: Any
    ) -> None:
        here, away = launch(sandbox), launch(sandbox, "eu-west-1")
        ran = cli("enforce", release(state="enabled"), "--audit-mode", "--yes", "--format", "json")
        assert ran.code == 10, ran.err
        answer = json.loads(ran.out)
        assert answer["schema"] == "goldenami.would-refuse/v1"
        (rows,) = [value for value in answer.values() if isinstance(value, list)]
        assert {(item["region"], item["instance"]) for item in rows} == {
            ("us-east-1", here),
            ("eu-west-1", away),
        }
        assert {item["owner"] for item in rows} == {"amazon"}
        assert setting(sandbox) == ("audit-mode", DEFAULT)

    def test_the_table_says_the_same(self, cli: Any, sandbox: Sandbox, release: Any) -> None:
        here = launch(sandbox)
        ran = cli("enforce", release(), "--audit-mode", "--yes")
        assert ran.code == 10
        assert here in ran.out
        assert f"account {ACCOUNT_ID} alone" in ran.err
        assert "before state: enabled" in ran.err

    def test_a_fleet_of_golden_images_is_fine(
        self, cli: Any, sandbox: Sandbox, release: Any
    ) -> None:
        ec2 = sandbox.client("ec2")
        sandbox.pending_s = 0
        instance = launch(sandbox)
        own = ec2.create_image(InstanceId=instance, Name="own")["ImageId"]
        ec2.run_instances(ImageId=own, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        ec2.terminate_instances(InstanceIds=[instance])
        ran = cli("enforce", release(), "--audit-mode", "--yes")
        assert ran.code == 0, ran.err

    def test_it_touches_no_other_mechanism(
        self, cli: Any, sandbox: Sandbox, write: Any, mutating: Any
    ) -> None:
        sandbox.client("iam").create_group(GroupName="admins")
        mechanisms = {"group_policy": True, "allowed_amis": {"regions": ["us-east-1"]}}
        enforce = {"profile": "owner-only", "groups": ["admins"], "mechanisms": mechanisms}
        before = len(mutating())
        path = write(enforce=enforce, audit={"owners": [OWNER]})
        assert cli("enforce", path, "--audit-mode", "--yes").code == 0
        assert set(mutating()[before:]) == {
            "ReplaceImageCriteriaInAllowedImagesSettings",
            "EnableAllowedImagesSettings",
            "PutParameter",
        }

    def test_it_leaves_a_declarative_policy_that_the_file_does_not_name(
        self, cli: Any, sandbox: Sandbox, write: Any
    ) -> None:
        seeded = seed.organization(sandbox)
        client = sandbox.client("organizations")
        client.enable_policy_type(RootId=seeded.root_id, PolicyType="DECLARATIVE_POLICY_EC2")
        declared = {"declarative_policy": {"targets": [seeded.unit_id], "state": "enabled"}}
        allowed: dict[str, Any] = {"allowed_amis": {}}
        for mechanisms, mode in ((declared, ()), (allowed, ("--audit-mode",))):
            enforce = {"profile": "owner-only", "mechanisms": mechanisms}
            path = write(enforce=enforce, audit={"owners": [OWNER]})
            ran = cli("enforce", path, "--yes", *mode)
            assert ran.code == 0, ran.err
        answer = client.list_policies(Filter="DECLARATIVE_POLICY_EC2")["Policies"]
        assert [item["Name"] for item in answer] == ["goldenami-allowed-images"]

    def test_an_instance_list_that_cannot_be_read_is_incomplete(
        self, cli: Any, sandbox: Sandbox, release: Any
    ) -> None:
        launch(sandbox)
        fault = Fault(
            service="ec2", operation="DescribeInstanceImageMetadata", region="eu-west-1",
            code="UnauthorizedOperation", status=403,
        )  # fmt: skip
        with sandbox.fail(fault):
            ran = cli("enforce", release(), "--audit-mode", "--yes")
        assert ran.code == 3
        assert "eu-west-1" in ran.err

    def test_the_plan_alone_lists_nothing(self, cli: Any, sandbox: Sandbox, release: Any) -> None:
        launch(sandbox)
        ran = cli("enforce", release(), "--audit-mode", "--plan")
        assert ran.code == 0
        assert setting(sandbox) == ("disabled", [])

    @pytest.mark.usefixtures("sandbox")
    def test_it_needs_one_of_its_mechanisms(self, cli: Any, write: Any) -> None:
        ran = cli("enforce", write(), "--audit-mode", "--yes")
        assert ran.code == 2
        assert "enforce.mechanisms has neither" in ran.err

    def test_it_does_not_go_with_remove(self, cli: Any, release: Any) -> None:
        ran = cli("enforce", release(), "--audit-mode", "--remove")
        assert ran.code == 2
        assert "do not go together" in ran.err
