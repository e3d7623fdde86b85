"""The policies of every command are what AWS's reference allows to say, whatever the file has."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unmeasured import unmeasured

from goldenami.domain.choices import PermissionCommand
from goldenami.iam.evaluator.decide import decide
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.limits import MANAGED_POLICY
from goldenami.iam.lint.run import lint
from goldenami.iam.permissions.grant import GrantUse
from goldenami.iam.permissions.worth import compiled
from goldenami.iam.reference import table
from goldenami.spec import ReleaseFile, load
from goldenami.workflows.permissions import RolePermissions, generate

judged = unmeasured(lint)  # thousands of statements, by rules that have tests of their own
ACCOUNT, COPIES = "123456789012", "210987654321"
KEY = "arn:{}:kms:{}:{}:key/11111111-2222-3333-4444-555555555555"
PLAIN: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web-base",
    "regions": ["us-east-1"],
    "base": {"source": {"filter": {"name": "base-*", "owners": ["self"]}}},
}


def whole(partition: str, regions: list[str]) -> dict[str, Any]:
    """Return a release file with all that asks for permissions."""
    region = regions[0]
    return {
        **PLAIN,
        "regions": regions,
        "base": {
            "source": {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-x86_64"},
            "instance_types": ["t3.micro", "t3a.micro"],
            "instance_profile": "golden-base",
            "key_name": "ssh-key",
            "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "security_groups": ["sg-0123456789abcdef0"],
            "volumes": [
                {"device": "/dev/xvda", "size_gib": 30, "kms_key": "alias/golden"},
                {"device": "/dev/sdf", "snapshot": "snap-0123456789abcdef0",
                 "kms_key": KEY.format(partition, region, ACCOUNT)},
            ],
        },
        "validate": [{"run": "true"}],
        "test": {"steps": [{"run": "true"}], "scan": {"on": "image"}},
        "watermark": True,
        "approval_tag": {"key": "Approved", "value": "yes"},
        "distribute": {regions[1]: {"kms_key": KEY.format(partition, regions[1], ACCOUNT)}},
        "copies": [
            {"account": COPIES, "role": "golden/copies", "regions": [region],
             "kms_keys": {region: KEY.format(partition, region, COPIES)}},
        ],
        "share": {"accounts": ["111122223333"], "snapshots": True},
        "publish": {"ssm_parameter": "/golden-ami/{image}/{channel}", "channels": ["dev", "prod"]},
        "sbom": {"bucket": "golden-sboms", "kms_key": KEY.format(partition, region, ACCOUNT)},
        "lifecycle": {"deprecate_after": "90d", "delete_after": "180d", "protect": True},
        "enforce": {
            "groups": ["admins"],
            "pipeline_role": "golden-ami-pipeline",
            "mechanisms": {
                "group_policy": True,
                "permissions_boundary": {"roles": ["developers"]},
                "scp": {"targets": ["r-ab12", "ou-ab12-cd345678", "333344445555"]},
                "allowed_amis": {"state": "enabled"},
            },
        },
        "audit": {"accounts": "organization", "role": "auditor", "roots": True},
    }  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Callable[[dict[str, Any]], ReleaseFile]:
    def write_and_load(data: dict[str, Any]) -> ReleaseFile:
        path = tmp_path / "release.yaml"
        path.write_text(yaml.safe_dump(data))
        return load(path)

    return write_and_load


NAMELESS = {
    "organizations:CreatePolicy", "organizations:DescribePolicy",
    "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListParents", "organizations:ListPoliciesForTarget",
    "organizations:ListTargetsForPolicy",
}  # fmt: skip
"""What is asked about parts of an organization, which a release file does not name."""
PARTITIONS = {
    "aws": ["us-east-1", "eu-west-1"],
    "aws-cn": ["cn-north-1", "cn-northwest-1"],
    "aws-us-gov": ["us-gov-west-1", "us-gov-east-1"],
}


def every_statement(roles: tuple[RolePermissions, ...]) -> Iterator[tuple[Any, str, str]]:
    for role in roles:
        for statement in role.statements:
            for action in statement.actions:
                for resource in statement.resources:
                    yield statement, action, resource


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_condition_can_be_tested_and_every_resource_be_named(
    read: Any, partition: str
) -> None:
    """A key that AWS does not have for an action would deny it for good."""
    file = read(whole(partition, PARTITIONS[partition]))
    for command in PermissionCommand:
        roles = generate(file, command, account=ACCOUNT)
        for statement, action, resource in every_statement(roles):
            assert resource == "*" or resource.startswith(f"arn:{partition}:")
            own = resource.split(":")[2] == action.partition(":")[0] if resource != "*" else False
            kinds = table.kinds(action)
            kind = table.kind_of(resource)
            if resource != "*" and own and kind in kinds:
                known = table.keys(action, resource) or frozenset()
                for test in statement.conditions:
                    assert table.among(test.key, known), (command, action, resource, test.key)
            if resource == "*" and kinds:
                assert action in NAMELESS
        for role in roles:
            named = [(document.name, document.policy) for document in role.documents]
            high = [each for each in judged(named, partition) if each.severity == "high"]
            assert not high, (command, high)


@pytest.mark.parametrize("method", ["create-image", "packer"])
@pytest.mark.parametrize("account", ["", ACCOUNT])
def test_every_command_has_policies_that_iam_takes(read: Any, method: str, account: str) -> None:
    data = whole("aws", PARTITIONS["aws"])
    data["base"]["volumes"][1]["kms_key"] = "alias/data"
    data["sbom"]["kms_key"] = KEY.format("aws", "us-east-1", "999999999999")
    data["distribute"], data["bake"] = {}, {"method": method}
    if method == "packer":
        del data["base"]["key_name"]
    file = read(data)
    for command in PermissionCommand:
        roles = generate(file, command, account=account)
        home = account or "999999999999"
        assert {role.account for role in roles} <= {home, COPIES}
        for role in roles:
            sids = [statement.sid for statement in role.statements]
            assert len(set(sids)) == len(sids)
            assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
            compiled(role.documents)
            assert all(each.size <= MANAGED_POLICY.characters for each in role.documents)
            assert all(not each.name.startswith("goldenami-") for each in role.documents)


def test_an_account_that_nobody_names_is_a_wildcard(read: Any) -> None:
    (role,) = generate(read(PLAIN), PermissionCommand.BAKE)
    assert (role.account, role.role) == ("*", "*")
    text = "".join(document.json() for document in role.documents)
    assert "arn:aws:ssm:*:*:parameter/goldenami/bake/web-base" in text


def test_each_account_has_documents_of_its_own(read: Any) -> None:
    roles = generate(read(whole("aws", PARTITIONS["aws"])), PermissionCommand.BAKE)
    assert [(each.account, each.role) for each in roles] == [
        (ACCOUNT, "golden-ami-pipeline"), (COPIES, "golden/copies"),
    ]  # fmt: skip
    calls = {action for statement in roles[1].statements for action in statement.actions}
    assert "ec2:CopyImage" in calls
    assert not calls & {"ec2:RunInstances", "ec2:CreateImage", "ssm:SendCommand", "iam:PassRole"}


def test_what_ec2_asks_kms_is_granted_by_way_of_ec2_alone(read: Any) -> None:
    (home, copies) = generate(read(whole("aws", PARTITIONS["aws"])), PermissionCommand.BAKE)
    own = KEY.format("aws", "us-east-1", ACCOUNT)
    principal = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:role/golden-ami-pipeline")
    through = {
        "aws:RequestedRegion": "us-east-1", "kms:ViaService": "ec2.us-east-1.amazonaws.com",
        "kms:GrantIsForAWSResource": "true",
    }  # fmt: skip
    policies = compiled(home.documents)

    def allowed(action: str, key: str = own, **context: Any) -> bool:
        request = Request(principal=principal, action=action, resource=key, context=context)
        return decide(policies, request).allowed

    for action in ("kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"):
        assert allowed(action, **through)
        assert not allowed(action, **{**through, "kms:ViaService": "s3.us-east-1.amazonaws.com"})
        assert not allowed(action, own.replace("1111", "9999"), **through)
    assert not allowed("kms:CreateGrant", **{**through, "kms:GrantIsForAWSResource": "false"})
    another = own.replace("1111", "9999")
    assert allowed("kms:Decrypt", another, **through, **{"kms:ResourceAliases": ("alias/golden",)})
    uses = dict(use for statement in copies.statements for use in statement.uses)
    assert uses["kms:CreateGrant"] is GrantUse.SERVICE


def test_no_role_may_change_what_it_is_allowed(read: Any) -> None:
    """An enforcement changes policies: none of those that the roles themselves have."""
    file = read(whole("aws", PARTITIONS["aws"]))
    principal = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:role/golden-ami-pipeline")
    for command in PermissionCommand:
        for role in generate(file, command, account=ACCOUNT):
            policies = compiled(role.documents)
            for document in role.documents:
                arn = f"arn:aws:iam::{ACCOUNT}:policy/{document.name}"
                request = Request(
                    principal=principal, action="iam:CreatePolicyVersion", resource=arn
                )
                assert not decide(policies, request).allowed
