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
    prover: "MechanismProver", target: str, accounts: tuple[str, ...] | None
) -> EnforcementProof:
    """Prove the policies of a target, once for each kind of account under it.

    An account sees the tags of its own images alone. So where there are other accounts than those
    that own golden images, golden launches have to be possible with images without any tags.

    Args:
        prover: the account after the change.
        target: a root, a unit or an account.
        accounts: those under it; None if they could not be read.
    """
    unread = EnforcementProof(failures=tuple(_unread(prover, target, accounts)))
    proofs = [_seen_from(prover, target, each) for each in _viewpoints(prover, accounts or ())]
    if prover.after.manages_organization:
        warning = f"this account manages the organization: policies of {target} do not bind it"
        proofs.append(EnforcementProof(warnings=(warning,)))
    return EnforcementProof.together([unread, *proofs])


def _viewpoints(prover: "MechanismProver", accounts: tuple[str, ...]) -> Iterator[str]:
    """Yield an account of each kind: the one that bakes, and one that owns no golden image."""
    home, owners = prover.after.id, prover.setting.owners
    others = [account for account in accounts if account not in (home, *owners)]
    if home in accounts:
        yield home
    if others:
        yield others[0]
    elif home not in accounts:
        sees = rendering.tests_tags(prover.policies.profiles[0])
        yield home if sees else next(iter(accounts), SOME_OTHER)


def _unread(
    prover: "MechanismProver", target: str, accounts: tuple[str, ...] | None
) -> Iterator[str]:
    """A profile that tests tags would deny every golden launch in an account that sees none."""
    profile = prover.policies.profiles[0]
    if accounts is None and rendering.tests_tags(profile):
        yield (
            f"scp: which accounts are under {target} could not be read (organizations:"
            "DescribeOrganization, ListAccountsForParent, ListOrganizationalUnitsForParent), and "
            f"in any but the golden accounts `{profile.name}` denies every golden launch"
        )


def _seen_from(prover: "MechanismProver", target: str, account: str) -> EnforcementProof:
    """Prove a target's policies for an administrator of one account under it."""
    after = prover.after
    documents = (
        compile_policy(attachment.policy, attachment.document or {})
        for attachment in prover.attachments
        if attachment.name == target
    )
    level = Level(target, (ADMINISTRATOR.compiled, *documents))
    arn = arns.iam_arn(after.partition, account, "user", "administrator")
    policies = Policies(identity=(ADMINISTRATOR.compiled,), scps=(level,))
    home = account == after.id
    where = "" if home else f" in account {account}"
    subject = ProofSubject(
        f"an administrator under {target}{where}", Principal.from_arn(arn), policies
    )
    pipeline = structs.replace(prover.pipeline, policies=policies) if prover.pipeline else None
    proof = prove(
        (subject,),
        pipeline if home else None,
        prover.cases,
        structs.replace(prover.setting, account=account),
        prover.promises,
    )
    return EnforcementProof(rows=proof.rows, failures=tuple(broken(row) for row in proof.failed))
