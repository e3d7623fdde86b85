"""The policies of a command: as JSON, as infrastructure code; what a proof and a comparison say."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from goldenami.iam.limits import MANAGED_POLICY
from goldenami.iam.permissions.documents import POLICIES_PER_ROLE
from goldenami.infrastructure import permissions as code
from goldenami.report.terminal import say, table

if TYPE_CHECKING:
    from goldenami.iam.permissions.comparison import PolicyComparison
    from goldenami.iam.permissions.worth import ActionWorth
    from goldenami.workflows.permissions.generation import RolePermissions

SCHEMA = "goldenami.permissions/v1"


def write(command: str, image: str, roles: "Sequence[RolePermissions]", form: str) -> None:
    """Write the policies of a command to stdout, and their sizes to stderr.

    Args:
        command: the command.
        image: the golden image.
        roles: who needs what; one account alone for CloudFormation.
        form: ``json``, ``terraform`` or ``cloudformation``.
    """
    title = f"What `goldenami {command}` needs for {image}."
    policies = [code.RolePolicies(each.account, each.role, each.documents) for each in roles]
    if form == "terraform":
        sys.stdout.write(code.as_terraform(policies, title))
    elif form == "cloudformation":
        sys.stdout.write(code.as_cloudformation(policies[0], title))
    else:
        document = {
            "schema": SCHEMA,
            "command": command,
            "image": image,
            "roles": [_role(each) for each in roles],
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    for each in roles:
        for policy in each.documents:
            limit = MANAGED_POLICY.characters
            say(f"{each.name}: {policy.name}: {policy.size:,} of {limit:,} characters")
        if len(each.documents) > POLICIES_PER_ROLE:
            say(
                f"warning: a role takes {POLICIES_PER_ROLE} policies unless AWS raises the quota, "
                f"and these are {len(each.documents)}",
                "yellow",
            )


def _role(role: "RolePermissions") -> dict[str, Any]:
    return {
        "account": role.account,
        "role": role.role,
        "policies": [
            {"name": document.name, "characters": document.size, "document": document.policy}
            for document in role.documents
        ],
        "optional": {use.name.lower(): list(actions) for use, actions in role.optional.items()},
    }


def write_comparison(name: str, compared: "PolicyComparison") -> None:
    """Write what a role has too little and too much."""
    rows = [
        *(("too little", each.action, each.words) for each in compared.missing),
        *(("too wide", each.action, each.words) for each in compared.wider),
        *(("too much", service, words) for service, words in compared.surplus.items()),
    ]
    if rows:
        table(("", "action", "what"), rows, sentences=("what",))
    say(
        f"{name}: {len(compared.missing)} too little, {len(compared.wider)} too wide, "
        f"{len(compared.surplus)} services with actions too much"
    )


def write_worth(role: "RolePermissions", worths: "Sequence[ActionWorth]") -> None:
    """Write which calls of a rehearsal each statement of a role was needed for."""
    from goldenami.iam.permissions.worth import by_use

    statements: dict[str, list[ActionWorth]] = {}
    for each in worths:
        statements.setdefault(each.statement, []).append(each)
    rows = []
    for sid, several in statements.items():
        calls = [each.needed_by for each in several if each.needed_by]
        if calls:
            more = f", and {len(calls) - 1} more" if len(calls) > 1 else ""
            rows.append((sid, f"{len(calls)} of {len(several)}", f"{calls[0]}{more}"))
        else:
            uses = dict.fromkeys(each.use.value for each in several)
            rows.append((sid, f"0 of {len(several)}", f"optional: {'; '.join(uses)}"))
    say(f"{role.name}: without which statement what would be refused")
    table(("statement", "needed", "for"), rows, sentences=("for",))
    for use, actions in by_use(worths).items():
        say(f"optional ({use.value}): {', '.join(actions)}")


class ShownAttack(Struct, frozen=True):
    """How an attack ended: in a word, what was tried, and why it ended so."""

    ended: str
    title: str
    why: str


def write_attacks(attacks: Sequence[ShownAttack]) -> None:
    """Write how each attack ended."""
    rows = [(each.ended, each.title, each.why) for each in attacks]
    table(("", "attack", "why"), rows, sentences=("attack", "why"))
    refused = sum(each.ended == "refused" for each in attacks)
    say(f"{refused} of {len(attacks)} attacks refused")
