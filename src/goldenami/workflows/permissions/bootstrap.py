"""The roles of a release: who may become them, what they may do, and what bounds them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from goldenami.domain import arns
from goldenami.domain.choices import BootstrapRole, PermissionCommand
from goldenami.errors import UsageError
from goldenami.iam import trust
from goldenami.iam.permissions import documents
from goldenami.iam.render import PolicyDocument
from goldenami.spec import ReleaseFile
from goldenami.workflows.permissions.generation import RolePermissions, account_of, generate
from goldenami.workflows.permissions.scope import ANY

BOUNDARY = "golden-ami-boundary"
_COMMANDS: Mapping[BootstrapRole, tuple[PermissionCommand, ...]] = {
    BootstrapRole.PIPELINE: (
        PermissionCommand.BAKE, PermissionCommand.ENFORCE, PermissionCommand.OUTDATED,
    ),
    BootstrapRole.APPROVER: (
        PermissionCommand.APPROVE, PermissionCommand.PROMOTE, PermissionCommand.ROLLBACK,
    ),
    BootstrapRole.AUDITOR: (PermissionCommand.AUDIT,),
    BootstrapRole.REMEDIATOR: (PermissionCommand.REMEDIATE,),
    BootstrapRole.REVOKER: (PermissionCommand.REVOKE, PermissionCommand.RESTORE),
    BootstrapRole.COPIES: (
        PermissionCommand.BAKE, PermissionCommand.APPROVE, PermissionCommand.PROMOTE,
        PermissionCommand.ROLLBACK, PermissionCommand.REVOKE, PermissionCommand.RESTORE,
    ),
}  # fmt: skip
_ENVIRONMENTS = {
    BootstrapRole.PIPELINE: ("golden-ami-bake", "golden-ami-enforce"),
    BootstrapRole.APPROVER: ("golden-ami-approve",),
    BootstrapRole.REMEDIATOR: ("golden-ami-remediate",),
    BootstrapRole.REVOKER: ("golden-ami-revoke",),
}
"""The environments of the jobs that become each role; the auditor's runs on the main branch."""
_BOUND = (
    "iam:Add*", "iam:AttachRole*", "iam:AttachUser*", "iam:Create*Key*", "iam:Create*Profile*",
    "iam:CreateRole", "iam:CreateUser", "iam:DeleteRole", "iam:DeleteRolePolicy",
    "iam:DetachRole*", "iam:PutRolePolicy", "iam:PutUser*", "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole*", "organizations:LeaveOrganization",
)  # fmt: skip
"""What no role of a release may do, whatever its policies say one day."""


class BootstrapOrder(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        kinds: which roles; none for all that the release file has a use for.
        account: the account that bakes; empty for what the file says.
        github: the repository whose jobs become the roles: ``OWNER/NAME``.
        subjects: the subjects of its tokens, in the place of the usual ones.
        from_account: another account that becomes them.
        external_id: what that account has to say.
        member: whether the auditor's role is for whatever account it is deployed to.
    """

    kinds: tuple[BootstrapRole, ...] = ()
    account: str = ""
    github: str = ""
    subjects: tuple[str, ...] = ()
    from_account: str = ""
    external_id: str = ""
    member: bool = False


class RoleBlueprint(Struct, frozen=True, kw_only=True):
    """A role to be made.

    Args:
        kind: what it is for.
        account: whose it is.
        name: its name.
        trust: who may become it.
        documents: its own policies.
        managed: the ARNs of AWS's policies that it has.
        boundary: what bounds it; None of an instance's.
    """

    kind: BootstrapRole
    account: str
    name: str
    trust: dict[str, Any]
    documents: tuple[PolicyDocument, ...] = ()
    managed: tuple[str, ...] = ()
    boundary: PolicyDocument | None = None


def blueprints(file: ReleaseFile, order: BootstrapOrder) -> tuple[RoleBlueprint, ...]:
    """Return the roles of a release file.

    Raises:
        UsageError: the account is not named, or nobody to become the roles; or the trust would let
            in more than one job.
    """
    account = ANY if order.member else order.account or account_of(file)
    if not account:
        raise UsageError(
            f"{file.path} does not say whose account it is for", fix="pass --account ID"
        )
    chosen = order.kinds or tuple(BootstrapRole)
    roles = tuple(
        role for kind in BootstrapRole if kind in chosen for role in _of(file, order, kind, account)
    )
    for role in roles:
        for problem in trust.problems(role.trust, role.account):
            raise UsageError(f"role {role.name}: {problem}", fix="name it whole with --subject")
    return roles


def _of(
    file: ReleaseFile, order: BootstrapOrder, kind: BootstrapRole, account: str
) -> Iterator[RoleBlueprint]:
    release, partition = file.release, arns.partition_of(file.release.build_region)
    if kind is BootstrapRole.INSTANCE:
        name = release.base.instance_profile or "golden-ami-instance"
        suffix = ".cn" if partition == "aws-cn" else ""
        core = arns.iam_arn(partition, "aws", "policy", "AmazonSSMManagedInstanceCore")
        yield RoleBlueprint(
            kind=kind, account=account, name=name, managed=(core,),
            trust=trust.by_service(f"ec2.amazonaws.com{suffix}"),
        )  # fmt: skip
        return
    name = _name(file, kind)
    if kind is BootstrapRole.COPIES:
        pipeline = arns.role_arn(partition, account, _name(file, BootstrapRole.PIPELINE))
        for permissions in _needed(file, kind, account, name):
            if permissions[0].account != account:
                yield _blueprint(kind, permissions, permissions[0].role, trust.by_role(pipeline))
        return
    trusted = _trust(order, kind, partition, account)
    for permissions in _needed(file, kind, account, name):
        if permissions[0].account == account:
            own = [*map(_of_member, permissions)] if order.member else permissions
            yield _blueprint(kind, own, name, trusted)


def _of_member(permissions: RolePermissions) -> RolePermissions:
    """Leave out the way into other accounts, which only the central role goes."""
    statements = tuple(
        each for each in permissions.statements if each.actions != ("sts:AssumeRole",)
    )
    split = documents.split(permissions.documents[0].name, statements)
    return structs.replace(permissions, statements=statements, documents=split)


def _name(file: ReleaseFile, kind: BootstrapRole) -> str:
    """Return how a role is called: as the file says, else by what it is for."""
    role = file.enforcement.enforce.pipeline_role if kind is BootstrapRole.PIPELINE else ""
    if kind is BootstrapRole.AUDITOR:
        role = file.release.audit.role
    role = (role or "").partition(":role/")[2] or role
    return role or f"golden-ami-{kind}"


def _needed(
    file: ReleaseFile, kind: BootstrapRole, account: str, name: str
) -> Iterable[list[RolePermissions]]:
    """Return what the commands of a role need, account by account."""
    by_account: dict[tuple[str, str], list[RolePermissions]] = {}
    for command in _COMMANDS[kind]:
        for each in generate(file, command, account=account, holder=name):
            by_account.setdefault((each.account, each.role), []).append(each)
    return by_account.values()


def _blueprint(
    kind: BootstrapRole, permissions: list[RolePermissions], name: str, trusted: dict[str, Any]
) -> RoleBlueprint:
    actions = {
        action
        for each in permissions
        for statement in each.statements
        for action in statement.actions
    }
    return RoleBlueprint(
        kind=kind,
        account=permissions[0].account,
        name=name,
        trust=trusted,
        documents=tuple(policy for each in permissions for policy in each.documents),
        boundary=_boundary(kind, actions),
    )


def _boundary(kind: BootstrapRole, actions: Iterable[str]) -> PolicyDocument:
    """Return what bounds a role: the actions that it needs, and never the making of other roles."""
    allowed = {"Sid": "Work", "Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    never = {"Sid": "NoMoreRights", "Effect": "Deny", "Action": list(_BOUND), "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed, never]}
    return PolicyDocument(f"{BOUNDARY}-{kind}", policy)


def _trust(
    order: BootstrapOrder, kind: BootstrapRole, partition: str, account: str
) -> dict[str, Any]:
    if order.github and not order.member:
        start = f"repo:{order.github}:"
        usual = [f"{start}environment:{name}" for name in _ENVIRONMENTS.get(kind, ())]
        subjects = order.subjects or usual or [f"{start}ref:refs/heads/main"]
        return trust.by_github(partition, account, list(subjects))
    if order.from_account and order.external_id:
        return trust.by_account(partition, order.from_account, order.external_id)
    raise UsageError(
        f"who may become the {kind} role is not said",
        fix="pass --github OWNER/REPOSITORY, or --from-account ID with --external-id TEXT",
    )
