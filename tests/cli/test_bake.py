"""`goldenami bake` from the command line against the embedded AWS."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami.workflows.release import run
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability

XZ = Vulnerability(
    id="CVE-2024-3094", severity="CRITICAL", package="xz", version="5.6.0", fixed_in="5.6.1"
)
VIM = Vulnerability(id="CVE-2026-2222", severity="LOW", package="vim", version="9.1")


def test_a_bake_makes_one_approved_published_image_in_every_region(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    ran = cli("bake", write(share={"accounts": ["111122223333"]}), "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    items = json.loads(ran.out)["items"]
    assert [one["region"] for one in items] == ["us-east-1", "eu-west-1"]
    for item in items:
        (image,) = own_images(item["region"])
        assert image["ImageId"] == item["image_id"]
        assert image["Name"] == "web-base-1.0"
        written = tags.from_aws(image["Tags"])
        assert written["Name"] == "Golden AMI"
        assert written[tags.STATUS] == "approved"
        assert written[tags.IMAGE] == "web-base"
        assert written[tags.SOURCE].startswith("ami-")
        ec2 = sandbox.client("ec2", item["region"])
        (snapshot,) = ec2.describe_snapshots(SnapshotIds=item["snapshots"])["Snapshots"]
        assert tags.from_aws(snapshot["Tags"]) == written
        shared = ec2.describe_image_attribute(
            ImageId=image["ImageId"], Attribute="launchPermission"
        )
        assert shared["LaunchPermissions"] == [{"UserId": "111122223333"}]
        ssm = sandbox.client("ssm", item["region"])
        parameter = ssm.get_parameter(Name="/golden-ami/web-base")["Parameter"]
        assert parameter["Value"] == image["ImageId"]
        assert parameter["DataType"] == "aws:ec2:image"
    assert living() == []


def test_the_base_instance_is_launched_as_the_release_file_says(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, tmp_path: Path, own_images: Any
) -> None:
    (tmp_path / "setup.sh").write_text("#!/bin/bash\ntoken=s3cret\n")
    release = write(
        regions=["us-east-1"],
        base__user_data="setup.sh",
        base__instance_profile=managed,
        base__volumes=[{"device": "/dev/xvda", "size_gib": 30, "encrypted": False}],
    )
    assert cli("bake", release, "--yes").code == 0
    launches = [one for one in sandbox.calls if one.operation == "RunInstances"]
    launch = next(one.parameters for one in launches if not one.parameters.get("DryRun"))
    assert launch["MetadataOptions"]["HttpTokens"] == "required"
    assert len(launch["ClientToken"]) == 64
    kinds = {one["ResourceType"]: tags.from_aws(one["Tags"]) for one in launch["TagSpecifications"]}
    assert set(kinds) == {"instance", "volume", "network-interface"}
    assert kinds["instance"]["Name"] == "web-base-1.0 base"
    assert tags.STATUS not in kinds["instance"]
    (image,) = own_images("us-east-1")
    assert image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 30


def test_a_custom_approval_tag_is_written_only_at_the_end(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(approval_tag={"key": "Name", "value": "Golden AMI"}, regions=["us-east-1"])
    assert cli("bake", release, "--yes").code == 0
    creation = next(one for one in sandbox.calls if one.operation == "CreateImage")
    assert "Name" not in tags.from_aws(creation.parameters["TagSpecifications"][0]["Tags"])
    (image,) = own_images("us-east-1")
    assert tags.from_aws(image["Tags"])["Name"] == "Golden AMI"


def test_the_plan_lists_every_step_and_changes_nothing(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    ran = cli("bake", write(), "--plan")
    assert ran.code == 0
    for word in ("ec2:RunInstances", "ec2:CreateImage", "ec2:CopyImage", "ssm:PutParameter"):
        assert word in ran.out
    assert mutating() == []


def test_the_plan_as_json_is_versioned_and_keeps_the_user_data_secret(
    cli: Any, write: Any, sandbox: Sandbox, managed: str
) -> None:
    release = write(base__user_data="#!/bin/sh\ns3cret", base__instance_profile=managed)
    ran = cli("bake", release, "--plan", "--format", "json")
    plan = json.loads(ran.out)
    assert plan["schema"] == "goldenami.plan/v1"
    assert {"ec2:RunInstances", "ec2:CreateTags"} <= set(plan["permissions"])
    assert all(one["permissions"] for one in plan["actions"])
    assert "s3cret" not in ran.out


def test_a_given_instance_is_used_and_kept(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    release = write(regions=["us-east-1"])
    instance_id = cli("base", "launch", release, "--yes").out.strip()
    ran = cli("bake", release, "--instance", instance_id, "--yes")
    assert ran.code == 0, ran.err
    assert [one["InstanceId"] for one in living()] == [instance_id]
    (image,) = own_images("us-east-1")
    assert image["SourceInstanceId"] == instance_id


def test_a_failing_validation_step_fails_the_bake_and_leaves_nothing(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, own_images: Any, living: Any
) -> None:
    steps = [{"run": "echo looking"}, {"run": "echo httpd is dead\nexit 3"}]
    ran = cli("bake", write(validate=steps, base__instance_profile=managed), "--yes")
    assert ran.code == 1
    assert "ended Failed with exit code 3" in ran.err
    assert "  - httpd is dead" in ran.err
    assert living() == []
    assert own_images("us-east-1") == []


def test_a_failed_copy_does_not_undo_the_other_regions(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    with sandbox.fail(
        Fault(service="ec2", operation="CopyImage", code="InternalError", status=400)
    ):
        ran = cli("bake", write(), "--yes", "--format", "json")
    assert ran.code == 1
    assert "(eu-west-1 missing, the rest published): copy the image" in ran.err
    assert "CopyImage: InternalError" in ran.err
    assert "--resume" in ran.err
    assert [one["region"] for one in json.loads(ran.out)["items"]] == ["us-east-1"]
    (image,) = own_images("us-east-1")
    written = tags.from_aws(image["Tags"])
    assert (written[tags.STATUS], written[tags.UNPUBLISHED]) == ("approved", "eu-west-1")
    assert own_images("eu-west-1") == []
    assert living() == []


def test_a_copy_that_was_missing_is_completed_and_the_mark_taken_off(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write()
    with sandbox.fail(Fault(service="ec2", operation="CopyImage", code="InternalError")):
        cli("bake", release, "--yes")
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        written = tags.from_aws(image["Tags"])
        assert written[tags.STATUS] == "approved"
        assert tags.UNPUBLISHED not in written
    versions = sandbox.client("ssm").get_parameter_history(Name="/golden-ami/web-base")
    assert [one["Version"] for one in versions["Parameters"]] == [1]
    assert versions["Parameters"][0]["Labels"] == ["v1.0"]


def test_a_failed_bake_goes_on_where_it_stopped(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path, mutating: Any, own_images: Any
) -> None:
    release = write()
    with sandbox.fail(
        Fault(service="ec2", operation="CopyImage", code="InternalError", status=400)
    ):
        cli("bake", release, "--yes")
    (lines,) = (tmp_path / "state").iterdir()
    launched = mutating().count("RunInstances")
    ran = cli("bake", release, "--resume", lines.stem, "--yes")
    assert ran.code == 0, ran.err
    assert mutating().count("RunInstances") == launched
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        assert tags.from_aws(image["Tags"])[tags.STATUS] == "approved"


def test_an_image_whose_creation_was_not_answered_is_adopted(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    lost = Fault(
        service="ec2", operation="CreateImage", code="InternalError", status=503, times=1,
        applied=True,
    )  # fmt: skip
    with sandbox.fail(lost):
        ran = cli("bake", write(regions=["us-east-1"]), "--yes")
    assert ran.code == 0, ran.err
    assert len(own_images("us-east-1")) == 1


def test_a_build_is_not_resumed_with_another_release_file(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    with sandbox.fail(Fault(service="ec2", operation="CopyImage", code="InternalError")):
        cli("bake", write(), "--yes")
    (lines,) = (tmp_path / "state").iterdir()
    ran = cli("bake", write(version="1.1"), "--resume", lines.stem, "--yes")
    assert ran.code == 1
    assert "another version" in ran.err


def test_an_unknown_build_cannot_be_resumed(cli: Any, write: Any, sandbox: Sandbox) -> None:
    ran = cli("bake", write(), "--resume", "20260101T000000Z-ffffff", "--yes")
    assert ran.code == 2
    assert "there is no trace of build 20260101T000000Z-ffffff" in ran.err


def test_ctrl_c_keeps_what_there_is_and_says_how_to_go_on(
    cli: Any,
    write: Any,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    own_images: Any,
    living: Any,
) -> None:
    real: Callable[..., Any] = run.HANDLERS["wait:image"]
    pressed: list[int] = []

    def press_once(doing: Any) -> Any:
        if not pressed:
            pressed.append(1)
            os.kill(os.getpid(), signal.SIGINT)
            assert doing.cancelled.wait(10)
        return real(doing)

    monkeypatch.setitem(run.HANDLERS, "wait:image", press_once)
    release = write(regions=["us-east-1"])
    ran = cli("bake", release, "--yes")
    assert ran.code == 130
    assert "kept: launch the base instance" in ran.err
    (lines,) = (tmp_path / "state").iterdir()
    assert f"goldenami bake {release} --resume {lines.stem}" in ran.err
    assert f"left for resuming: {own_images('us-east-1')[0]['ImageId']}" in ran.err
    assert cli("bake", release, "--resume", lines.stem, "--yes").code == 0
    assert len(own_images("us-east-1")) == 1
    assert living() == []


def test_the_journal_has_every_intent_and_no_secret(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, tmp_path: Path
) -> None:
    base = {"base__user_data": "#!/bin/sh\ns3cret", "base__instance_profile": managed}
    cli("bake", write(**base, regions=["us-east-1"]), "--yes")
    (lines,) = (tmp_path / "state").iterdir()
    text = lines.read_text()
    assert "s3cret" not in text
    assert (lines.stat().st_mode & 0o777) == 0o600
    events = [json.loads(line) for line in text.splitlines()[1:]]
    intended = [one["action"] for one in events if one["event"] == "intent"]
    answered = [one["action"] for one in events if one["event"] == "result"]
    assert "image:us-east-1" in intended
    assert sorted(intended) == sorted(answered)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"regions": ["us-east-1", "ap-east-1"]}, "region `ap-east-1` is not enabled"),
        ({"base__instance_type": "t4g.micro"}, "t4g.micro is arm64, but"),
        ({"base__key_name": "missing"}, "The key pair 'missing' does not exist"),
        ({"base__subnet": "subnet-0123456789abcdef0"}, "subnet-0123456789abcdef0"),
        ({"base__source": {"ssm": "/no/such"}}, "there is no parameter /no/such"),
        ({"base__source": {"ami": "ami-0123456789abcdef0"}}, "does not exist in us-east-1"),
        ({"base__source": {"golden": "base-os"}}, "no approved image `base-os`"),
        (
            {"base__source": {"filter": {"name": "nothing-*", "owners": ["amazon"]}}},
            "no available image of amazon",
        ),
        (
            {"distribute": {"eu-west-1": {"kms_key": "alias/golden"}}},
            "looking at KMS key alias/golden in eu-west-1",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_told_before_anything_is_changed(
    cli: Any, write: Any, sandbox: Sandbox, changes: dict[str, Any], says: str, mutating: Any
) -> None:
    ran = cli("bake", write(**changes), "--yes")
    assert ran.code == 1
    assert says in ran.err
    assert mutating() == []


def test_all_problems_are_told_together(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    release = write(regions=["us-east-1"])
    assert cli("bake", release, "--yes").code == 0
    before = mutating()
    ran = cli("bake", write(regions=["us-east-1"], base__key_name="missing"), "--yes")
    assert "the name web-base-1.0 is taken in us-east-1 by ami-" in ran.err
    assert "missing" in ran.err
    assert mutating() == before


def test_a_name_that_is_taken_in_a_destination_is_found_first(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    ec2 = sandbox.client("ec2", "eu-west-1")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]
    ec2.copy_image(Name="web-base-1.0", SourceImageId=image["ImageId"], SourceRegion="eu-west-1")
    before = mutating()
    ran = cli("bake", write(), "--yes")
    assert "is taken in eu-west-1" in ran.err
    assert mutating() == before


@pytest.mark.parametrize("kind", ["ami", "filter", "golden"])
def test_the_base_image_comes_from_any_of_the_sources(
    cli: Any, write: Any, sandbox: Sandbox, kind: str
) -> None:
    base_os = write("base-os.yaml", image="base-os", regions=["us-east-1"])
    assert cli("bake", base_os, "--yes").code == 0
    ec2 = sandbox.client("ec2")
    amazon = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"][0]
    sources: dict[str, Any] = {
        "ami": amazon["ImageId"],
        "filter": {"name": "al2023-ami-2023*", "owners": ["amazon"], "architecture": "x86_64"},
        "golden": "base-os",
    }
    ran = cli("bake", write(base__source={kind: sources[kind]}, regions=["us-east-1"]), "--yes")
    assert ran.code == 0, ran.err


def test_a_question_that_nobody_can_answer_is_refused(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    ran = cli("bake", write())
    assert ran.code == 2
    assert "--yes" in ran.err
    assert mutating() == []


def test_the_command_works_as_a_process_of_its_own(write: Any, sandbox: Sandbox) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "goldenami", "bake", str(write()), "--plan"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "create image web-base-1.0" in ran.stdout


def test_a_bake_whose_validation_failed_goes_on_with_a_new_instance(
    cli: Any,
    write: Any,
    sandbox: Sandbox,
    managed: str,
    tmp_path: Path,
    own_images: Any,
    living: Any,
) -> None:
    steps = [{"run": "true"}, {"run": "echo ok"}]
    release = write(regions=["us-east-1"], validate=steps, base__instance_profile=managed)
    fault = Fault(service="ssm", operation="SendCommand", code="InternalServerError", skip=1)
    with sandbox.fail(fault):
        assert cli("bake", release, "--yes").code == 1
    assert living() == []
    (lines,) = (tmp_path / "state").iterdir()
    ran = cli("bake", release, "--resume", lines.stem, "--yes")
    assert ran.code == 0, ran.err
    assert len(own_images("us-east-1")) == 1
    assert living() == []


def test_the_command_that_resumes_names_the_options_of_the_bake(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, tmp_path: Path
) -> None:
    steps = [{"run": "exit 1"}]
    release = write(regions=["us-east-1"], validate=steps, base__instance_profile=managed)
    instance_id = cli("base", "launch", release, "--yes").out.strip()
    ran = cli("bake", release, "--instance", instance_id, "--method", "create-image", "--yes")
    (lines,) = (tmp_path / "state").iterdir()
    options = f"--method create-image --instance {instance_id} --resume {lines.stem}"
    assert f"goldenami bake {release} {options}" in ran.err


def test_a_manual_approval_makes_candidates_that_somebody_approves(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(approval="manual")
    ran = cli("bake", release, "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    assert f"`goldenami approve {release}`" in ran.err
    assert {(one["status"], one["parameter"]) for one in json.loads(ran.out)["items"]} == {
        ("candidate", "")
    }
    ssm = sandbox.client("ssm")
    assert ssm.get_parameters(Names=["/golden-ami/web-base"])["Parameters"] == []
    assert cli("sweep", "--older-than", "0s", "--yes").code == 0  # a candidate is no leftover
    assert cli("approve", release, "--plan").code == 0
    approved = cli("approve", release, "--yes")
    assert approved.code == 0, approved.err
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        written = tags.from_aws(image["Tags"])
        assert written[tags.STATUS] == "approved"
        assert written[tags.APPROVED_BY] == "arn:aws:iam::123456789012:root"
        assert written[tags.APPROVED_AT].endswith("Z")
    assert len(ssm.get_parameters(Names=["/golden-ami/web-base"])["Parameters"]) == 1
    again = cli("approve", release, "--yes")
    assert (again.code, "no candidate" in again.err) == (4, True)
    other = cli("approve", release, "--build", "20260101T000000Z-ffffff", "--yes")
    assert (other.code, "there is no build of web-base" in other.err) == (2, True)


def test_a_region_that_fails_leaves_no_candidate(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(approval="manual")
    with sandbox.fail(Fault(service="ec2", operation="CopyImage", code="InternalError")):
        assert cli("bake", release, "--yes").code == 1
    assert cli("approve", release, "--yes").code == 4
    assert cli("bake", release, "--yes").code == 0
    assert cli("approve", release, "--yes").code == 0


def test_the_baked_image_is_booted_and_tested_before_it_goes_anywhere(
    cli: Any, write: Any, sandbox: Sandbox, managed: str, own_images: Any, living: Any
) -> None:
    test = {"steps": [{"run": "echo hello"}], "instance_type": "t3.small"}
    ran = cli("bake", write(test=test, base__instance_profile=managed), "--yes")
    assert ran.code == 0, ran.err
    assert living() == []
    (image,) = own_images("us-east-1")
    calls = [one for one in sandbox.calls if not one.parameters.get("DryRun")]
    named = [one.operation for one in calls]
    (booted,) = [
        one.parameters
        for one in calls
        if one.operation == "RunInstances" and one.parameters["ImageId"] == image["ImageId"]
    ]
    assert booted["InstanceType"] == "t3.small"
    assert booted["MetadataOptions"]["HttpTokens"] == "required"
    assert named.index("SendCommand") < named.index("CopyImage")


def test_an_image_that_fails_its_test_goes_nowhere(
    cli: Any,
    write: Any,
    sandbox: Sandbox,
    managed: str,
    mutating: Any,
    own_images: Any,
    living: Any,
) -> None:
    steps = [{"run": "echo broken\nexit 7"}]
    release = write(test={"steps": steps}, base__instance_profile=managed)
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert "ended Failed with exit code 7" in ran.err
    assert "  - broken" in ran.err
    assert living() == []
    assert not {"CopyImage", "LabelParameterVersion"} & set(mutating())
    (image,) = own_images("us-east-1")
    assert f"left for resuming: {image['ImageId']} (available) in us-east-1" in ran.err
    assert tags.from_aws(image["Tags"])[tags.STATUS] == "building"


def test_the_booted_image_is_scanned_and_what_is_ignored_does_not_count(
    cli: Any, write: Any, sandbox: Sandbox, living: Any
) -> None:
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    release = write(test={"scan": {"severity": "medium", "ignore": [XZ.id]}})
    with sandbox.vulnerable("us-east-1", XZ, VIM):
        ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    assert "scan it with Amazon Inspector: fail from severity medium on" in ran.err
    assert "1 low" in ran.err
    named = [one.operation for one in sandbox.calls]
    assert named.index("ListFindings") < named.index("CopyImage", named.index("CreateImage"))
    assert living() == []


def test_an_image_with_vulnerabilities_goes_nowhere(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, own_images: Any, living: Any
) -> None:
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    with sandbox.vulnerable("us-east-1", VIM, XZ):
        ran = cli("bake", write(test={"scan": {}}), "--yes")
    assert ran.code == 1
    assert "finds a vulnerability of severity high or worse" in ran.err
    assert "  - critical CVE-2024-3094 in xz 5.6.0 (fixed in 5.6.1)" in ran.err
    assert living() == []
    assert not {"CopyImage", "LabelParameterVersion"} & set(mutating())
    (image,) = own_images("us-east-1")
    assert f"left for resuming: {image['ImageId']} (available) in us-east-1" in ran.err
    assert tags.from_aws(image["Tags"])[tags.STATUS] == "building"


def test_a_scan_that_inspector_does_not_do_is_told_before_anything_is_changed(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    ran = cli("bake", write(test={"scan": {}}), "--yes")
    assert ran.code == 1
    assert "Amazon Inspector does not scan instances in us-east-1 (DISABLED)" in ran.err
    assert mutating() == []


def test_an_image_is_scanned_without_a_boot_and_without_an_activation(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, own_images: Any
) -> None:
    release = write(test={"scan": {"on": "image", "severity": "low", "ignore": [VIM.id]}})
    with sandbox.vulnerable("us-east-1", VIM, XZ):
        ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert "Inspector finds a vulnerability of severity low or worse" in ran.err
    assert "  - critical CVE-2024-3094 - xz (a fix is available)" in ran.err
    assert not {"CopyImage", "LabelParameterVersion"} & set(mutating())
    (image,) = own_images("us-east-1")
    assert tags.from_aws(image["Tags"])[tags.STATUS] == "building"
    build = tags.from_aws(image["Tags"])[tags.BUILD]
    with sandbox.vulnerable("us-east-1", VIM, XZ):
        again = cli("bake", release, "--resume", build, "--yes")
    assert again.code == 1
    assert "goldenami bake" in again.err
    named = [each.operation for each in sandbox.calls]
    assert named.count("StartOnDemandScan") == 1
    ignoring = {"on": "image", "severity": "low", "ignore": [VIM.id, XZ.id]}
    with sandbox.vulnerable("us-east-1", VIM, XZ):
        passed = cli("bake", write(version="2", test={"scan": ignoring}), "--yes")
    assert passed.code == 0, passed.err
    assert mutating().count("RunInstances") == 2  # the base instances
    assert "BatchGetAccountStatus" not in [each.operation for each in sandbox.calls]


def test_a_resumed_bake_tests_an_image_once(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    release = write(test={})
    with sandbox.fail(Fault(service="ec2", operation="CopyImage", code="InternalError")):
        assert cli("bake", release, "--yes").code == 1
    launched = mutating().count("RunInstances")
    assert launched == 2
    assert cli("bake", release, "--yes").code == 0
    assert mutating().count("RunInstances") == launched
