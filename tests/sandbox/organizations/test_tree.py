import json
from typing import Any

import pytest

from goldenami_sandbox import seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.organizations.store import scps_of
from goldenami_sandbox.server import Sandbox

MANAGER = "999988887777"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"},
    }
)


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return sandbox.client("organizations")


@pytest.fixture
def managed(sandbox: Sandbox) -> seed.Organization:
    """The organization that the sandbox's account manages."""
    return seed.organization(sandbox)


def account(client: Any) -> str:
    asked = {"AccountName": "shop", "Email": "shop@example.com"}
    return str(client.create_account(**asked)["CreateAccountStatus"]["AccountId"])


def new_policy(client: Any, name: str = "guard") -> str:
    asked = {"Type": "SERVICE_CONTROL_POLICY", "Description": "", "Content": DENY}
    return str(client.create_policy(Name=name, **asked)["Policy"]["PolicySummary"]["Id"])


def test_without_an_organization_there_is_nothing_to_read(client: Any, refused: Any) -> None:
    assert scps_of(ACCOUNT_ID) == ()
    for call in (client.describe_organization, client.list_roots, client.list_accounts):
        with refused("AWSOrganizationsNotInUseException"):
            call()


def test_a_new_organization_has_service_control_policies(client: Any) -> None:
    told = client.create_organization()["Organization"]
    assert (told["MasterAccountId"], told["FeatureSet"]) == (ACCOUNT_ID, "ALL")
    (root,) = client.list_roots()["Roots"]
    assert root["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]


def test_one_for_billing_only_has_none_and_gets_none(client: Any, refused: Any) -> None:
    client.create_organization(FeatureSet="CONSOLIDATED_BILLING")
    (root,) = client.list_roots()["Roots"]
    assert root["PolicyTypes"] == []
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        client.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")


def test_an_account_is_in_one_organization(client: Any, managed: object, refused: Any) -> None:
    with refused("AlreadyInOrganizationException"):
        client.create_organization()


def test_accounts_move_along_the_tree(
    client: Any, managed: seed.Organization, refused: Any
) -> None:
    shop = account(client)
    assert client.list_parents(ChildId=shop)["Parents"] == [{"Id": managed.root_id, "Type": "ROOT"}]
    move = {"AccountId": shop, "DestinationParentId": managed.unit_id}
    client.move_account(SourceParentId=managed.root_id, **move)
    parents = client.list_parents(ChildId=shop)["Parents"]
    assert parents == [{"Id": managed.unit_id, "Type": "ORGANIZATIONAL_UNIT"}]
    children = client.list_children(ParentId=managed.unit_id, ChildType="ACCOUNT")["Children"]
    assert children == [{"Id": shop, "Type": "ACCOUNT"}]
    with refused("AccountNotFoundException"):
        client.move_account(SourceParentId=managed.root_id, **move)
    with refused("SourceParentNotFoundException"):
        client.move_account(SourceParentId="ou-aaaa-bbbbbbbb", **move)
    with refused("ChildNotFoundException"):
        client.list_parents(ChildId="111122223333")
    with refused("ChildNotFoundException"):
        client.list_parents(ChildId=managed.root_id)


def test_units_have_a_name_of_their_own_under_one_parent(
    client: Any, managed: seed.Organization, refused: Any
) -> None:
    with refused("DuplicateOrganizationalUnitException"):
        client.create_organizational_unit(ParentId=managed.root_id, Name="Workloads")
    nested = client.create_organizational_unit(ParentId=managed.unit_id, Name="Workloads")
    nested_id = nested["OrganizationalUnit"]["Id"]
    client.update_organizational_unit(OrganizationalUnitId=nested_id, Name="Workloads")
    client.update_organizational_unit(OrganizationalUnitId=nested_id, Name="Nested")
    with refused("OrganizationalUnitNotEmptyException"):
        client.delete_organizational_unit(OrganizationalUnitId=managed.unit_id)
    client.delete_organizational_unit(OrganizationalUnitId=nested_id)
    client.delete_organizational_unit(OrganizationalUnitId=managed.unit_id)
    with refused("ParentNotFoundException"):
        client.create_organizational_unit(ParentId=nested_id, Name="Lost")


def test_an_organization_with_members_stays(
    client: Any, managed: seed.Organization, refused: Any
) -> None:
    shop = account(client)
    with refused("OrganizationNotEmptyException"):
        client.delete_organization()
    client.remove_account_from_organization(AccountId=shop)
    client.delete_organization()
    with refused("AWSOrganizationsNotInUseException"):
        client.describe_organization()


def test_service_control_policies_bind_members_level_by_level(
    client: Any, managed: seed.Organization
) -> None:
    shop = account(client)
    client.move_account(
        AccountId=shop, SourceParentId=managed.root_id, DestinationParentId=managed.unit_id
    )
    client.attach_policy(PolicyId=new_policy(client), TargetId=managed.unit_id)
    levels = scps_of(shop)
    assert [name for name, _ in levels] == ["root", managed.unit_id, f"account {shop}"]
    assert [[name for name, _ in policies] for _, policies in levels] == [
        ["FullAWSAccess"],
        ["FullAWSAccess", "guard"],
        ["FullAWSAccess"],
    ]
    assert json.loads(levels[0][1][0][1])["Statement"] == [ALLOW_ALL]
    assert levels[1][1][1][1] == DENY


def test_they_do_not_bind_the_management_account(managed: seed.Organization) -> None:
    assert scps_of(ACCOUNT_ID) == ()


def test_they_bind_nobody_while_their_type_is_disabled(
    client: Any, managed: seed.Organization
) -> None:
    shop = account(client)
    asked = {"RootId": managed.root_id, "PolicyType": "SERVICE_CONTROL_POLICY"}
    client.disable_policy_type(**asked)
    assert scps_of(shop) == ()
    client.enable_policy_type(**asked)
    assert len(scps_of(shop)) == 2


class TestAMember:
    """The sandbox's account, in an organization that another account manages."""

    @pytest.fixture
    def joined(self, sandbox: Sandbox) -> seed.Organization:
        return seed.organization(sandbox, management_account=MANAGER)

    def test_reads_whose_organization_it_is_in(self, client: Any, joined: object) -> None:
        told = client.describe_organization()["Organization"]
        assert told["MasterAccountId"] == MANAGER

    def test_is_bound(self, joined: seed.Organization) -> None:
        names = [name for name, _ in scps_of(ACCOUNT_ID)]
        assert names == ["root", joined.unit_id, f"account {ACCOUNT_ID}"]

    def test_may_do_nothing_else(
        self, client: Any, joined: seed.Organization, refused: Any
    ) -> None:
        for call in (
            lambda: client.list_roots(),
            lambda: client.list_policies(Filter="SERVICE_CONTROL_POLICY"),
            lambda: client.attach_policy(PolicyId="p-FullAWSAccess", TargetId=joined.unit_id),
            lambda: new_policy(client),
        ):
            with refused("AccessDeniedException"):
                call()
        with refused("AlreadyInOrganizationException"):
            client.create_organization()

    def test_may_as_delegated_administrator(self, sandbox: Sandbox, client: Any) -> None:
        joined = seed.organization(
            sandbox, management_account=MANAGER, delegated_administrator=True
        )
        client.attach_policy(PolicyId=new_policy(client), TargetId=joined.unit_id)
        (_, _), (_, policies), (_, _) = scps_of(ACCOUNT_ID)
        assert [name for name, _ in policies] == ["FullAWSAccess", "guard"]

    def test_is_none_after_a_reset(self, sandbox: Sandbox, client: Any, refused: Any) -> None:
        seed.organization(sandbox, management_account=MANAGER)
        sandbox.reset()
        with refused("AWSOrganizationsNotInUseException"):
            client.describe_organization()
