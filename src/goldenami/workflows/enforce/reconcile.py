"""One engine for the mechanisms that keep policies: it compares them, and plans the difference.

A mechanism says which policies there should be, which there are, and by which calls its service
keeps them. What is made comes first and what is taken away last, so that nothing is open in
between; where both do not fit at once, it is the other way round.
"""

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct, structs

from goldenami.aws.kept_policy import KeptPolicy
from goldenami.domain import tags
from goldenami.domain.plan import Action, Ref
from goldenami.iam import snapshot_list
from goldenami.iam.render import PolicyDocument
from goldenami.workflows.enforce import ownership
from goldenami.workflows.enforce.interface import (
    Attachment,
    ChangeKind,
    EnforceContext,
    MechanismPlan,
    PolicyChange,
    joined,
)
from goldenami.workflows.enforce.operations import PolicyOperations, Verb


class Comparison(Struct, frozen=True, kw_only=True):
    """What there should be beside what there is.

    Args:
        context: as everywhere.
        operations: by which calls the policies are kept.
        desired: the documents that there should be, by the keys of their policies.
        current: the policies that there are. Their holders are those that the mechanism is about.
        holders: what each desired policy should be attached to.
        attached: the keys of all policies that each holder has, whosever they are.
        quota: how many a holder may have.
        in_use: whether the file names the mechanism.
    """

    context: EnforceContext
    operations: PolicyOperations
    desired: Mapping[str, PolicyDocument]
    current: Mapping[str, KeptPolicy]
    holders: tuple[str, ...]
    attached: Mapping[str, Collection[str]] = {}
    quota: int = 0
    in_use: bool

    def plan(self) -> MechanismPlan:
        """Plan how what there is becomes what there should be.

        A policy that goldenami made and that is no longer desired is taken away, unless it is
        another enforcement's. What somebody else made is neither changed nor taken away.
        """
        ours = {key: policy for key, policy in self.current.items() if policy.ours}
        names = {key: policy.enforcement for key, policy in ours.items()}
        staying = {
            key: name
            for key, name in names.items()
            if key not in self.desired and ownership.stays(self.context, name, named=self.in_use)
        }
        foreign = [key for key in self.desired if key in self.current and key not in ours]
        problems = [
            *map(self.operations.made_by_others, foreign),
            *self._full(ours.keys() - staying.keys()),
        ]
        surplus = [key for key in ours if key not in self.desired and key not in staying]
        together = (len(self.desired.keys() | keys) for keys in self.attached.values())
        changes = replaced(
            joined(self._applied(key) for key in self.desired),
            joined(self._removed(ours[key]) for key in surplus),
            room=all(count <= self.quota for count in together),
        )
        claimed = {self._title(key): name for key, name in names.items() if key in self.desired}
        return joined(
            [
                changes,
                MechanismPlan(problems=tuple(problems)),
                ownership.claims(self.context, claimed),
                ownership.kept({self._title(key): name for key, name in staying.items()}),
            ]
        )

    def _full(self, going: Collection[str]) -> Iterator[str]:
        """Say which holders would have too many policies once everything is done."""
        for holder, keys in self.attached.items():
            count = len((set(keys) - set(going)) | self.desired.keys())
            if count > self.quota:
                yield self.operations.full.format(holder=holder, count=count, quota=self.quota)

    def _applied(self, key: str) -> MechanismPlan:
        document, policy = self.desired[key], self.current.get(key)
        holders, attached = self.holders, policy.all_holders if policy else ()
        missing = [holder for holder in holders if holder not in attached]
        surplus = [holder for holder in attached if holder not in holders]
        written, reference = self._written(key, document, policy)
        # attached before it is detached elsewhere: a run that stops in between leaves nothing open
        steps = [
            *written,
            *(self._step("attach", key, reference=reference, holder=name) for name in missing),
            *(self._step("detach", key, reference=reference, holder=name) for name in surplus),
            *(self._retagged(policy) if policy else ()),
        ]
        if steps:
            text = document.json(minify=True)
            steps.append(self._step("verify", key, text=text, holders=holders))
        before = policy.document if policy else None
        kind: ChangeKind = "update" if written else "keep"
        change = PolicyChange(
            policy=self._title(key),
            kind=kind if policy else "create",
            diff=_diff(before, document),
            attach=self._holder_titles(missing),
            detach=self._holder_titles(surplus),
            lists=snapshot_list.difference(before, document.policy) if before and written else None,
        )
        return MechanismPlan(
            changes=(change,),
            actions=in_order(steps),
            attachments=(
                *self._attachments(key, holders, document.policy),
                *self._attachments(key, surplus, None),
            ),
        )

    def _written(
        self, key: str, document: PolicyDocument, policy: KeptPolicy | None
    ) -> tuple[list[Action], str | Ref]:
        """Return the steps that give a policy its document, and what later ones name it by."""
        text = document.json(minify=True)
        if policy is None:
            description = f"goldenami profile document {document.name}"
            own = {tags.POLICY: document.name, tags.ENFORCED_BY: self.context.name}
            pairs = tags.to_aws(own | self.context.tags)
            creation = self._step(
                "create", key, name=_name(key), text=text, description=description, tags=pairs
            )
            return [creation], self.operations.reference(creation, key)
        if policy.document == document.policy:
            return [], policy.reference
        # the oldest version goes before the new one, for which there would be no room
        update = self._step("update", key, reference=policy.reference, text=text)
        return [*self._pruned(key, policy.prunable), update], policy.reference

    def _removed(self, policy: KeptPolicy) -> MechanismPlan:
        key, reference, holders = policy.key, policy.reference, policy.all_holders
        elsewhere = ", ".join(policy.elsewhere)
        steps = [
            self._step("detach", key, reference=reference, holder=holder) for holder in holders
        ]
        if not elsewhere:
            # AWS deletes nothing that is attached, or has versions beside the default one
            steps += self._pruned(key, policy.superseded)
            steps.append(self._step("delete", key, reference=reference))
        change = PolicyChange(
            policy=self._title(key),
            kind="keep" if elsewhere else "remove",
            detach=self._holder_titles(holders),
            diff=f"it stays attached to {elsewhere}" if elsewhere else "",
        )
        return MechanismPlan(
            changes=(change,),
            removals=in_order(steps),
            attachments=tuple(self._attachments(key, holders, None)),
        )

    def _pruned(self, key: str, versions: Iterable[str]) -> list[Action]:
        return [self._step("prune", key, version=version) for version in versions]

    def _retagged(self, policy: KeptPolicy) -> Iterator[Action]:
        """Yield the steps that bring a policy's own tags about, beside that of its document."""
        context, key, reference = self.context, policy.key, policy.reference
        missing = {name: value for name, value in context.tags.items() if name not in policy.tags}
        if policy.enforcement != context.name:
            missing[tags.ENFORCED_BY] = context.name
        if missing:
            pairs = tags.to_aws(missing)
            yield self._step("tag", key, reference=reference, keys=", ".join(missing), tags=pairs)
        if tags.UNPROVED in policy.tags and tags.UNPROVED not in context.tags:
            stale = [tags.UNPROVED]
            yield self._step("untag", key, reference=reference, keys=stale[0], tag_keys=stale)

    def _step(self, verb: Verb, key: str, **values: Any) -> Action:
        return self.operations.step(self.context.region, verb, key, **values)

    def _title(self, key: str) -> str:
        return self.operations.title.format(key=key)

    def _holder_titles(self, holders: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.operations.holder_title.format(holder=holder) for holder in holders)

    def _attachments(
        self, key: str, holders: Iterable[str], document: dict[str, Any] | None
    ) -> Iterator[Attachment]:
        if kind := self.operations.holder:
            for holder in holders:
                yield Attachment(holder=kind, name=holder, policy=_name(key), document=document)


def _name(key: str) -> str:
    """Return a policy's name, which is the end of its ARN."""
    return key.rpartition("/")[2]


def _diff(before: Mapping[str, Any] | None, document: PolicyDocument) -> str:
    """Show how a document differs; of a new one its statements, which say what they do."""
    if "Statement" not in document.policy or before == document.policy:
        return ""
    if before is None:
        return "\n".join(
            f"+ {statement['Effect']} {statement.get('Sid', '')}"
            for statement in document.policy["Statement"]
        )
    old = json.dumps(before, indent=2).splitlines()
    new = document.json().splitlines()
    return "\n".join(difflib.unified_diff(old, new, "attached", "rendered", lineterm="", n=2))


def replaced(applied: MechanismPlan, removed: MechanismPlan, *, room: bool) -> MechanismPlan:
    """Return what is made and what is taken away as one.

    What is taken away goes first only if there is no room for both at once.
    """
    if room:
        return joined([applied, removed])
    first = removed.removals
    both = joined([structs.replace(removed, removals=()), applied])
    return structs.replace(both, actions=(*first, *begun_after(first, applied.actions)))


def begun_after(first: Iterable[Action], then: Iterable[Action]) -> tuple[Action, ...]:
    """Make the actions that wait for none wait for all the first ones."""
    ids = tuple(action.id for action in first)
    return tuple(structs.replace(action, after=action.after or ids) for action in then)


def in_order(steps: Sequence[Action]) -> tuple[Action, ...]:
    """Make each step wait for the one before it."""
    following = (structs.replace(step, after=(before.id,)) for before, step in pairwise(steps))
    return (*steps[:1], *following)
