"""The proof of service control policies: what an administrator under each target could do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import structs

from goldenami.domain import arns
from goldenami.iam.account import ADMINISTRATOR
from goldenami.iam.evaluator.decide import Level, Policies
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal
from goldenami.iam.proof.prove import ProofSubject, prove
from goldenami.workflows import rendering
from goldenami.workflows.enforce.interface import EnforcementProof, broken

if TYPE_CHECKING:
    from goldenami.workflows.enforce.proof import MechanismProver

SOME_OTHER = "000000000000"
"""Stands for an account that is not known: it owns no golden image."""


def proved(
    proving: "MechanismProver", target: str, accounts: tuple[str, ...] | None
) -> EnforcementProof:
    """Prove the policies of a target, once for each kind of account under it.

    An account sees the tags of its own images alone. So where there are other accounts than those
    that own golden images, golden launches have to be possible with images without any tags.

    Args:
        proving: the account after the change.
        target: a root, a unit or an account.
        accounts: those under it; None if they could not be read.
    """
    parts = [_seen_from(proving, target, one) for one in _viewpoints(proving, accounts or ())]
    failures, warnings = [*_unread(proving, target, accounts)], []
    if proving.after.manages_organization:
        warnings.append(
            f"this account manages the organization: policies of {target} do not bind it"
        )
    return EnforcementProof(
        rows=tuple(row for part in parts for row in part.rows),
        failures=(*failures, *(text for part in parts for text in part.failures)),
        warnings=tuple(warnings),
    )


def _viewpoints(proving: "MechanismProver", accounts: tuple[str, ...]) -> Iterator[str]:
    """Yield an account of each kind: the one that bakes, and one that owns no golden image."""
    home, owners = proving.after.id, proving.setting.owners
    others = [one for one in accounts if one not in (home, *owners)]
    if home in accounts:
        yield home
    if others:
        yield others[0]
    elif home not in accounts:
        sees = rendering.tests_tags(proving.policies.profiles[0])
        yield home if sees else next(iter(accounts), SOME_OTHER)


def _unread(
    proving: "MechanismProver", target: str, accounts: tuple[str, ...] | None
) -> Iterator[str]:
    """A profile that tests tags would deny every golden launch in an account that sees none."""
    profile = proving.policies.profiles[0]
    if accounts is None and rendering.tests_tags(profile):
        yield (
            f"scp: which accounts are under {target} could not be read (organizations:"
            "DescribeOrganization, ListAccountsForParent, ListOrganizationalUnitsForParent), and "
            f"in any but the golden accounts `{profile.name}` denies every golden launch"
        )


def _seen_from(proving: "MechanismProver", target: str, account: str) -> EnforcementProof:
    """Prove a target's policies for an administrator of one account under it."""
    after = proving.after
    documents = [one for one in proving.attachments if one.name == target]
    level = Level(
        target,
        (
            ADMINISTRATOR.compiled,
            *(compile_policy(one.policy, one.document or {}) for one in documents),
        ),
    )
    arn = arns.iam_arn(after.partition, account, "user", "administrator")
    policies = Policies(identity=(ADMINISTRATOR.compiled,), scps=(level,))
    home = account == after.id
    where = "" if home else f" in account {account}"
    subject = ProofSubject(
        f"an administrator under {target}{where}", Principal.from_arn(arn), policies
    )
    pipeline = structs.replace(proving.pipeline, policies=policies) if proving.pipeline else None
    proof = prove(
        (subject,),
        pipeline if home else None,
        proving.cases,
        structs.replace(proving.setting, account=account),
        proving.promises,
    )
    return EnforcementProof(rows=proof.rows, failures=tuple(broken(row) for row in proof.failed))
