"""An account's identities as data: who is in which group, and which policies bind whom.

Built from the answer of iam:GetAccountAuthorizationDetails. Nothing here changes an account: the
``with_…`` methods return what it would be after a change, to be proved first.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal, Self

from msgspec import Struct
from msgspec.structs import replace

from goldenami.domain.arns import iam_arn
from goldenami.errors import IncompleteError, UsageError
from goldenami.iam.evaluator.decide import Level, Policies
from goldenami.iam.evaluator.document import Policy, compile_policy, policy_in_force
from goldenami.iam.evaluator.request import Principal

Kind = Literal["user", "group", "role"]
SESSION = "goldenami-proof"  # the session name of a role that is asked about
_OF_MEMBERS = frozenset({"aws:principaltag/", "aws:userid"})
"""Condition keys that differ from one member of a group to the next."""
_compiled = lru_cache(maxsize=4096)(compile_policy)
_in_force = lru_cache(maxsize=4096)(policy_in_force)


class NamedDocument(Struct, frozen=True):
    """A policy document as JSON text, under the name that people know it by."""

    name: str
    text: str

    @classmethod
    def from_json(cls, name: str, document: Mapping[str, Any] | str) -> Self:
        """Return a document that is given as an object or as its JSON text."""
        return cls(name, document if isinstance(document, str) else json.dumps(document))

    @property
    def compiled(self) -> Policy:
        """The document ready to be evaluated; compiled once.

        Raises:
            PolicyError: it has what the evaluator does not know.
        """
        return _compiled(self.name, self.text)

    @property
    def in_force(self) -> Policy:
        """The same, of a document that AWS has accepted: what is not understood is unknown."""
        return _in_force(self.name, self.text)


ADMINISTRATOR = NamedDocument.from_json(
    "AdministratorAccess",
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
)
"""AWS's policy of this name: what the strongest attacker has."""


class Identity(Struct, frozen=True, kw_only=True):
    """What policies are attached to.

    Args:
        arn: its ARN.
        inline: its own documents.
        managed: the ARNs of the managed policies attached to it.
        unique_id: such as ``AIDA…``; empty if it is not known.
        boundary: the ARN of its permissions boundary; a group has none.
        tags: its tags; a group has none.
    """

    arn: str
    inline: tuple[NamedDocument, ...] = ()
    managed: tuple[str, ...] = ()
    unique_id: str = ""
    boundary: str | None = None
    tags: Mapping[str, str] = {}

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "user" if isinstance(self, User) else "role" if isinstance(self, Role) else "group"

    @property
    def name(self) -> str:
        """Its name, without the path."""
        return self.arn.rpartition("/")[2]


class Group(Identity, frozen=True, kw_only=True):
    """A group of users."""


class User(Identity, frozen=True, kw_only=True):
    """A user, and the groups it is in."""

    groups: tuple[str, ...] = ()


class Role(Identity, frozen=True, kw_only=True):
    """A role; ``trust`` is the policy that says who may assume it."""

    trust: Mapping[str, Any] = {}


class ControlLevel(Struct, frozen=True):
    """The service control policies of one root, unit or account (``target`` is its id)."""

    target: str
    name: str
    policies: tuple[NamedDocument, ...]

    @property
    def compiled(self) -> Level:
        """The level ready to be evaluated."""
        return Level(self.name, tuple(policy.in_force for policy in self.policies))


class Account(Struct, frozen=True, kw_only=True):
    """One account's identities.

    Args:
        id: the account id.
        partition: such as ``aws``.
        users: by name; ``groups`` and ``roles`` likewise.
        policies: managed policies by ARN, each with its default version's document.
        levels: service control policies from the organization's root down to the account; none
            without an organization, or if they could not be read.
        organization: the organization's id, empty if there is none or it is not known.
        manages_organization: whether it is the management account, which SCPs do not bind.
    """

    id: str
    partition: str = "aws"
    users: Mapping[str, User] = {}
    groups: Mapping[str, Group] = {}
    roles: Mapping[str, Role] = {}
    policies: Mapping[str, NamedDocument] = {}
    levels: tuple[ControlLevel, ...] = ()
    organization: str = ""
    manages_organization: bool = False

    @classmethod
    def from_details(cls, details: Mapping[str, Iterable[Mapping[str, Any]]], **other: Any) -> Self:
        """Return an account from GetAccountAuthorizationDetails' lists.

        Args:
            details: ``UserDetailList``, ``GroupDetailList``, ``RoleDetailList`` and ``Policies``
                of all pages. AWS's own policies have to be among them.
            other: the fields that they do not tell: ``id``, ``partition``, ``levels`` …
        """
        return cls(
            users={
                user["UserName"]: User(
                    **_fields(user, "User"), groups=tuple(user.get("GroupList", ()))
                )
                for user in details["UserDetailList"]
            },
            groups={
                group["GroupName"]: Group(**_fields(group, "Group"))
                for group in details["GroupDetailList"]
            },
            roles={
                role["RoleName"]: Role(**_fields(role, "Role"), trust=_trust(role))
                for role in details["RoleDetailList"]
            },
            policies={policy["Arn"]: _default_version(policy) for policy in details["Policies"]},
            **other,
        )

    def named(self, kind: Kind, name: str) -> User | Group | Role:
        """Return a user, group or role by its name or ARN.

        Raises:
            UsageError: there is none.
        """
        known: Mapping[str, User | Group | Role] = getattr(self, f"{kind}s")
        short = name.rpartition("/")[2]
        if short in known and name in (short, known[short].arn):
            return known[short]
        close = get_close_matches(short, known, n=1)
        raise UsageError(
            f"there is no {kind} `{name}` in account {self.id}",
            fix=f"did you mean `{close[0]}`?" if close else f"`aws iam list-{kind}s` lists them",
        )

    def members(self, group: str) -> tuple[User, ...]:
        """Return the users in a group."""
        return tuple(user for user in self.users.values() if group in user.groups)

    def documents_of(self, identity: Identity) -> tuple[NamedDocument, ...]:
        """Return every identity policy that applies to somebody: a user's groups' among them.

        Raises:
            IncompleteError: the document of an attached policy is not known.
        """
        holders = [identity]
        if isinstance(identity, User):
            holders += [self._group(name) for name in identity.groups]
        documents = (
            document
            for holder in holders
            for document in (*(self._document(arn) for arn in holder.managed), *holder.inline)
        )
        return tuple(dict.fromkeys(documents))

    def boundary_of(self, identity: Identity) -> NamedDocument | None:
        """Return somebody's permissions boundary; a group has none."""
        return self._document(identity.boundary) if identity.boundary else None

    def policies_of(self, identity: Identity) -> Policies:
        """Return everything that binds somebody; of a group, what its policies do to a member.

        Raises:
            IncompleteError: the document of an attached policy is not known.
        """
        boundary = self.boundary_of(identity)
        return Policies(
            identity=tuple(document.in_force for document in self.documents_of(identity)),
            boundary=boundary.in_force if boundary else None,
            scps=tuple(level.compiled for level in self.levels),
        )

    def principal(self, identity: Identity) -> Principal:
        """Return who asks: the user, a session of the role, or somebody in the group."""
        group = isinstance(identity, Group)
        principal = Principal.from_arn(
            self._arn("user", f"member-of-{identity.name}") if group else identity.arn,
            tags=identity.tags,
            unique_id="" if group else identity.unique_id,
            session=SESSION if isinstance(identity, Role) else "",
            organization=self.organization,
            in_management_account=self.manages_organization,
        )
        return replace(principal, unknown=_OF_MEMBERS) if group else principal

    def with_group_policy(self, group: str, name: str, document: Mapping[str, Any] | None) -> Self:
        """Return the account with a managed policy of that name attached to a group.

        The policy's new document counts wherever it is attached, as a new default version does.
        Without a document the policy is detached.
        """
        arn, policies = self._policies_with(name, document)
        holder = self.groups[group]
        managed = dict.fromkeys((*holder.managed, arn))
        if document is None:
            del managed[arn]
        changed = replace(holder, managed=tuple(managed))
        return replace(self, policies=policies, groups={**self.groups, group: changed})

    def with_boundary(self, role: str, name: str, document: Mapping[str, Any] | None) -> Self:
        """Return the account with a managed policy of that name as a role's boundary, or none."""
        arn, policies = self._policies_with(name, document)
        changed = replace(self.roles[role], boundary=None if document is None else arn)
        return replace(self, policies=policies, roles={**self.roles, role: changed})

    def with_scp(self, target: str, name: str, document: Mapping[str, Any] | None) -> Self:
        """Return the account with a service control policy attached to one of its levels.

        A target that is not above the account does not bind it, so nothing changes. Without a
        document the policy is detached.
        """
        new = () if document is None else (NamedDocument.from_json(name, document),)
        levels = tuple(
            replace(level, policies=(*(old for old in level.policies if old.name != name), *new))
            if level.target == target
            else level
            for level in self.levels
        )
        return replace(self, levels=levels)

    def _policies_with(
        self, name: str, document: Mapping[str, Any] | None
    ) -> tuple[str, Mapping[str, NamedDocument]]:
        arn = self._arn("policy", name)
        if document is None:
            return arn, self.policies
        return arn, {**self.policies, arn: NamedDocument.from_json(name, document)}

    def _arn(self, kind: str, name: str) -> str:
        return iam_arn(self.partition, self.id, kind, name)

    def _group(self, name: str) -> Group:
        if name not in self.groups:
            raise IncompleteError(
                f"the group {name} could not be read, so nothing can be said about its members"
            )
        return self.groups[name]

    def _document(self, arn: str) -> NamedDocument:
        if arn not in self.policies:
            raise IncompleteError(
                f"the document of {arn} could not be read, so nothing can be said about whom it "
                "is attached to"
            )
        return self.policies[arn]


def _fields(entry: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return what users, groups and roles have alike."""
    holder = f"{kind.lower()} {entry[f'{kind}Name']}"
    return {
        "arn": entry["Arn"],
        "inline": tuple(
            NamedDocument.from_json(
                f'inline "{policy["PolicyName"]}" of {holder}', policy["PolicyDocument"]
            )
            for policy in entry.get(f"{kind}PolicyList", ())
        ),
        "managed": tuple(
            policy["PolicyArn"] for policy in entry.get("AttachedManagedPolicies", ())
        ),
        "unique_id": entry.get(f"{kind}Id", ""),
        "boundary": (entry.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "tags": {tag["Key"]: tag["Value"] for tag in entry.get("Tags", ())},
    }


def _trust(role: Mapping[str, Any]) -> Mapping[str, Any]:
    document = role["AssumeRolePolicyDocument"]
    trust: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    return trust


def _default_version(policy: Mapping[str, Any]) -> NamedDocument:
    versions = policy["PolicyVersionList"]
    (document,) = (version["Document"] for version in versions if version["IsDefaultVersion"])
    return NamedDocument.from_json(policy["PolicyName"], document)
