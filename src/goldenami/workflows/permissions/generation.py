"""From a command and a release file to the documents of each role, account by account."""

from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from goldenami.aws.session import Aws
from goldenami.domain import arns
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.names import ACCOUNT
from goldenami.iam.permissions import documents
from goldenami.iam.permissions.grant import Grant, GrantUse
from goldenami.iam.permissions.statements import PermissionStatement, merged
from goldenami.iam.render import PolicyDocument
from goldenami.spec import ReleaseFile
from goldenami.workflows.permissions.needs import HOME, CommandNeed, needs_of, roles
from goldenami.workflows.permissions.rules import grants
from goldenami.workflows.permissions.scope import ANY, PermissionScope

_NAME = "golden-ami-"
"""How the policies' names begin: not as those that an enforcement may change."""
_EVERYWHERE = frozenset(PermissionCommand) - {
    PermissionCommand.BAKE, PermissionCommand.APPROVE, PermissionCommand.OUTDATED,
}  # fmt: skip
"""The commands that look for images in every region."""


class RolePermissions(Struct, frozen=True, kw_only=True):
    """What a role of an account needs for a command.

    Args:
        account: the account; ``*`` if nobody has named it.
        role: the role, by name; ``*`` if nobody has named it.
        statements: what it is allowed, as in the documents.
        documents: the policies, each short enough for a managed policy.
    """

    account: str
    role: str
    statements: tuple[PermissionStatement, ...]
    documents: tuple[PolicyDocument, ...]

    @property
    def name(self) -> str:
        """Whose they are, in words."""
        account = "any account" if self.account == ANY else self.account
        return f"{account}/{'the role' if self.role == ANY else self.role}"

    @property
    def optional(self) -> dict[GrantUse, tuple[str, ...]]:
        """The actions that a run without trouble need not call, by when they are called."""
        needed = {
            action
            for statement in self.statements
            for action, use in statement.uses
            if use is GrantUse.RUN
        }
        optional: dict[GrantUse, dict[str, None]] = {}
        for statement in self.statements:
            for action, use in statement.uses:
                if use is not GrantUse.RUN and action not in needed:
                    optional.setdefault(use, {})[action] = None
        return {use: tuple(actions) for use, actions in optional.items()}


def generate(
    file: ReleaseFile,
    command: PermissionCommand,
    *,
    account: str = "",
    holder: str = "",
    instance_role: str = "",
) -> tuple[RolePermissions, ...]:
    """Return the policies for a command, the home account's first. No AWS call is made.

    Args:
        file: the release file.
        command: the command.
        account: the account that bakes; empty for what the file says of it, if it does.
        holder: the role that gets the policy; empty for the file's pipeline role.
        instance_role: the role of the instance profile, if it has not the profile's name.

    Raises:
        RefusedError: a statement is too long for any document.
    """
    home = account or account_of(file) or ANY
    partition = arns.partition_of(file.release.build_region)
    name = holder or _pipeline_role(file)
    aws = Aws.standing_in(arns.iam_arn(partition, home, "role", name), file.release.build_region)
    needs = tuple(needs_of(aws, file, command))
    result = []
    for role in (HOME, *roles(aws, file)):
        scope = _scope(file, command, home, role, name, instance_role)
        own = tuple(_grants(scope, (need for need in needs if need.role == role)))
        if not own:
            continue
        statements = documents.fitting(merged(own))
        title = f"{_NAME}{command}-{file.release.image}"
        result.append(
            RolePermissions(
                account=scope.account,
                role=scope.holder,
                statements=statements,
                documents=documents.split(title, statements),
            )
        )
    return tuple(result)


def _grants(scope: PermissionScope, needs: Iterable[CommandNeed]) -> Iterator[Grant]:
    needs = tuple(dict.fromkeys(needs))
    everywhere = {need.action for need in needs if need.everywhere}
    unbound = structs.replace(scope, reading=())
    for need in needs:
        where = unbound if need.action in everywhere else scope
        yield from grants(where, need.action, need.use)


def account_of(file: ReleaseFile) -> str:
    """Return the account that a release file is for, as what it names as its own says; or empty."""
    release = file.release
    named = [file.enforcement.enforce.pipeline_role or ""]
    named += [volume.kms_key or "" for volume in release.base.volumes]
    named += [release.kms_key(region) or "" for region in release.destinations]
    named += [release.sbom.kms_key] if release.sbom else []
    accounts = (name.split(":")[4] for name in named if name.startswith("arn:"))
    return next((each for each in accounts if ACCOUNT.fullmatch(each)), "")


def _pipeline_role(file: ReleaseFile) -> str:
    role = file.enforcement.enforce.pipeline_role or ANY
    return role.partition(":role/")[2] or role


def _scope(
    file: ReleaseFile,
    command: PermissionCommand,
    home: str,
    role: str,
    holder: str,
    instance_role: str,
) -> PermissionScope:
    release = file.release
    partition = arns.partition_of(release.build_region)
    account, regions, name = home, release.regions, holder
    if role:
        account, name = role.split(":")[4], role.partition(":role/")[2]
        places = release.places(home, partition)
        regions = tuple(dict.fromkeys(place.region for place in places if place.role == role))
    reading = () if command in _EVERYWHERE else regions
    audited = release.audit.regions
    if command is PermissionCommand.AUDIT and audited != "all":
        reading = tuple(dict.fromkeys((*audited, *regions)))
    return PermissionScope(
        command=command,
        release=release,
        enforcement=file.enforcement,
        partition=partition,
        home=home,
        account=account,
        holder=name,
        instance_role=instance_role,
        regions=regions,
        reading=reading,
    )
