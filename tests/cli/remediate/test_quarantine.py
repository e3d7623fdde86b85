"""`goldenami remediate`: into quarantine, and back."""

from typing import Any

import pytest

from goldenami.aws.session import Aws
from goldenami.domain.audit import audit_file
from goldenami.domain.choices import RemediationKind
from goldenami.workflows import remediate as workflow
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.remediate.interface import RemediationRequest
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import now, run


def test_a_quarantine_leaves_one_group_and_notes_the_others(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    ec2 = sandbox.client("ec2")
    bad = run(sandbox, public)
    vpc = now(sandbox, bad)["VpcId"]
    group = ec2.create_security_group(GroupName="quarantine", Description="q", VpcId=vpc)["GroupId"]
    before = now(sandbox, bad)["NetworkInterfaces"][0]
    audit = audited()
    wanted = (audit, "--action", "quarantine", "--security-group", group)
    assert remediate(*wanted)[bad][0] == "done"
    after = now(sandbox, bad)
    assert [one["GroupId"] for one in after["NetworkInterfaces"][0]["Groups"]] == [group]
    noted = f"{before['NetworkInterfaceId']}={before['Groups'][0]['GroupId']}"
    assert {"Key": "goldenami:quarantined-from", "Value": noted} in after["Tags"]
    assert remediate(*wanted)[bad] == ("left alone", "it is in quarantine already")

    other_vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_security_group(GroupName="o", Description="o", VpcId=other_vpc)["GroupId"]
    elsewhere = remediate(audit, "--action", "quarantine", "--security-group", other)
    assert elsewhere[bad] == ("left alone", f"it is in {vpc}, and {other} in {other_vpc}")


@pytest.fixture
def quarantine(sandbox: Sandbox, public: str, golden: str) -> Any:
    """An instance with two interfaces of their own groups, and the group of the quarantine."""
    ec2 = sandbox.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    vpc = subnet["VpcId"]
    a, b, group = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("a", "b", "quarantine")
    )
    # No groups of the instance itself: moto would keep those on its interfaces.
    first = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[a])
    second = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[b, a])
    interfaces = [
        {"NetworkInterfaceId": one["NetworkInterface"]["NetworkInterfaceId"], "DeviceIndex": index}
        for index, one in enumerate((first, second))
    ]
    return run(sandbox, public, NetworkInterfaces=interfaces), a, b, group


def groups(sandbox: Sandbox, instance: str) -> dict[str, set[str]]:
    return {
        one["NetworkInterfaceId"]: {each["GroupId"] for each in one["Groups"]}
        for one in now(sandbox, instance)["NetworkInterfaces"]
    }


def note(sandbox: Sandbox, instance: str) -> str:
    own: dict[str, str] = {
        tag["Key"]: tag["Value"] for tag in now(sandbox, instance).get("Tags", ())
    }
    return own.get("goldenami:quarantined-from", "")


MODIFY = Fault(
    service="ec2", operation="ModifyNetworkInterfaceAttribute", code="UnauthorizedOperation",
    status=403, times=1,
)  # fmt: skip


def test_a_quarantine_that_failed_half_way_is_finished_and_its_note_stays(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any
) -> None:
    instance, _a, _b, group = quarantine
    before, audit = groups(sandbox, instance), audited()
    wanted = (audit, "--action", "quarantine", "--security-group", group)
    with sandbox.fail(MODIFY):
        assert remediate(*wanted, code=1)[instance][0] == "failed"
    noted = note(sandbox, instance)
    assert {one.split("=")[0] for one in noted.split()} == set(before)
    assert remediate(*wanted)[instance][0] == "done"
    assert note(sandbox, instance) == noted
    assert set(map(frozenset, groups(sandbox, instance).values())) == {frozenset({group})}
    assert remediate(audit, "--action", "release")[instance] == ("done", f"release {instance}")
    assert groups(sandbox, instance) == before
    assert note(sandbox, instance) == ""
    assert remediate(audit, "--action", "release")[instance] == (
        "left alone", "it is not in quarantine",
    )  # fmt: skip


def test_a_release_that_failed_half_way_is_finished(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any
) -> None:
    instance, _a, _b, group = quarantine
    before, audit = groups(sandbox, instance), audited()
    remediate(audit, "--action", "quarantine", "--security-group", group)
    noted = note(sandbox, instance)
    with sandbox.fail(MODIFY):
        assert remediate(audit, "--action", "release", code=1)[instance][0] == "failed"
    assert note(sandbox, instance) == noted
    assert remediate(audit, "--action", "release")[instance][0] == "done"
    assert groups(sandbox, instance) == before


def test_only_groups_that_are_there_are_put_back(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any
) -> None:
    instance, a, b, group = quarantine
    ec2, audit = sandbox.client("ec2"), audited()
    remediate(audit, "--action", "quarantine", "--security-group", group)
    ec2.delete_security_group(GroupId=b)
    with sandbox.fail(Fault(service="ec2", operation="DescribeSecurityGroups", code="x")):
        results = remediate(audit, "--action", "release", code=3)
    assert "its groups could not be read" in results[instance][1]
    assert remediate(audit, "--action", "release")[instance][0] == "done"
    assert list(groups(sandbox, instance).values()) == [{a}, {a}]
    remediate(audit, "--action", "quarantine", "--security-group", group)
    ec2.delete_security_group(GroupId=a)
    why, detail = remediate(audit, "--action", "release")[instance]
    assert (why, "is there any more" in detail) == ("left alone", True)
    assert note(sandbox, instance)
    ec2.terminate_instances(InstanceIds=[instance])
    assert remediate(audit, "--action", "release")[instance] == ("left alone", "it is gone")


def many(sandbox: Sandbox, instance: str) -> None:
    """Give each interface so many groups that they do not fit into one tag."""
    ec2 = sandbox.client("ec2")
    found = now(sandbox, instance)
    several = [
        ec2.create_security_group(GroupName=str(one), Description="d", VpcId=found["VpcId"])[
            "GroupId"
        ]
        for one in range(6)
    ]
    for one in found["NetworkInterfaces"]:
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=one["NetworkInterfaceId"], Groups=several
        )


def own_note(sandbox: Sandbox, instance: str) -> None:
    sandbox.client("ec2").create_tags(
        Resources=[instance], Tags=[{"Key": "goldenami:quarantined-from", "Value": "by hand"}]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (many, "the groups of its 2 interfaces do not fit into the tag"),
        (own_note, "its tag goldenami:quarantined-from is no note of goldenami's"),
    ],
)
def test_an_instance_whose_groups_cannot_be_noted_is_left_alone(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any, change: Any, says: str
) -> None:
    instance, *_, group = quarantine
    change(sandbox, instance)
    before = groups(sandbox, instance)
    audit = audited()
    results = remediate(audit, "--action", "quarantine", "--security-group", group)
    assert results[instance][0] == "left alone"
    assert says in results[instance][1]
    assert groups(sandbox, instance) == before


def test_an_earlier_note_is_never_written_over(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any
) -> None:
    instance, _a, b, group = quarantine
    interfaces = list(groups(sandbox, instance))
    ec2, earlier = sandbox.client("ec2"), f"{interfaces[0]}={b}"
    ec2.create_tags(
        Resources=[instance], Tags=[{"Key": "goldenami:quarantined-from", "Value": earlier}]
    )
    wanted = (audited(), "--action", "quarantine", "--security-group", group)
    assert remediate(*wanted)[instance][0] == "done"
    assert note(sandbox, instance).startswith(f"{earlier} {interfaces[1]}=")


def test_a_group_of_the_quarantine_that_is_elsewhere_or_unread_leaves_all_alone(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any
) -> None:
    instance, *_, group = quarantine
    audit = audited()
    nowhere = "sg-0123456789abcdef0"
    results = remediate(audit, "--action", "quarantine", "--security-group", nowhere)
    assert results[instance][1] == f"there is no security group {nowhere} in us-east-1"
    with sandbox.fail(Fault(service="ec2", operation="DescribeSecurityGroups", code="x")):
        results = remediate(audit, "--action", "quarantine", "--security-group", group, code=3)
    assert f"{group} could not be read" in results[instance][1]


def regrouped(ec2: Any, instance: str, interface: str, group: str) -> None:
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[group])


def renoted(ec2: Any, instance: str, interface: str, group: str) -> None:
    ec2.create_tags(
        Resources=[instance],
        Tags=[{"Key": "goldenami:quarantined-from", "Value": f"{interface}={group}"}],
    )


def unnoted(ec2: Any, instance: str, *_: str) -> None:
    ec2.delete_tags(Resources=[instance], Tags=[{"Key": "goldenami:quarantined-from"}])


@pytest.mark.parametrize(
    ("change", "says"), [(unnoted, "it is not noted which groups"), (regrouped, "changed since")]
)
def test_no_interface_is_changed_whose_groups_are_not_noted_as_they_are(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any, change: Any, says: str
) -> None:
    instance, _a, b, group = quarantine
    audit = audited()
    with sandbox.fail(MODIFY):
        remediate(audit, "--action", "quarantine", "--security-group", group, code=1)
    asked = RemediationRequest(
        kind=RemediationKind.QUARANTINE, security_group=group, per_minute=60_000
    )
    aws = Aws(region="us-east-1")
    prepared = workflow.prepare(aws, audit_file.load_whole(audit), AuditQuestion(), asked)
    [left] = [name for name, had in groups(sandbox, instance).items() if had != {group}]
    change(sandbox.client("ec2"), instance, left, b)
    before = groups(sandbox, instance)
    [result], error = workflow.carry_out(aws, prepared, asked)
    assert error is None
    assert (result.result, says in result.detail) == ("left alone", True)
    assert groups(sandbox, instance) == before


def test_what_cannot_be_read_is_not_released(
    sandbox: Sandbox, quarantine: Any, audited: Any, remediate: Any
) -> None:
    instance, *_, group = quarantine
    audit = audited()
    remediate(audit, "--action", "quarantine", "--security-group", group)
    with sandbox.fail(Fault(service="ec2", operation="DescribeInstances", code="x")):
        results = remediate(audit, "--action", "release", code=3)
    assert results[instance][1].startswith("it could not be read: ")


@pytest.mark.parametrize("what", [RemediationKind.QUARANTINE, RemediationKind.RELEASE])
@pytest.mark.parametrize("change", [regrouped, renoted])
def test_what_was_changed_between_plan_and_call_stays_as_it_is(
    sandbox: Sandbox,
    quarantine: Any,
    audited: Any,
    remediate: Any,
    what: RemediationKind,
    change: Any,
) -> None:
    instance, _a, b, group = quarantine
    audit = audited()
    if what is RemediationKind.RELEASE:
        remediate(audit, "--action", "quarantine", "--security-group", group)
    asked = RemediationRequest(kind=what, security_group=group, per_minute=60_000)
    aws = Aws(region="us-east-1")
    prepared = workflow.prepare(aws, audit_file.load_whole(audit), AuditQuestion(), asked)
    change(sandbox.client("ec2"), instance, next(iter(groups(sandbox, instance))), b)
    noted = note(sandbox, instance)
    [result], error = workflow.carry_out(aws, prepared, asked)
    assert error is None
    if (what, change) == (
        RemediationKind.RELEASE,
        regrouped,
    ):  # the undo goes on: the note is what counts
        assert result.result == "done"
    else:
        assert result.result == "left alone"
        assert "changed since" in result.detail
        assert note(sandbox, instance) == noted
