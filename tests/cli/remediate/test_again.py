"""`goldenami remediate` believes no document: everything is judged again, twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import ask
from goldenami.aws.session import Aws
from goldenami.domain.audit import audit_file
from goldenami.domain.audit.subject import ImageSeen
from goldenami.domain.choices import RemediationKind
from goldenami.workflows import remediate as workflow
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.remediate.interface import RemediationRequest
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import now, run

BUILD = "20261101T120000Z-a1b2c3"
APPROVED = {"Key": "goldenami:status", "Value": "approved"}


@pytest.fixture
def unapproved(sandbox: Sandbox, golden: str, cli: Any, write: Any) -> str:
    """A second image of a release, whose approval was taken away; return its id."""
    again = write("second.yaml", version="1.1", regions=["us-east-1"], enforce=None)
    assert cli("bake", again, "--yes").code == 0
    ec2 = sandbox.client("ec2")
    [image_id] = [
        one["ImageId"]
        for one in ec2.describe_images(Owners=["self"])["Images"]
        if one["ImageId"] != golden
    ]
    ec2.delete_tags(Resources=[image_id], Tags=[APPROVED])
    return str(image_id)


def test_a_document_that_somebody_else_wrote_ends_no_golden_instance(
    sandbox: Sandbox, golden: str, public: str, audited: Any, rewrite: Any, remediate: Any
) -> None:
    good, bad = run(sandbox, golden), run(sandbox, public)
    audit = audited()
    [finding] = audit_file.load(audit).findings
    subject = structs.replace(finding.subject, id=good, image=ImageSeen(id=golden))
    rewrite(audit, findings=(structs.replace(finding, subject=subject),))
    assert remediate(audit, "--action", "terminate") == {good: ("left alone", "it is golden now")}
    assert {now(sandbox, one)["State"]["Name"] for one in (good, bad)} == {"running"}


def test_an_instance_of_another_image_than_the_document_says_is_left_alone(
    sandbox: Sandbox, golden: str, public: str, audited: Any, rewrite: Any, remediate: Any
) -> None:
    bad = run(sandbox, public)
    audit = audited()
    [finding] = audit_file.load(audit).findings
    subject = structs.replace(finding.subject, image=ImageSeen(id=golden))
    rewrite(audit, findings=(structs.replace(finding, subject=subject),))
    assert remediate(audit, "--action", "terminate") == {
        bad: ("left alone", f"it runs {public} now, not {golden}")
    }


def test_a_document_that_was_changed_by_hand_is_refused(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    good, bad = run(sandbox, golden), run(sandbox, public)
    audit = audited()
    audit.write_text(audit.read_text().replace(bad, good))
    ran = cli("remediate", audit, "--action", "terminate", "--yes")
    assert ran.code == 2
    assert "its digest is not that of its content" in ran.err
    assert now(sandbox, good)["State"]["Name"] == "running"


def test_what_was_approved_since_the_audit_is_left_alone(
    sandbox: Sandbox, unapproved: str, audited: Any, remediate: Any
) -> None:
    instance = run(sandbox, unapproved)
    audit = audited()
    sandbox.client("ec2").create_tags(Resources=[unapproved], Tags=[APPROVED])
    assert remediate(audit, "--action", "stop") == {instance: ("left alone", "it is golden now")}


def test_what_was_waived_since_the_audit_is_left_alone_with_the_waiver(
    cli: Any, sandbox: Sandbox, write: Any, golden: str, public: str, audited: Any,
    remediate: Any, tmp_path: Path,
) -> None:  # fmt: skip
    waived, bad = run(sandbox, public), run(sandbox, public)
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text("schema: goldenami.waivers/v1\n")
    release = write("waiving.yaml", enforce=None, audit={"waivers": "waivers.yaml"})
    audit = audited(release)
    waivers.write_text(
        "schema: goldenami.waivers/v1\nwaivers:\n"
        f"- {{instance: {waived}, owner: me, reason: r, expires: 2999-01-01}}\n"
    )
    ran = cli("remediate", audit, "--action", "terminate", "--yes")
    assert ran.code == 2
    assert f"goldenami remediate {audit} waiving.yaml --action terminate" in ran.err
    assert set(remediate(audit, "--action", "release").values()) == {
        ("left alone", "it is not in quarantine")
    }
    assert remediate(audit, release, "--action", "terminate") == {
        waived: ("left alone", f"a waiver covers it: instance {waived} (me)"),
        bad: ("done", f"terminate {bad}"),
    }


def test_the_lists_and_limits_of_the_audit_count_again(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    """What an approved list spares stays spared; a rule that was not asked again finds nothing."""
    ec2 = sandbox.client("ec2")
    spared = run(sandbox, public)
    other = next(
        one["ImageId"]
        for one in ec2.describe_images(Owners=["amazon"])["Images"]
        if one["ImageId"] != public and one["Architecture"] == "x86_64"
    )
    bad, old = run(sandbox, other), run(sandbox, golden)
    audit = audited("--approved", public, "--max-age", "0s")
    stop = ("--action", "stop", "--rule", "outdated-image", "--rule", "foreign-owner")
    results = remediate(audit, *stop)
    assert results[bad][0] == "done"
    assert "outdated-image was not looked at: pass what the audit" in results[old][1]
    assert remediate(audit, *stop, "--max-age", "0s")[old][0] == "done"
    assert now(sandbox, spared)["State"]["Name"] in ("running", "stopped")
    assert "foreign-owner" not in str(results.get(spared, ""))


def test_only_findings_that_were_asked_for_are_acted_on(
    sandbox: Sandbox, golden: str, unapproved: str, audited: Any, remediate: Any
) -> None:
    instance = run(sandbox, unapproved)
    audit = audited()
    ec2 = sandbox.client("ec2")
    candidate = [{"Key": "goldenami:status", "Value": "candidate"}]
    ec2.create_tags(Resources=[unapproved], Tags=candidate)
    results = remediate(audit, "--action", "stop", "--rule", "unapproved-image")
    assert results[instance] == (
        "left alone", "only what was not asked for is held against it now: candidate-image",
    )  # fmt: skip


Change = Callable[[Any, str, str], Any]
SINCE: dict[str, tuple[Change, str]] = {
    "it was approved": (
        lambda ec2, _, image: ec2.create_tags(Resources=[image], Tags=[APPROVED]),
        "it is golden now",
    ),
    "it was protected": (
        lambda ec2, instance, _: ec2.modify_instance_attribute(
            InstanceId=instance, DisableApiTermination={"Value": True}
        ),
        "it is protected from termination",
    ),
    "it ended": (
        lambda ec2, instance, _: ec2.terminate_instances(InstanceIds=[instance]),
        "it is gone",
    ),
    "it was stopped": (
        lambda ec2, instance, _: ec2.stop_instances(InstanceIds=[instance]),
        "it is stopped already",
    ),
}


@pytest.mark.parametrize("change", SINCE)
def test_right_before_it_is_touched_an_instance_is_judged_once_more(
    sandbox: Sandbox, unapproved: str, audited: Any, change: str
) -> None:
    instance = run(sandbox, unapproved)
    asked, aws = (
        RemediationRequest(kind=RemediationKind.STOP, per_minute=60_000),
        Aws(region="us-east-1"),
    )
    prepared = workflow.prepare(aws, audit_file.load_whole(audited()), AuditQuestion(), asked)
    assert prepared.plan.actions
    does, says = SINCE[change]
    does(sandbox.client("ec2"), instance, unapproved)
    calls = len(sandbox.calls)
    [result], error = workflow.carry_out(aws, prepared, asked)
    assert (result.id, result.result, result.detail) == (instance, "left alone", says)
    assert error is None
    assert "StopInstances" not in [one.operation for one in list(sandbox.calls)[calls:]]


REFUSED = {"code": "UnauthorizedOperation", "status": 403}
UNREAD: dict[str, tuple[Fault, str]] = {
    "its protection": (
        Fault(service="ec2", operation="DescribeInstanceAttribute", **REFUSED),  # type: ignore[arg-type]
        "its protection could not be read",
    ),
    "its region": (
        Fault(service="ec2", operation="DescribeInstances", region="us-east-1", **REFUSED),  # type: ignore[arg-type]
        "could not be read",
    ),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_could_not_be_read_is_left_alone_and_the_rest_is_done(
    sandbox: Sandbox, golden: str, public: str, cli: Any, remediate: Any, tmp_path: Path, what: str
) -> None:
    bad = run(sandbox, public)
    west = sandbox.client("ec2", "eu-west-1")
    images = west.describe_images(Owners=["amazon"])["Images"]
    other = west.run_instances(
        ImageId=images[0]["ImageId"], MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )["Instances"][0]["InstanceId"]
    audit = tmp_path / "audit.json"
    assert cli("audit", "--format", "json", "--output", audit).code == 10
    fault, says = UNREAD[what]
    with sandbox.fail(structs.replace(fault, region="us-east-1")):
        results = remediate(audit, "--action", "terminate", code=3)
    assert results[bad][0] == "left alone"
    assert says in results[bad][1]
    assert results[other][0] == "done"
    assert now(sandbox, bad)["State"]["Name"] == "running"


def test_nothing_is_judged_while_it_is_not_known_what_is_golden(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    bad = run(sandbox, public)
    audit = audited()
    fault = Fault(service="ec2", operation="DescribeImages", region="us-east-1", **REFUSED)  # type: ignore[arg-type]
    with sandbox.fail(fault):
        ran = cli("remediate", audit, "--action", "terminate", "--yes")
    assert ran.code == 3
    assert "no approved image found, but not everything could be read" in ran.err
    assert now(sandbox, bad)["State"]["Name"] == "running"


def test_an_own_image_is_not_judged_while_a_region_that_it_may_come_from_is_unread(
    sandbox: Sandbox, unapproved: str, public: str, audited: Any, remediate: Any
) -> None:
    own, foreign = run(sandbox, unapproved), run(sandbox, public)
    audit = audited()
    fault = Fault(
        service="ec2", operation="DescribeImages", region="eu-west-1", **REFUSED,  # type: ignore[arg-type]
    )  # fmt: skip
    with sandbox.fail(fault):
        results = remediate(audit, "--action", "stop", code=3)
        assert results[foreign][0] == "done"
        assert results[own] == (
            "left alone",
            "its image may come from a golden one in eu-west-1, which could not be read",
        )
        assert remediate(audit, "--action", "stop", "--region", "us-east-1")[own][0] == "done"


@pytest.mark.parametrize(
    ("code", "says", "unread"),
    [
        ("InvalidInstanceID.NotFound", "it is gone", False),
        ("UnauthorizedOperation", "its protection could not be read", True),
    ],
)
def test_what_cannot_be_looked_at_any_more_is_left_alone(
    sandbox: Sandbox, golden: str, public: str, audited: Any, code: str, says: str, unread: bool
) -> None:
    bad = run(sandbox, public)
    asked, aws = (
        RemediationRequest(kind=RemediationKind.TERMINATE, per_minute=60_000),
        Aws(region="us-east-1"),
    )
    prepared = workflow.prepare(aws, audit_file.load_whole(audited()), AuditQuestion(), asked)
    with sandbox.fail(Fault(service="ec2", operation="DescribeInstanceAttribute", code=code)):
        [result], error = workflow.carry_out(aws, prepared, asked)
    assert result.result == "left alone"
    assert says in result.detail
    assert (error.exit_code if error else 0) == (3 if unread else 0)
    assert now(sandbox, bad)["State"]["Name"] == "running"


def test_the_plan_tells_what_could_not_be_read_by_its_exit_code(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    bad = run(sandbox, public)
    audit = audited()
    with sandbox.fail(UNREAD["its protection"][0]):
        ran = cli("remediate", audit, "--action", "terminate", "--plan")
    assert ran.code == 3
    assert f"{bad}: its protection could not be read" in ran.err


@pytest.fixture
def baking(sandbox: Sandbox, golden: str, public: str, put_record: Any) -> str:
    """The base instance of a bake; return its id."""
    own = {
        "goldenami:role": "base", "goldenami:build": BUILD, "goldenami:spec": "0",
        "goldenami:image": "web-base", "goldenami:version": "1.0", "goldenami:source": public,
    }  # fmt: skip
    tagged = [{"Key": key, "Value": value} for key, value in own.items()]
    specification = {"ResourceType": "instance", "Tags": tagged}
    instance = run(sandbox, public, TagSpecifications=[specification])
    put_record(own, instance)
    return instance


def lease(sandbox: Sandbox, build: str = BUILD) -> None:
    """Let a bake be under way, on another machine."""
    holder = {"build": build, "by": "arn", "host": "elsewhere", "pid": 1}
    sandbox.client("ssm").put_parameter(
        Name="/goldenami/bake/web-base", Type="String", Value=json.dumps(holder)
    )


def test_an_instance_of_a_bake_under_way_is_no_finding_and_no_target(
    cli: Any, sandbox: Sandbox, baking: str, public: str, audited: Any, remediate: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    bad = run(sandbox, public)
    before = audited()
    assert {one.subject.id for one in audit_file.load(before).findings} == {bad, baking}
    lease(sandbox)
    results = remediate(before, "--action", "terminate")
    assert results[baking] == ("left alone", "it belongs to a bake under way")
    assert results[bad][0] == "done"
    after = tmp_path / "after.json"
    ran = cli("audit", "--region", "us-east-1", "--allow-empty", "--format", "json", "-o", after)
    assert ran.code == 0, ran.err
    assert "1 instance of a bake under way, not judged" in ran.err
    document = audit_file.load_whole(after)
    assert [one.baking for one in document.places] == [1]
    assert not document.findings


def test_tags_of_a_bake_exempt_nothing_without_its_lease(
    cli: Any, sandbox: Sandbox, baking: str, audited: Any, remediate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lease(sandbox, "20261101T120000Z-other1")
    audit = audited()
    assert {one.subject.id for one in audit_file.load(audit).findings} == {baking}
    monkeypatch.setattr(ask, "DELAYS_S", ())
    fault = Fault(service="ssm", operation="GetParametersByPath", code="AccessDeniedException")
    with sandbox.fail(fault):
        ran = cli("audit", "--region", "us-east-1")
        assert ran.code == 3
        assert "instances: looking for leases in us-east-1" in ran.err
        results = remediate(audit, "--action", "terminate", code=3)
    assert "its region could not be read: instances: looking for leases" in results[baking][1]
    assert remediate(audit, "--action", "terminate")[baking][0] == "done"
