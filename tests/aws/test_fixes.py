"""What helps against AWS's codes, and what is made of a denial that AWS encodes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.aws import calls, denials
from goldenami.aws.errors import explained
from goldenami.aws.fixes import FIXES, fix_for
from goldenami.errors import AwsError

from .test_waits import Answers, Wait, _quick, doing, refused

__all__ = ["_quick", "doing"]

RUN, COPY = "RunInstances", "CopyImage"
SUBSCRIBE = "In order to use this AWS Marketplace product you need to accept terms and subscribe."
NETWORKS = "Security group sg-1 and subnet subnet-1 belong to different networks."
PROFILE = "Value (a) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile"
ZONE = "Your requested instance type (a) is not supported in your requested Availability Zone (b)."
KNOWN = [
    (RUN, "OptInRequired", SUBSCRIBE, "subscribe to the product in AWS Marketplace"),
    (RUN, "OptInRequired", "You are not subscribed to this service.", "enable the region"),
    (RUN, "PendingVerification", "", "AWS is verifying the account"),
    (RUN, "Blocked", "", "write to AWS Support"),
    (RUN, "VcpuLimitExceeded", "", "more vCPUs"),
    (RUN, "InstanceLimitExceeded", "", "more vCPUs"),
    (RUN, "MaxSpotInstanceCountExceeded", "", "more Spot vCPUs"),
    (RUN, "InsufficientInstanceCapacity", "", "further types and zones"),
    (RUN, "InsufficientCapacity", "", "further types and zones"),
    (RUN, "InsufficientFreeAddressesInSubnet", "", "further subnets"),
    (RUN, "Unsupported", ZONE, "describe-instance-type-offerings"),
    (RUN, "Unsupported", "The requested configuration is not supported.", ""),
    ("CreateImage", "SnapshotCreationPerVolumeRateExceeded", "", "wait until AWS has done"),
    ("CreateImage", "ConcurrentSnapshotLimitExceeded", "", "wait until AWS has done"),
    (RUN, "InvalidKeyPair.NotFound", "", "`base.key_name`"),
    ("DeleteKeyPair", "InvalidKeyPair.NotFound", "", ""),
    (RUN, "InvalidParameter", NETWORKS, "the VPC of `base.subnet`"),
    (RUN, "InvalidParameter", "another one", ""),
    (RUN, "InvalidGroup.NotFound", "The security group 'sg-1' does not exist", "`base.security_g"),
    ("DeleteSecurityGroup", "InvalidGroup.NotFound", "The security group", ""),
    (RUN, "InvalidSubnetID.NotFound", "", "`base.subnet` has to be"),
    (RUN, "VPCIdNotSpecified", "No default VPC for this user", "no default VPC"),
    (RUN, "InvalidParameterValue", PROFILE, "list-instance-profiles"),
    (RUN, "InvalidParameterValue", "another one", ""),
    (RUN, "InvalidParameterValue", "Invalid value 'a' for InstanceType.", "name types that"),
    ("DescribeInstanceTypes", "InvalidInstanceType", "The following supplied instance types", "na"),
    ("DescribeKey", "NotFoundException", "Alias arn:… is not found.", "list-aliases"),
    ("DescribeSecret", "NotFoundException", "", ""),
    (COPY, "ResourceLimitExceeded", "", "ask for a higher quota"),
    (COPY, "PendingSnapshotLimitExceeded", "", "wait until AWS has done"),
    ("CreateImage", "AMIQuotaExceeded", "", "ask for a higher quota"),
    ("PutParameter", "ServiceQuotaExceededException", "", "ask for a higher quota"),
    (RUN, "VolumeLimitExceeded", "", "ask for a higher quota"),
    ("DescribeImages", "RequestLimitExceeded", "", ""),
    ("CreatePolicyVersion", "LimitExceeded", "", ""),
]


@pytest.mark.parametrize(("operation", "code", "message", "fix"), KNOWN)
def test_each_refusal_has_its_own_fix(operation: str, code: str, message: str, fix: str) -> None:
    assert (
        (fix in fix_for(operation, code, message)) if fix else not fix_for(operation, code, message)
    )


def test_every_fix_of_the_table_helps_against_something() -> None:
    used = {fix_for(*case[:3]) for case in KNOWN}
    assert {each.fix for each in FIXES} <= used


ENCODED = "x" * 5_000
DENIED = f"You are not authorized. Encoded authorization failure message: {ENCODED}"


def denied() -> ClientError:
    error = {"Code": "UnauthorizedOperation", "Message": DENIED}
    return ClientError({"Error": error}, "RunInstances")  # type: ignore[typeddict-item]


def decoding(**content: Any) -> dict[str, Any]:
    return {"DecodedMessage": json.dumps(content)}


WHAT = {"action": "ec2:RunInstances", "resource": "arn:aws:ec2:us-east-1::image/ami-1"}
STATEMENTS = {"items": [{"statementId": "OnlyGolden"}, {"statementId": ""}]}


@pytest.mark.parametrize(
    ("answer", "says", "explicit"),
    [
        (
            decoding(explicitDeny=True, matchedStatements=STATEMENTS, context=WHAT),
            "explicit deny of statement OnlyGolden)", True,
        ),
        (decoding(explicitDeny=True, context=WHAT), f"{WHAT['resource']}: explicit deny)", True),
        (decoding(explicitDeny=False, context=WHAT), "no policy allows it)", False),
        ({"DecodedMessage": "nonsense"}, "You are not authorized.", False),
        (refused("AccessDenied"), "You are not authorized.", False),
    ],
    ids=["a statement", "no name", "not allowed", "no JSON", "may not be decoded"],
)  # fmt: skip
def test_an_encoded_message_is_decoded_where_that_is_allowed_and_never_printed(
    doing: Wait, answer: Any, says: str, explicit: bool
) -> None:
    client = Answers(run_instances=[denied()], decode_authorization_message=[answer])
    context, _ = doing(client, ImageId="ami-1")
    calling: dict[str, Callable[[], Any]] = {
        "a step": lambda: calls.call(context, "ec2:RunInstances", {}),
        "a step without outputs": lambda: calls.once(context.regional, "ec2:RunInstances", "try"),
        "a trial": lambda: calls.refusal(context.regional, "ec2:RunInstances", "try"),
    }
    for name, make in calling.items():
        try:
            error = make()
        except AwsError as raised:
            error = raised
        assert isinstance(error, AwsError), name
        assert error.message.endswith(says)
        assert "xxx" not in str(error)
        assert error.code == "UnauthorizedOperation"
        assert denials.is_explicit(error) is explicit
        assert ("no further permission helps" in error.fix) is explicit


def test_a_message_of_any_length_is_taken_off_before_it_is_cut() -> None:
    with pytest.raises(AwsError) as caught, explained("trying", "us-east-1", "ec2:RunInstances"):
        raise denied()
    assert caught.value.encoded == ENCODED
    assert caught.value.message.endswith("UnauthorizedOperation: You are not authorized.")
