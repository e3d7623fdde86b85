from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox


def code_of(call: Any, **parameters: Any) -> str:
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize(
    ("service", "operation", "method", "status"),
    [
        ("ec2", "DescribeImages", "describe_images", 403),
        ("iam", "ListGroups", "list_groups", 403),
        ("sts", "GetCallerIdentity", "get_caller_identity", 400),
        ("ssm", "DescribeParameters", "describe_parameters", 400),
    ],
    ids=["EC2 XML", "IAM query XML", "STS query XML", "SSM JSON"],
)
def test_a_fault_speaks_the_services_wire_format(
    sandbox: Sandbox, service: str, operation: str, method: str, status: int
) -> None:
    told = "no <tags> & no luck"
    fault = Fault(service=service, operation=operation, code="Nope", message=told, status=status)
    with sandbox.fail(fault), pytest.raises(ClientError) as caught:
        getattr(sandbox.client(service), method)()
    assert caught.value.response["Error"]["Code"] == "Nope"
    assert caught.value.response["Error"]["Message"] == told
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_fault_holds_for_its_region_and_until_its_block_ends(sandbox: Sandbox) -> None:
    fault = Fault(service="ec2", operation="*", region="eu-west-1", code="Denied", status=403)
    here, there = sandbox.client("ec2"), sandbox.client("ec2", "eu-west-1")
    with sandbox.fail(fault) as armed:
        assert code_of(here.describe_images) == ""
        assert code_of(there.describe_images) == "Denied"
        assert code_of(there.describe_instances) == "Denied"
        assert armed.hits == 2
    assert code_of(there.describe_images) == ""


def test_calls_pass_before_skip_and_after_times(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    armed = sandbox.fail(
        Fault(service="ec2", operation="DescribeImages", code="Denied", skip=1, times=2)
    )
    codes = [code_of(ec2.describe_images) for _ in range(5)]
    assert codes == ["", "Denied", "Denied", "", ""]
    assert armed.hits == 2


def test_a_fault_that_does_not_repeat_strikes_each_call_once(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    once = Fault(service="ec2", operation="*", code="Denied", repeats=False)
    with sandbox.fail(once) as armed:
        owners = [{"Owners": ["self"]}, {"Owners": ["amazon"]}, {"Owners": ["self"]}]
        codes = [code_of(ec2.describe_images, **parameters) for parameters in owners]
        assert codes == ["Denied", "Denied", ""]
        assert code_of(sandbox.client("ec2", "eu-west-1").describe_images, **owners[0]) == "Denied"
        assert [code_of(ec2.describe_instances) for _ in range(2)] == ["Denied", ""]
    assert armed.hits == 4


def test_an_applied_fault_loses_only_the_answer(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    lost = Fault(service="ec2", operation="CreateKeyPair", code="Lost", applied=True)
    with sandbox.fail(lost):
        assert code_of(ec2.create_key_pair, KeyName="k") == "Lost"
    assert [pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]] == ["k"]


def test_reset_takes_all_faults_away(sandbox: Sandbox) -> None:
    sandbox.fail(Fault(service="ec2", operation="*", code="Denied"))
    sandbox.reset()
    assert code_of(sandbox.client("ec2").describe_images) == ""
