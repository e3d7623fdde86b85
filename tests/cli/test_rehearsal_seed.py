"""What a release file names, as data."""

from typing import Any

import pytest

from goldenami.cli import rehearsal_seed
from goldenami.errors import GoldenamiError, UsageError
from goldenami.spec import load
from goldenami_sandbox import models, seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.world import KeySeed, RehearsalSeed, RoleSeed

OWN = "123456789012"
ARN = "arn:aws:organizations::999988887777"
KEY = "arn:aws:kms:us-east-1:222233334444:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def seed_of(write: Any) -> Any:
    def of(**changes: Any) -> RehearsalSeed:
        return rehearsal_seed.of(load(write(**changes)))

    return of


@pytest.mark.parametrize(
    ("changes", "account"),
    [
        ({}, OWN),
        ({"share": {"accounts": [OWN]}}, "210987654321"),
        ({"audit": {"accounts": [OWN, "210987654321"], "role": "r"}}, "210987654322"),
        ({"enforce__pipeline_role": "arn:aws:iam::222233334444:role/ci/baker"}, "222233334444"),
        ({"base__volumes": [{"device": "xvdb", "size_gib": 1, "kms_key": KEY}]}, "222233334444"),
        ({"copies": [{"account": OWN, "role": "copies"}]}, "210987654321"),
    ],
)
def test_the_account_is_the_file_s_own_or_one_that_it_does_not_name(
    seed_of: Any, changes: dict[str, Any], account: str
) -> None:
    assert seed_of(**changes).account == account


def test_roles_are_those_of_the_pipeline_of_boundaries_copies_and_audits(seed_of: Any) -> None:
    seeded = seed_of(
        copies=[{"account": "444455556666", "role": "ci/copies", "kms_keys": {"eu-west-1": "k"}}],
        audit={"accounts": ["111122223333", "444455556666"], "role": "audit"},
        enforce={
            "pipeline_role": "arn:aws:iam::222233334444:role/ci/baker",
            "mechanisms": {"permissions_boundary": {"roles": ["developers"]}},
        },
    )
    assert seeded.roles == (
        RoleSeed(name="ci/baker"),
        RoleSeed(name="developers", policies=("AmazonEC2FullAccess",)),
        RoleSeed(name="ci/copies", account="444455556666", policies=("AdministratorAccess",)),
        RoleSeed(name="audit", account="111122223333", policies=("ReadOnlyAccess",)),
        RoleSeed(name="audit", account="444455556666", policies=("ReadOnlyAccess",)),
    )
    assert seeded.kms_keys == (KeySeed(region="eu-west-1", key="k", account="444455556666"),)


def test_an_organization_has_the_ids_of_the_file_and_an_account_under_each_target(
    seed_of: Any,
) -> None:
    targets = ["r-ab12", "ou-ab12-cdef3456", "111122223333", "999988887777"]
    seeded = seed_of(
        share={
            "organizations": [f"{ARN}:organization/o-abcdefghij"],
            "organizational_units": [f"{ARN}:ou/o-abcdefghij/ou-ab12-shared99"],
        },
        enforce={"mechanisms": {"scp": {"targets": targets, "profile": "owner-only"}}},
        audit={"accounts": "organization", "role": "audit"},
    )
    organization = seeded.organization
    assert (organization.id, organization.root_id) == ("o-abcdefghij", "r-ab12")
    assert organization.unit_ids == ("ou-ab12-shared99", "ou-ab12-cdef3456")
    assert (organization.manager, organization.delegated) == ("999988887777", OWN)
    units = {organization.members[account] for account in seeded.tried}
    assert units == {"", "ou-ab12-cdef3456"}
    assert "111122223333" in seeded.tried
    assert {"999988887777", OWN}.isdisjoint(seeded.tried)
    audited = {role.account for role in seeded.roles}
    assert audited == {"999988887777", *organization.members} - {OWN}


def test_an_account_without_manager_manages_the_organization_itself(seed_of: Any) -> None:
    mechanisms = {"declarative_policy": {"targets": ["ou-ab12-cdef3456"]}}
    organization = seed_of(enforce={"mechanisms": mechanisms}).organization
    assert (organization.manager, organization.delegated) == (OWN, "")
    assert OWN not in organization.members


def test_without_need_there_is_no_organization_and_nobody_is_tried(seed_of: Any) -> None:
    seeded = seed_of()
    assert seeded.organization is None
    assert seeded.tried == ()


def test_each_region_that_is_named_is_enabled_in_its_account(seed_of: Any) -> None:
    seeded = seed_of(
        regions=["eu-south-1", "ap-east-1"],
        copies=[{"account": "444455556666", "role": "copies", "regions": ["ap-east-1"]}],
        audit={"regions": ["me-south-1"]},
        enforce={"mechanisms": {"allowed_amis": {"regions": ["af-south-1"]}}},
    )
    own = ("eu-south-1", "ap-east-1", "me-south-1", "af-south-1")
    assert seeded.opted_in == (*((OWN, region) for region in own), ("444455556666", "ap-east-1"))


def test_the_source_has_the_root_device_of_the_file(seed_of: Any) -> None:
    volumes = [{"device": "xvdb", "size_gib": 1}, {"device": "/dev/sda1", "size_gib": 9}]
    seeded = seed_of(base__volumes=volumes)
    assert (seeded.root_device_name, seeded.root_size_gib) == ("/dev/sda1", 9)


def test_what_is_seeded_is_told_a_line_for_each_kind(seed_of: Any) -> None:
    seeded = seed_of(
        base__key_name="ssh-key",
        audit={"accounts": ["111122223333"], "role": "audit", "approved": ["ssm:/corp/other"]},
    )
    assert seeded.image_parameters == ("/corp/other",)
    assert seeded.named == [
        "regions enabled: eu-west-1, us-east-1",
        "groups: ec2-admin-group",
        "key pairs: ssh-key",
        "roles: audit of 111122223333",
        "parameters of images: /corp/other",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"regions": ["us-east-1", "eu-wset-1"]},
        {"audit": {"regions": ["eu-wset-1"]}},
        {"enforce__mechanisms": {"allowed_amis": {"regions": ["eu-wset-1"]}}},
    ],
)
def test_a_region_that_aws_has_not_is_told_wherever_the_file_names_it(
    seed_of: Any, changes: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="AWS has no region eu-wset-1") as caught:
        seed_of(**changes)
    assert caught.value.fix == "did you mean eu-west-1?"


def test_what_the_embedded_aws_refuses_of_a_world_is_one_error(
    seed_of: Any, sandbox: Sandbox
) -> None:
    world = seed_of()
    fault = Fault(service="ec2", operation="RunInstances", code="Unsupported", message="not here")
    with sandbox.fail(fault), pytest.raises(GoldenamiError, match="not here"):
        seed.seed(sandbox, world)


def test_every_region_has_zones_to_launch_in(sandbox: Sandbox) -> None:
    for region in models.regions():
        client = sandbox.client("ec2", region)
        zones = client.describe_availability_zones()["AvailabilityZones"]
        assert {zone["RegionName"] for zone in zones} == {region}


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("/corp/base", 1),
        ("/corp/base:3", 3),
        ("/corp/base:stable", 1),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/corp/base", 1),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/corp/base:stable", 1),
    ],
)
def test_a_source_is_named_by_a_parameter_its_version_or_its_label(
    seed_of: Any, sandbox: Sandbox, name: str, version: int
) -> None:
    world = seed_of(base__source={"ssm": name}, regions=["us-east-1"])
    seed.seed(sandbox, world)
    ssm = sandbox.client("ssm", account=world.account)
    parameter = ssm.get_parameter(Name=name)["Parameter"]
    assert parameter["Version"] == version
    image_id = parameter["Value"]
    ec2 = sandbox.client("ec2", account=world.account)
    assert ec2.describe_images(ImageIds=[image_id])["Images"]
