"""`goldenami enforce` beside policies of other services, and beside what nobody can decide."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.seed import organization
from goldenami_sandbox.server import Sandbox

GROUP = "ec2-admin-group"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
APPS = {
    "Sid": "AllowApps",
    "Effect": "Allow",
    "Action": "sagemaker:CreateApp",
    "Resource": "arn:aws:sagemaker:*:*:app/${sagemaker:DomainId}/*/*/*",
}
"""Of AmazonSageMakerFullAccess: a variable that only requests to SageMaker have."""
HOMES = {
    "Sid": "OwnHomes",
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:PrincipalTag/home": "${transfer:UserName}"}},
}
ONLY_WITH_MFA = {
    "Sid": "OnlyWithMfa",
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def attached(sandbox: Sandbox) -> Any:
    """Give the group an inline policy."""

    def attach(*statements: Any) -> None:
        sandbox.client("iam").put_group_policy(
            GroupName=GROUP, PolicyName="own", PolicyDocument=policy(*statements)
        )

    return attach


def test_variables_of_other_services_bear_on_no_launch_in_any_layer(
    cli: Any, sandbox: Sandbox, baked: Path, attached: Any
) -> None:
    attached(APPS, HOMES)
    iam = sandbox.client("iam")
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=policy(ALLOW_ALL, APPS, HOMES))
    arn = boundary["Policy"]["Arn"]
    iam.create_user(UserName="ann", PermissionsBoundary=arn)
    iam.add_user_to_group(GroupName=GROUP, UserName="ann")
    seeded = organization(sandbox, management_account="999988887777", delegated_administrator=True)
    organizations = sandbox.client("organizations")
    scp = organizations.create_policy(
        Name="homes", Description="x", Type="SERVICE_CONTROL_POLICY", Content=policy(HOMES)
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=scp, TargetId=seeded.unit_id)
    ran = cli("enforce", baked, "--plan")
    assert ran.code == 0, ran.err
    assert "could not be judged" not in ran.err
    assert cli("policy", "prove", "--user", "ann").code == 4  # nothing is attached yet
    assert cli("enforce", baked, "--yes").code == 0
    ran = cli("policy", "prove", "--user", "ann")
    assert ran.code == 0, ran.err


def test_what_nobody_knows_refuses_where_an_outcome_hangs_on_it_unless_accepted(
    cli: Any, sandbox: Sandbox, baked: Path, attached: Any, mutating: Any, own_images: Any
) -> None:
    attached(ONLY_WITH_MFA)
    before = mutating()
    ran = cli("enforce", baked, "--yes")
    assert ran.code == 4
    assert "should be allowed, and that is unknown: OnlyWithMfa of inline" in ran.err
    assert "nobody knows which value aws:multifactorauthpresent will have" in ran.err
    assert "launch a public image" not in ran.err  # that is denied either way
    assert mutating() == before
    golden = own_images("us-east-1")[0]["ImageId"]
    answer = cli("policy", "explain", "--group", GROUP, "--image", golden)
    assert answer.code == 3
    assert answer.out.startswith("unknown: OnlyWithMfa of inline")
    answer = cli("policy", "explain", "--group", GROUP, "--image", golden, "--format", "json")
    verdict = json.loads(answer.out)
    assert (verdict["allowed"], verdict["decision"]) == (False, "unknown")
    ran = cli("enforce", baked, "--yes", "--accept-unproved")
    assert ran.code == 0, ran.err
    assert "that is unknown: OnlyWithMfa" in ran.err
    ran = cli("policy", "prove", "--group", GROUP, "--with-aws")
    assert ran.code == 4
    assert "unknown" in ran.out


def test_a_document_that_goldenami_does_not_understand_can_be_accepted(
    cli: Any, baked: Path, attached: Any
) -> None:
    odd = {"StringEquals": {"aws:PrincipalTag/x": "${no key}"}}
    attached({**ALLOW_ALL, "Sid": "New", "Effect": "Deny", "Condition": odd})
    ran = cli("enforce", baked, "--plan")
    assert ran.code == 4
    assert (
        f'New of inline "own" of group {GROUP} (identity-based policy): goldenami does' in ran.err
    )
    assert "`${no key}` is no policy variable" in ran.err
    ran = cli("enforce", baked, "--yes", "--accept-unproved")
    assert ran.code == 0, ran.err
