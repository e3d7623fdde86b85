"""The proof before every apply: what the groups and roles could do once everything is attached."""

from collections.abc import Iterable, Iterator

from msgspec import structs

from goldenami.domain import arns
from goldenami.errors import IncompleteError, RefusedError
from goldenami.iam.account import ADMINISTRATOR, Account, Group, Role, User
from goldenami.iam.evaluator.decide import Level, Policies
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import SERVICE_LINKED_PATH, Principal
from goldenami.iam.profiles import Profile
from goldenami.iam.proof.cases import Cases
from goldenami.iam.proof.lookup import GoldenImage, ProofSetting
from goldenami.iam.proof.prove import Proof, ProofRow, ProofSubject, prove
from goldenami.iam.reach.search import assumable
from goldenami.iam.values import Values
from goldenami.spec.enforcement import Enforce
from goldenami.workflows.enforce import pipeline_proof, rendering
from goldenami.workflows.enforce.interface import (
    Attachment,
    Enforcement,
    EnforcementProof,
)

NOT_NEEDED = "golden-further"
"""Whether a group may use fleets and spot requests is its own matter."""

PIPELINE = "the pipeline role"
STAND_IN = "snap-golden"
SOME_OTHER = "000000000000"
"""Stands for an account that is not known: it owns no golden image."""
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
    after = _after(before, prepared.attachments)
    for mechanism in prepared.policies:
        prover = _Prover(prepared, mechanism, before, after, cases, enforce)
        match mechanism:
            case "group_policy":
                proofs += map(prover.group, prover.named("group"))
            case "permissions_boundary":
                proofs += map(prover.role, prover.named("role-boundary"))
            case "scp":
                proofs += map(prover.target, prover.named("organization-target"))
    bound = [attachment for attachment in prepared.attachments if attachment.document]
    roles = {policies.values.pipeline_role for policies in prepared.policies.values()}
    proofs += [pipeline_proof.proved(after, role, bound) for role in roles if role]
    rows = tuple(row for proof in proofs for row in proof.rows)
    if not rows:
        raise RefusedError("nobody would be bound, so nothing was proved")
    return EnforcementProof(
        rows=rows,
        failures=tuple(dict.fromkeys(text for proof in proofs for text in proof.failures)),
        warnings=tuple(dict.fromkeys(text for proof in proofs for text in proof.warnings)),
    )


def subject(account: Account, kind: str, principal: User | Group | Role) -> ProofSubject:
    """Return a user, group or role of an account as whom a proof is about."""
    name = f"{kind} {principal.name}"
    return ProofSubject(name, account.principal(principal), account.policies_of(principal))


def pipeline(arn: str | None, policies: Policies) -> ProofSubject | None:
    """Return the pipeline role with these policies, or None if there is none."""
    if arn is None:
        return None
    return ProofSubject(PIPELINE, Principal.from_arn(arn, session="proof"), policies)


def setting(
    values: Values, profile: Profile, golden: tuple[GoldenImage, ...], groups: tuple[str, ...]
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
        golden=golden,
        groups=groups,
        parameter=values.parameters[-1].replace("*", "web-base"),  # one kept for the pipeline
        pipeline_role=values.pipeline_role or "",
    )


def stand_in(owner: str, snapshots: tuple[str, ...], region: str = "us-east-1") -> GoldenImage:
    """Return an image that stands for golden ones that nobody could name."""
    return GoldenImage(region=region, id="ami-golden", owner=owner, snapshots=snapshots)


class _Prover:
    """The account after the change, and the proofs of everybody that a mechanism binds."""

    def __init__(
        self,
        prepared: Enforcement,
        mechanism: str,
        before: Account,
        after: Account,
        cases: Cases,
        enforce: Enforce,
    ) -> None:
        self._has_settings = enforce.mechanisms.allowed_amis is not None
        self._before, self._after, self._accounts = before, after, prepared.accounts
        self._attachments = [each for each in prepared.attachments if each.document]
        self._cases, policies = cases, prepared.policies[mechanism]
        foreign = tuple(case for case in cases.cases if case.topic in _FOREIGN)
        self._foreign = structs.replace(cases, cases=foreign)
        values, self._profile = policies.values, policies.profiles[0]
        golden = prepared.golden or (stand_in(values.golden_accounts[0], (STAND_IN,)),)
        self._setting = setting(values, self._profile, golden, tuple(self.named("group")))
        proven = {topic for link in policies.profiles for topic in link.proves}
        self._promises = proven - {NOT_NEEDED}
        role = values.pipeline_role
        self._pipeline = pipeline(role, self._pipeline_policies(role or ""))

    def named(self, holder: str) -> list[str]:
        """Return the holders of a kind that get something, each once."""
        names = (each.name for each in self._attachments if each.holder == holder)
        return list(dict.fromkeys(names))

    def group(self, name: str) -> EnforcementProof:
        """Prove a group by its own policies, and say which members are not bound by them.

        A member who cannot be judged is told of, and stops nothing.
        """
        group = self._after.groups[name]
        alone = self._prove(subject(self._after, "group", group), pipeline=True)
        members = self._after.members(name)
        failures, warnings = [], []
        others: dict[str, Proof] = {}
        for user in members:
            if _more(user, name):
                try:
                    others[user.name] = self._prove(subject(self._after, "user", user))
                except IncompleteError as error:
                    warnings.append(f"user {user.name} could not be judged: {error.message}")
        able = any(
            all(row.as_expected for row in proof.rows if row.topic == "golden")
            for proof in others.values()
        )
        for row in alone.failed:
            if row.topic == "golden" and able:
                warnings.append(f"group {name} alone: {row.case}: {row.reason}")
            else:
                failures.append(_broken(row))
        for proof in others.values():
            warnings += _by_further_policies(proof)
        warnings += self._removable(alone, name)
        warnings += self._assumable(name, members)
        return EnforcementProof(rows=alone.rows, failures=tuple(failures), warnings=tuple(warnings))

    def role(self, name: str) -> EnforcementProof:
        """Prove a role; a launch that was not possible before need not become so."""
        before = self._prove(subject(self._before, "role", self._before.roles[name]))
        impossible = {(row.case, row.image) for row in before.rows if row.decided == "denied"}
        proof = self._prove(subject(self._after, "role", self._after.roles[name]))
        failures = [
            row
            for row in proof.failed
            if row.expected == "denied" or (row.case, row.image) not in impossible
        ]
        return EnforcementProof(rows=proof.rows, failures=tuple(map(_broken, failures)))

    def target(self, name: str) -> EnforcementProof:
        """Prove the policies of a root, a unit or an account, once for each kind of account there.

        An account sees the tags of its own images alone. So where there are other accounts than
        those that own golden images, golden launches have to be possible with images without any
        tags.
        """
        accounts = self._accounts.get(name)  # None if they could not be read
        failures = []
        if accounts is None and rendering.tests_tags(self._profile):
            failures.append(
                f"scp: which accounts are under {name} could not be read (organizations:"
                "DescribeOrganization, ListAccountsForParent, ListOrganizationalUnitsForParent), "
                f"and in any but the golden accounts `{self._profile.name}` denies every golden "
                "launch"
            )
        proofs = [self._seen_from(name, account) for account in self._viewpoints(accounts or ())]
        warnings = []
        if self._after.manages_organization:
            warnings.append(
                f"this account manages the organization: policies of {name} do not bind it"
            )
        return EnforcementProof(
            rows=tuple(row for proof in proofs for row in proof.rows),
            failures=(*failures, *(_broken(row) for proof in proofs for row in proof.failed)),
            warnings=tuple(warnings),
        )

    def _viewpoints(self, accounts: tuple[str, ...]) -> Iterator[str]:
        """Yield an account of each kind: one that bakes, and one that owns no golden image."""
        home = self._after.id
        others = [each for each in accounts if each not in (home, *self._setting.owners)]
        if home in accounts:
            yield home
        if others:
            yield others[0]
        elif home not in accounts:
            sees = rendering.tests_tags(self._profile)
            yield home if sees else next(iter(accounts), SOME_OTHER)

    def _seen_from(self, target: str, account: str) -> Proof:
        """Prove a target's policies for an administrator of one account under it."""
        documents = (
            compile_policy(attachment.policy, attachment.document or {})
            for attachment in self._attachments
            if attachment.name == target
        )
        level = Level(target, (ADMINISTRATOR.compiled, *documents))
        policies = Policies(identity=(ADMINISTRATOR.compiled,), scps=(level,))
        home, pipeline = account == self._after.id, None
        if home and self._pipeline:
            pipeline = structs.replace(self._pipeline, policies=policies)
        name = f"an administrator under {target}{'' if home else f' in account {account}'}"
        arn = arns.iam_arn(self._after.partition, account, "user", "administrator")
        setting = structs.replace(self._setting, account=account)
        administrator = ProofSubject(name, Principal.from_arn(arn), policies)
        return prove((administrator,), pipeline, self._cases, setting, self._promises)

    def _prove(self, principal: ProofSubject, *, pipeline: bool = False) -> Proof:
        actor = self._pipeline if pipeline else None
        return prove((principal,), actor, self._cases, self._setting, self._promises)

    def _pipeline_policies(self, arn: str) -> Policies:
        """The pipeline role may do what it has policies for; here it is only not to be denied."""
        levels = tuple(level.compiled for level in self._after.levels)
        role = self._after.roles.get(arn.rpartition("/")[2])
        document = self._after.boundary_of(role) if role else None
        boundary = document.in_force if document else None
        return Policies(identity=(ADMINISTRATOR.compiled,), boundary=boundary, scps=levels)

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
        exempt = self._pipeline.principal.arn if self._pipeline else ""
        for role in assumable(self._after, [self._after.groups[group], *members]):
            if role.arn == exempt or SERVICE_LINKED_PATH in role.arn:
                continue
            try:
                principal = subject(self._after, "role", role)
                rows = prove((principal,), None, self._foreign, self._setting, _FOREIGN).rows
            except IncompleteError as error:
                yield f"role {role.name} could not be judged: {error.message}"
                continue
            if ways := [row for row in rows if row.decided == "allowed"]:
                yield (
                    f"role {role.name}: members of {group} can assume it, and it is not bound: "
                    f"{_several(ways)}: {ways[0].reason}"
                )
            yield from _unjudged(f"role {role.name}", rows)


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


def _broken(row: ProofRow) -> str:
    """Say how a case should have been decided, and why it was not."""
    where = f" ({row.image} in {row.region})" if row.image else ""
    what = f"{row.subject}: {row.case}{where} should be {row.expected}"
    if row.decided == "unknown":
        return f"{what}, and that is {row.reason}"
    return f"{what} and is {row.decided}: {row.reason}"


def _about_settings(row: ProofRow) -> bool:
    """Tell whether a case is about Allowed AMIs, which may not be in use."""
    return row.decisions[0].request.action.startswith("ec2:")


def _more(user: User, group: str) -> bool:
    """Tell whether other policies than those of a group count for a user."""
    return bool(user.inline or user.managed or user.boundary or set(user.groups) - {group})


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
    for name, criteria in (
        ("allowed_amis", used.allowed_amis),
        ("declarative_policy", used.declarative_policy),
    ):
        providers = criteria.providers if criteria else ()
        if providers and (missing := set(owners) - {account, *providers}):
            yield (
                f"{name}: golden images of {', '.join(sorted(missing))} would be refused: add them "
                "to its providers"
            )
