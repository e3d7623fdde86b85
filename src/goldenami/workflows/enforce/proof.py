"""The proof before every apply: what the groups and roles could do once everything is attached."""

from collections.abc import Iterable, Iterator

from msgspec import structs

from goldenami.domain.image import Image
from goldenami.errors import IncompleteError, RefusedError
from goldenami.iam.account import ADMINISTRATOR, Account, Group, Role, User
from goldenami.iam.evaluator.decide import Policies
from goldenami.iam.evaluator.request import SERVICE_LINKED_PATH, Principal
from goldenami.iam.profiles import Profile
from goldenami.iam.proof.cases import Cases
from goldenami.iam.proof.lookup import GoldenImage, ProofSetting
from goldenami.iam.proof.prove import Proof, ProofRow, ProofSubject, prove
from goldenami.iam.reach.search import assumable
from goldenami.iam.values import Values
from goldenami.spec.model import AllowedAmis, DeclarativePolicy, Enforce
from goldenami.workflows.enforce import pipeline_proof, scp_proof
from goldenami.workflows.enforce.interface import (
    Attachment,
    Enforcement,
    EnforcementProof,
    broken,
)

NOT_NEEDED = "golden-further"
"""Whether a group may use fleets and spot requests is its own matter."""

STAND_IN = "snap-golden"
_FOREIGN = frozenset({"foreign-image"})
_SHOWN = 3


def proved(
    prepared: Enforcement, enforce: Enforce, before: Account, cases: Cases, owners: Iterable[str]
) -> EnforcementProof:
    """Prove an enforcement under everybody's effective policies after the change.

    Args:
        prepared: what is about to be done.
        enforce: the release file's part.
        before: the account as it is.
        cases: what is tried.
        owners: the accounts that own golden images.

    Raises:
        RefusedError: there is nothing to prove it by.
        IncompleteError: a document that binds a group or a role could not be read.
    """
    hidden = EnforcementProof(failures=tuple(_hidden(enforce, before.id, owners)))
    if not prepared.policies:
        return hidden
    proofs = [hidden]
    for mechanism in prepared.policies:
        prover = MechanismProver(prepared, mechanism, before, cases, enforce)
        match mechanism:
            case "group_policy":
                proofs += [prover.group(name) for name in prover.named("group")]
            case "permissions_boundary":
                proofs += [prover.role(name) for name in prover.named("role-boundary")]
            case "scp":
                proofs += [
                    scp_proof.proved(prover, name, prepared.accounts.get(name))
                    for name in prover.named("organization-target")
                ]
    after = _after(before, prepared.attachments)
    bound = [attachment for attachment in prepared.attachments if attachment.document]
    roles = {policies.values.pipeline_role for policies in prepared.policies.values()}
    proofs += [pipeline_proof.proved(after, role, bound) for role in roles if role]
    proof = EnforcementProof.together(proofs)
    if not proof.rows:
        raise RefusedError("nobody would be bound, so nothing was proved")
    return proof


def subject(account: Account, kind: str, principal: User | Group | Role) -> ProofSubject:
    """Return a user, group or role of an account as whom a proof is about."""
    name = f"{kind} {principal.name}"
    return ProofSubject(name, account.principal(principal), account.policies_of(principal))


def setting(
    values: Values, profile: Profile, golden: Iterable[GoldenImage], groups: tuple[str, ...]
) -> ProofSetting:
    """Return where a proof takes place.

    Args:
        values: what the policies were rendered with.
        profile: the one they are of, whose tag counts if no other was chosen.
        golden: the golden images.
        groups: the groups that are guarded.
    """
    return ProofSetting(
        account=values.account,
        partition=values.partition,
        owners=values.golden_accounts,
        tag=values.tag or profile.tag,
        golden=tuple(golden),
        groups=groups,
        parameter=published(values),
        pipeline_role=values.pipeline_role or "",
    )


def golden_images(images: Iterable[Image]) -> tuple[GoldenImage, ...]:
    """Return real images as a proof sees them."""
    return tuple(
        GoldenImage(region=image.region, id=image.id, owner=image.owner, snapshots=image.snapshots)
        for image in images
    )


def published(values: Values) -> str:
    """Return a parameter that images are published as, one that is kept for the pipeline."""
    return values.parameters[-1].replace("*", "web-base")


def stand_in(owner: str, snapshots: tuple[str, ...], region: str = "us-east-1") -> GoldenImage:
    """Return an image that stands for golden ones that nobody could name."""
    return GoldenImage(region=region, id="ami-golden", owner=owner, snapshots=snapshots)


class MechanismProver:
    """The account after the change, and the proofs of everybody that a mechanism binds."""

    def __init__(
        self,
        prepared: Enforcement,
        mechanism: str,
        before: Account,
        cases: Cases,
        enforce: Enforce,
    ) -> None:
        self._has_settings = enforce.mechanisms.allowed_amis is not None
        self._before, self.after = before, _after(before, prepared.attachments)
        self.attachments = [
            attachment for attachment in prepared.attachments if attachment.document
        ]
        self.cases, self.policies = cases, prepared.policies[mechanism]
        foreign = tuple(case for case in cases.cases if case.topic in _FOREIGN)
        self._foreign = structs.replace(cases, cases=foreign)
        values, profile = self.policies.values, self.policies.profiles[0]
        golden = golden_images(prepared.golden) or (
            stand_in(values.golden_accounts[0], (STAND_IN,)),
        )
        self.setting = setting(values, profile, golden, tuple(self.named("group")))
        proven = {topic for link in self.policies.profiles for topic in link.proves}
        self.promises = proven - {NOT_NEEDED}
        self.pipeline = self._pipeline_subject(self.policies.values.pipeline_role)

    def named(self, holder: str) -> list[str]:
        """Return the holders of a kind that get something, each once."""
        names = (each.name for each in self.attachments if each.holder == holder)
        return list(dict.fromkeys(names))

    def group(self, name: str) -> EnforcementProof:
        """Prove a group by its own policies, and say which members are not bound by them.

        A member who cannot be judged is told of, and stops nothing.
        """
        group = self.after.groups[name]
        alone = self._prove(subject(self.after, "group", group), pipeline=True)
        members = self.after.members(name)
        failures, warnings = [], []
        others: dict[str, Proof] = {}
        for user in members:
            if _more(user, name):
                try:
                    others[user.name] = self._prove(subject(self.after, "user", user))
                except IncompleteError as error:
                    warnings.append(f"user {user.name} could not be judged: {error.message}")
        for row in alone.failed:
            if row.topic == "golden" and any(_all_golden(proof) for proof in others.values()):
                warnings.append(f"group {name} alone: {row.case}: {row.reason}")
            else:
                failures.append(broken(row))
        for proof in others.values():
            warnings += _by_further_policies(proof)
        warnings += self._removable(alone, name)
        warnings += self._assumable(name, members)
        return EnforcementProof(rows=alone.rows, failures=tuple(failures), warnings=tuple(warnings))

    def role(self, name: str) -> EnforcementProof:
        """Prove a role; a launch that was not possible before need not become so."""
        before = self._prove(subject(self._before, "role", self._before.roles[name]))
        impossible = {(row.case, row.image) for row in before.rows if row.decided == "denied"}
        proof = self._prove(subject(self.after, "role", self.after.roles[name]))
        failures = [
            row
            for row in proof.failed
            if row.expected == "denied" or (row.case, row.image) not in impossible
        ]
        return EnforcementProof(rows=proof.rows, failures=tuple(broken(row) for row in failures))

    def _prove(self, principal: ProofSubject, *, pipeline: bool = False) -> Proof:
        actor = self.pipeline if pipeline else None
        return prove((principal,), actor, self.cases, self.setting, self.promises)

    def _pipeline_subject(self, arn: str | None) -> ProofSubject | None:
        """The pipeline role may do what it has policies for; here it is only not to be denied."""
        if arn is None:
            return None
        levels = tuple(level.compiled for level in self.after.levels)
        boundary = None
        if role := self.after.roles.get(arn.rpartition("/")[2]):
            document = self.after.boundary_of(role)
            boundary = document.in_force if document else None
        policies = Policies(identity=(ADMINISTRATOR.compiled,), boundary=boundary, scps=levels)
        return ProofSubject("the pipeline role", Principal.from_arn(arn, session="proof"), policies)

    def _removable(self, alone: Proof, name: str) -> Iterator[str]:
        """Warn of members who can take the policies away again."""
        ways = [
            row
            for row in alone.open
            if row.topic == "guardrail" and (self._has_settings or not _about_settings(row))
        ]
        if ways:
            yield (
                f"group {name}: its members can take the policies away ({_several(ways)}): add "
                "enforce.mechanisms.guardrail_protection"
            )

    def _assumable(self, group: str, members: tuple[User, ...]) -> Iterator[str]:
        """Warn of roles that members can assume, and launch other images with."""
        for role in assumable(self.after, [self.after.groups[group], *members]):
            if self._exempt(role):
                continue
            try:
                principal = subject(self.after, "role", role)
                rows = prove((principal,), None, self._foreign, self.setting, _FOREIGN).rows
            except IncompleteError as error:
                yield f"role {role.name} could not be judged: {error.message}"
                continue
            if ways := [row for row in rows if row.decided == "allowed"]:
                yield (
                    f"role {role.name}: members of {group} can assume it, and it is not bound: "
                    f"{_several(ways)}: {ways[0].reason}"
                )
            yield from _unjudged(f"role {role.name}", rows)

    def _exempt(self, role: Role) -> bool:
        pipeline = self.pipeline.principal.arn if self.pipeline else ""
        return role.arn == pipeline or SERVICE_LINKED_PATH in role.arn


def _after(account: Account, attachments: Iterable[Attachment]) -> Account:
    """Return the account as it will be."""
    for attachment in attachments:
        name, policy, document = attachment.name, attachment.policy, attachment.document
        match attachment.holder:
            case "group":
                account = account.with_group_policy(name, policy, document)
            case "role-boundary":
                account = account.with_boundary(name, policy, document)
            case _:
                account = account.with_scp(name, policy, document)
    return account


def _about_settings(row: ProofRow) -> bool:
    """Tell whether a case is about Allowed AMIs, which may not be in use."""
    return row.decisions[0].request.action.startswith("ec2:")


def _more(user: User, group: str) -> bool:
    """Tell whether other policies than those of a group count for a user."""
    return bool(user.inline or user.managed or user.boundary or set(user.groups) - {group})


def _all_golden(proof: Proof) -> bool:
    return all(row.as_expected for row in proof.rows if row.topic == "golden")


def _by_further_policies(proof: Proof) -> Iterator[str]:
    for decided, verb in (("denied", "cannot"), ("allowed", "walks around it:")):
        rows = [row for row in proof.failed if row.decided == decided]
        if rows:
            yield f"{rows[0].subject} {verb} {_several(rows)}: {rows[0].reason}"
    yield from _unjudged(proof.rows[0].subject, proof.failed)


def _unjudged(name: str, rows: Iterable[ProofRow]) -> Iterator[str]:
    """Say which cases hang on what nobody knows."""
    if unknown := [row for row in rows if row.decided == "unknown"]:
        yield f"{name} could not be judged: {_several(unknown)}: {unknown[0].reason}"


def _several(rows: list[ProofRow]) -> str:
    named = list(dict.fromkeys(row.case for row in rows))
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def _hidden(enforce: Enforce, account: str, owners: Iterable[str]) -> Iterator[str]:
    """Say which golden images the Allowed AMIs criteria would hide from their own users."""
    used = enforce.mechanisms
    settings: tuple[tuple[str, AllowedAmis | DeclarativePolicy | None], ...] = (
        ("allowed_amis", used.allowed_amis),
        ("declarative_policy", used.declarative_policy),
    )
    for name, criteria in settings:
        missing = set(owners) - {account} - set(criteria.providers if criteria else ())
        if criteria and criteria.providers and missing:
            yield (
                f"{name}: golden images of {', '.join(sorted(missing))} would be refused: add them "
                "to its providers"
            )
