"""`goldenami permissions`."""

from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.policy.render import As
from goldenami.cli.sandbox import AccountId
from goldenami.domain.choices import PermissionCommand
from goldenami.errors import FindingsError, UsageError
from goldenami.report.terminal import tell

if TYPE_CHECKING:
    from goldenami.workflows.permissions import RolePermissions


class PermissionsOptions(shared.AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami permissions`."""

    command: Annotated[PermissionCommand, Argument("The command.", "COMMAND")]
    release: shared.Release
    as_: Annotated[As, Option("What the policies are written as.", names=("--as",))] = As.JSON
    account: Annotated[
        AccountId | None, Option("The account that bakes; default: what the file says.", "ID")
    ] = None
    only: Annotated[AccountId | None, Option("Only the policies of this account's role.", "ID")] = (
        None
    )
    holder: Annotated[
        str | None, Option("Who gets the policies; default: the file's pipeline role.", "ROLE")
    ] = None
    instance_role: Annotated[
        str | None,
        Option("The role of the instance profile, if it has another name.", "ROLE"),
    ] = None
    prove: Annotated[
        bool, Option("Rehearse the command with them, and attacks, on an embedded AWS.")
    ] = False
    compare: Annotated[
        str | None, Option("Tell what this role of the caller's account has otherwise.", "ROLE")
    ] = None


def permissions(options: PermissionsOptions) -> None:
    """Write the tightest policies for a command of a release file; no AWS call is made.

    They are derived from what the command does, with what it looks at first, what it takes back if
    it fails, and what AWS asks for in its name; one or several documents for each account and role.
    What only AWS knows is a wildcard. With --compare the exit code is 10 if the role has too much
    or too little.

    Example: goldenami permissions bake release.yaml --as terraform --account 123456789012
    """
    from goldenami.report import permissions as report

    if options.prove and options.compare:
        raise UsageError("--prove and --compare are two questions", fix="leave one of them out")
    roles = _generated(options)
    file = shared.release_file(options.release)
    if options.prove:
        from goldenami.cli import permissions_proof

        permissions_proof.prove(file, options.command, options.instance_role or "")
    elif options.compare:
        _compare(options, roles)
    else:
        if any(each.account == "*" for each in roles):
            tell(["the file names no account of its own: --account makes the policies tighter"])
        report.write(options.command, file.release.image, roles, options.as_.value)


def _generated(options: PermissionsOptions) -> "tuple[RolePermissions, ...]":
    from goldenami.workflows.permissions import generate

    roles = generate(
        shared.release_file(options.release),
        options.command,
        account=options.account or "",
        holder=options.holder or options.compare or "",
        instance_role=options.instance_role or "",
    )
    if options.only:
        roles = tuple(each for each in roles if each.account == options.only)
        if not roles:
            raise UsageError(f"--only {options.only}: the command needs nothing there")
    accounts = [each.account for each in roles]
    if options.as_ is As.CLOUDFORMATION and len(accounts) > 1:
        raise UsageError(
            f"a template is of one account, and these are {', '.join(accounts)}",
            fix="name one with --only",
        )
    return roles


def _compare(options: PermissionsOptions, roles: "tuple[RolePermissions, ...]") -> None:
    from goldenami.report import permissions as report
    from goldenami.workflows.permissions import live

    name = options.compare or ""
    file_region = shared.release_file(options.release).release.build_region
    compared, notes = live.compared(options.session(None, file_region), roles, name)
    tell(notes)
    report.write_comparison(name, compared)
    if not compared.same:
        raise FindingsError(
            f"{name} has not just what `goldenami {options.command}` needs",
            fix="attach what `goldenami permissions` writes, and nothing else",
        )
