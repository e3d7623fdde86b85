"""`goldenami remediate`: into quarantine, and back."""

from typing import Any

from goldenami.sandbox.server import Sandbox

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
