"""`goldenami bootstrap`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.policy.render import As
from goldenami.cli.sandbox import AccountId
from goldenami.constraints import form
from goldenami.domain.choices import BootstrapRole
from goldenami.errors import UsageError
from goldenami.report.terminal import say

if TYPE_CHECKING:
    from goldenami.infrastructure.bootstrap import RoleResource
    from goldenami.workflows.permissions.bootstrap import RoleBlueprint

SCHEMA = "goldenami.bootstrap/v1"
_Repository = Annotated[
    str,
    form(
        lambda text: text.count("/") == 1 and all(text.split("/")) and "*" not in text,
        "repository: OWNER/NAME",
    ),
]


class BootstrapOptions(shared.TableOptions, frozen=True, kw_only=True):
    """The options of `goldenami bootstrap`."""

    release: Annotated[
        Path | None, Argument("The release file; default: release.yaml in this folder.")
    ] = None
    as_: Annotated[As, Option("What the roles are written as.", names=("--as",))] = As.JSON
    roles: Annotated[
        list[BootstrapRole] | None,
        Option("Only this role (repeatable).", names=("--for",)),
    ] = None
    account: Annotated[
        AccountId | None, Option("The account that bakes; default: what the file says.", "ID")
    ] = None
    only: Annotated[AccountId | None, Option("Only the roles of this account.", "ID")] = None
    github: Annotated[
        _Repository | None, Option("Whose jobs become the roles, by OpenID Connect.", "OWNER/NAME")
    ] = None
    subject: Annotated[
        list[str] | None,
        Option("By this subject of their tokens (repeatable); default: by environment.", "TEXT"),
    ] = None
    from_account: Annotated[
        AccountId | None, Option("Another account that becomes the roles.", "ID")
    ] = None
    external_id: Annotated[str, Option("What that account has to say.", "TEXT")] = ""
    unit: Annotated[
        list[str] | None,
        Option("A StackSet of the auditor for this unit or root (repeatable).", "OU"),
    ] = None


def bootstrap(options: BootstrapOptions) -> None:
    """Write the roles of a release: who may become them, what they may do, what bounds them.

    The pipeline, approver, auditor, remediator and revoker have what `goldenami permissions` writes
    for their commands, the instance what SSM needs; another account's role for copies trusts the
    pipeline. Nothing is made: apply what is written. With --unit, it is a StackSet that gives the
    auditor's role to every account of an organizational unit.

    Example: goldenami bootstrap release.yaml --github acme/images --as terraform
    """
    from goldenami.infrastructure import bootstrap as code
    from goldenami.infrastructure.cloudformation import BODY_LIMIT
    from goldenami.workflows.permissions.bootstrap import BootstrapOrder, blueprints

    file = shared.release_file(options.release or _nearest())
    kinds = tuple(options.roles or ())
    of_auditor = options.as_ is As.CLOUDFORMATION and kinds == (BootstrapRole.AUDITOR,)
    if options.unit and not of_auditor:
        raise UsageError(
            "--unit is for a StackSet of the auditor's role",
            fix="pass --as cloudformation --for auditor",
        )
    chosen = blueprints(
        file,
        BootstrapOrder(
            kinds=kinds,
            account=options.account or "",
            github=options.github or "",
            subjects=tuple(options.subject or ()),
            from_account=options.from_account or "",
            external_id=options.external_id,
            member=bool(options.unit),
        ),
    )
    chosen = tuple(each for each in chosen if options.only in (None, each.account))
    if not chosen:
        raise UsageError("there is no such role", fix="leave --for or --only out")
    title = f"The roles of the golden image {file.release.image}."
    resources = [_resource(each) for each in chosen]
    if options.as_ is As.JSON:
        _write_json(chosen)
    elif options.as_ is As.TERRAFORM:
        sys.stdout.write(code.as_terraform(resources, title))
    elif options.unit:
        region = file.release.build_region
        sys.stdout.write(code.as_stack_set(resources[0], options.unit, region, title))
    else:
        _refuse_several([each.account for each in chosen])
        text = code.as_cloudformation(resources, title)
        sys.stdout.write(text)
        if len(text.encode()) > BODY_LIMIT:
            say(
                f"more than {BODY_LIMIT:,} bytes: CloudFormation takes it from a bucket alone; "
                "--for writes fewer roles",
                "yellow",
            )
    for each in chosen:
        say(f"{each.kind}: {each.name} in {each.account}, {len(each.documents)} policies")


def _nearest() -> Path:
    if (path := Path("release.yaml")).is_file():
        return path
    raise UsageError(
        "there is no release.yaml in this folder",
        fix="name the release file; `goldenami init` writes one to begin with",
    )


def _refuse_several(accounts: list[str]) -> None:
    if len(several := list(dict.fromkeys(accounts))) > 1:
        raise UsageError(
            f"a template is of one account, and these are {', '.join(several)}",
            fix="name one with --only",
        )


def _resource(role: "RoleBlueprint") -> "RoleResource":
    from goldenami.infrastructure.bootstrap import RoleResource

    return RoleResource(
        account=role.account,
        name=role.name,
        trust=role.trust,
        documents=role.documents,
        managed=role.managed,
        boundary=role.boundary,
        profile=role.kind is BootstrapRole.INSTANCE,
    )


def _write_json(roles: "tuple[RoleBlueprint, ...]") -> None:
    written = [
        {
            "for": role.kind.value,
            "account": role.account,
            "name": role.name,
            "trust": role.trust,
            "policies": [{"name": each.name, "document": each.policy} for each in role.documents],
            "managed_policies": list(role.managed),
            "boundary": role.boundary
            and {"name": role.boundary.name, "document": role.boundary.policy},
        }
        for role in roles
    ]
    sys.stdout.write(json.dumps({"schema": SCHEMA, "roles": written}, indent=2) + "\n")
