import json

import pytest

from goldenami.iam.evaluator.decide import Decision, Layer, Matched, Outcome
from goldenami.iam.evaluator.request import Principal, Request
from goldenami_sandbox.calls import Call, Protocol
from goldenami_sandbox.enforcement import message

ARN = "arn:aws:iam::123456789012:user/bob"
POLICY = "arn:aws:iam::123456789012:policy/no"
REQUEST = Request(
    principal=Principal.from_arn(ARN, unique_id="AIDABOB"),
    action="ec2:StopInstances",
    resource="arn:aws:ec2:us-east-1:123456789012:instance/i-1",
    context={"ec2:InstanceType": "t3.micro", "aws:TagKeys": ("a", "b")},
)
WHO = (
    f"User: {ARN} is not authorized to perform: ec2:StopInstances on resource: "
    "arn:aws:ec2:us-east-1:123456789012:instance/i-1"
)


def denied(layer: Layer) -> Decision:
    return Decision(REQUEST, Outcome.EXPLICIT_DENY, layer, (Matched(layer, "no", "NoStop"),))


def lacking(layer: Layer) -> Decision:
    return Decision(REQUEST, Outcome.IMPLICIT_DENY, layer, missing="nothing")


@pytest.mark.parametrize(
    ("decision", "policy_arn", "says"),
    [
        (denied(Layer.IDENTITY), "", "with an explicit deny in an identity-based policy"),
        (denied(Layer.IDENTITY), POLICY, f"an explicit deny in an identity-based policy: {POLICY}"),
        (
            denied(Layer.BOUNDARY),
            POLICY,
            f"with an explicit deny in a permissions boundary: {POLICY}",
        ),
        (denied(Layer.SCP), "", "with an explicit deny in a service control policy"),
        (denied(Layer.SESSION), "", "with an explicit deny in a session policy"),
        (
            lacking(Layer.IDENTITY),
            "",
            "because no identity-based policy allows the ec2:StopInstances",
        ),
        (
            lacking(Layer.BOUNDARY),
            "",
            "because no permissions boundary allows the ec2:StopInstances",
        ),
        (lacking(Layer.SCP), "", "because no service control policy allows the ec2:StopInstances"),
        (
            lacking(Layer.SESSION),
            "",
            "because no session policy allows the ec2:StopInstances action",
        ),
    ],
    ids=[
        "an inline policy denies",
        "a managed policy denies",
        "the boundary denies",
        "an SCP denies",
        "the session's policy denies",
        "no identity-based policy allows",
        "the boundary does not allow",
        "the SCPs do not allow",
        "the session's policies do not allow",
    ],
)
def test_the_sentence_says_which_policy_decided(
    decision: Decision, policy_arn: str, says: str
) -> None:
    told = message.sentence(ARN, decision, policy_arn)
    assert told.startswith(f"{WHO} ")
    assert says in told


@pytest.mark.parametrize(
    ("service", "protocol", "code", "status"),
    [
        ("ec2", "ec2", "UnauthorizedOperation", 403),
        ("iam", "query", "AccessDenied", 403),
        ("sts", "query", "AccessDenied", 403),
        ("autoscaling", "query", "AccessDenied", 403),
        ("s3", "rest-xml", "AccessDenied", 403),
        ("eks", "rest-json", "AccessDeniedException", 403),
        ("ssm", "json", "AccessDeniedException", 400),
        ("organizations", "json", "AccessDeniedException", 400),
    ],
)
def test_each_service_has_its_own_code(
    service: str, protocol: Protocol, code: str, status: int
) -> None:
    call = Call(service, "Anything", "us-east-1", "AKIA", {}, protocol)
    refusal = message.refusal(call, ARN, lacking(Layer.IDENTITY))
    assert (refusal.code, refusal.status) == (code, status)
    assert ("Encoded authorization failure message: " in refusal.message) == (service == "ec2")


def test_who_is_not_trusted_is_told_no_policy() -> None:
    call = Call("sts", "AssumeRole", "us-east-1", "AKIA", {})
    refusal = message.untrusted(call, ARN, "arn:aws:iam::123456789012:role/r")
    assert refusal.message == (
        f"User: {ARN} is not authorized to perform: sts:AssumeRole on resource: "
        "arn:aws:iam::123456789012:role/r"
    )


def test_the_encoded_message_tells_what_was_asked_and_which_statement_denied() -> None:
    told = json.loads(message.decoded(message.encoded(ARN, denied(Layer.IDENTITY))))
    assert told["allowed"] is False
    assert told["explicitDeny"] is True
    (matched,) = told["matchedStatements"]["items"]
    assert (matched["statementId"], matched["effect"]) == ("NoStop", "DENY")
    context = told["context"]
    assert context["principal"] == {"id": "AIDABOB", "arn": ARN}
    assert context["action"] == "ec2:StopInstances"
    assert context["resource"].endswith(":instance/i-1")
    assert context["conditions"]["items"] == [
        {"key": "aws:TagKeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}},
        {"key": "ec2:InstanceType", "values": {"items": [{"value": "t3.micro"}]}},
    ]


def test_an_implicit_deny_has_no_statements() -> None:
    told = json.loads(message.decoded(message.encoded(ARN, lacking(Layer.IDENTITY))))
    assert told["explicitDeny"] is False
    assert told["matchedStatements"]["items"] == []


@pytest.mark.parametrize("text", ["nonsense", "", "ab=", "Zm9v", "ü"])
def test_what_was_not_encoded_here_cannot_be_decoded(text: str) -> None:
    with pytest.raises(ValueError, match="no encoded one"):
        message.decoded(text)
