"""What a mechanism of enforcement gives: changes to show, actions to carry out, what to prove."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from goldenami.aws.kept_policy import HolderKind
from goldenami.aws.session import Aws
from goldenami.domain import arns, prefixes
from goldenami.domain.plan import Action, Plan
from goldenami.iam.account import Account
from goldenami.iam.profiles import Profile
from goldenami.iam.proof.lookup import GoldenImage
from goldenami.iam.proof.prove import ProofRow
from goldenami.iam.render import PolicyDocument
from goldenami.iam.snapshot_list import Difference
from goldenami.iam.values import Values
from goldenami.spec.enforcement import Enforce

MECHANISMS: Final[Mapping[HolderKind, str]] = {
    "group": "group_policy",
    "role-boundary": "permissions_boundary",
    "organization-target": "scp",
}
"""The mechanism that attaches to each kind of thing."""
ChangeKind = Literal["create", "update", "keep", "remove"]


class PolicyChange(Struct, frozen=True, kw_only=True):
    """What happens to one policy or setting, where it is attached, and how it differs.

    ``region`` is that of a setting which each region has; ``lists`` tells how its list of snapshots
    differs, if nothing else of its content does.
    """

    policy: str
    kind: ChangeKind
    region: str = ""
    diff: str = ""
    attach: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()
    lists: Difference | None = None

    @property
    def name(self) -> str:
        """The policy, or the setting with its region."""
        return f"{self.policy} {self.region}".strip()


class Attachment(Struct, frozen=True, kw_only=True):
    """A document that is to be attached, or taken away: what a proof is about.

    Args:
        holder: what kind of thing it is attached to.
        name: the group, the role, or the target's id.
        policy: the policy's name.
        document: the policy document; None if the policy is detached.
    """

    holder: HolderKind
    name: str
    policy: str
    document: dict[str, Any] | None


class RenderedPolicies(Struct, frozen=True, kw_only=True):
    """What one mechanism attaches.

    Args:
        documents: the policy documents that each of its holders gets.
        profiles: those that were rendered, the main one first.
        values: what they were rendered with.
        notes: what the user should know of it.
    """

    documents: tuple[PolicyDocument, ...]
    profiles: tuple[Profile, ...]
    values: Values
    notes: tuple[str, ...] = ()


class EnforceContext(Struct, frozen=True, kw_only=True):
    """What a mechanism works with.

    Args:
        aws: whose account.
        region: for calls that belong to no region.
        enforce: what is enforced; its mechanisms say what is desired.
        name: whose is what is attached: see `goldenami.workflows.enforce.ownership`.
        policies: waits for what each mechanism attaches, by its name; none if it is to be removed.
        owners: the accounts that own golden images.
        remove: whether everything goldenami made is to be taken away.
        take_over: whether what another enforcement attached becomes this one's.
        tags: further tags of what is made.
    """

    aws: Aws
    region: str
    enforce: Enforce
    name: str
    policies: Callable[[], Mapping[str, RenderedPolicies]]
    owners: tuple[str, ...]
    remove: bool
    take_over: bool
    tags: dict[str, str]

    def policy_arn(self, document: str) -> str:
        """Return the ARN of goldenami's managed policy for a document."""
        name = f"{prefixes.POLICIES}{document}"
        return arns.iam_arn(self.aws.partition, self.aws.account, "policy", name)

    def documents(self, mechanism: str) -> tuple[PolicyDocument, ...]:
        """Return what a mechanism attaches; nothing if it is not in use."""
        policies = self.policies().get(mechanism)
        return policies.documents if policies else ()


class MechanismPlan(Struct, frozen=True, kw_only=True):
    """What one mechanism wants.

    Args:
        changes: to show.
        actions: to carry out, each waiting for those before it.
        removals: to carry out when everything else is done, so that nothing is open in between.
        attachments: what will be attached when they are done.
        notes: what the user should know before.
        problems: why it must not be done; everything is refused then.
        others: what another enforcement attached, and stays.
        accounts: each target with the accounts under it, None if they could not be read.
    """

    changes: tuple[PolicyChange, ...] = ()
    actions: tuple[Action, ...] = ()
    removals: tuple[Action, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    accounts: tuple[tuple[str, tuple[str, ...] | None], ...] = ()


class Enforcement(Struct, frozen=True, kw_only=True):
    """An enforcement that was checked, and can be proved and applied.

    Args:
        changes: what is shown.
        plan: what is carried out.
        attachments: what will be attached then.
        policies: what each mechanism attaches, by its name; none if everything is to be removed.
        golden: the golden images that they were rendered for.
        again: compares once more.
        removes: whether everything is to be taken away.
        accounts: those under each target of the organization.
        identities: waits for who is in the account and what binds them, if that is to be proved.
    """

    changes: tuple[PolicyChange, ...] = ()
    plan: Plan = Plan(title="enforce", actions=())
    attachments: tuple[Attachment, ...] = ()
    policies: Mapping[str, RenderedPolicies] = {}
    golden: tuple[GoldenImage, ...] = ()
    again: Callable[[], "Enforcement"] | None = None
    removes: bool = False
    accounts: Mapping[str, tuple[str, ...] | None] = {}
    identities: Callable[[], tuple[Account, tuple[str, ...]]] | None = None

    @property
    def nothing_to_do(self) -> bool:
        """Tell whether what is attached is what should be."""
        return not self.plan.actions


class EnforcementProof(Struct, frozen=True, kw_only=True):
    """What the proof of an enforcement found.

    Args:
        rows: every case that was decided.
        failures: why it must not be applied.
        warnings: who and what walks around it, by name.
    """

    rows: tuple[ProofRow, ...] = ()
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def joined(plans: Iterable[MechanismPlan]) -> MechanismPlan:
    """Return several plans as one."""
    plans = list(plans)
    every: dict[str, tuple[Any, ...]] = {
        field: tuple(item for plan in plans for item in getattr(plan, field))
        for field in MechanismPlan.__struct_fields__
    }
    every["notes"] = tuple(dict.fromkeys(every["notes"]))
    return MechanismPlan(**every)
