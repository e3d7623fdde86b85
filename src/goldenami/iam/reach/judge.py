"""Who may do what, by everything that binds them: certainly, possibly, or not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial

from msgspec import Struct
from msgspec.structs import replace

from goldenami.errors import PolicyError
from goldenami.iam.account import ADMINISTRATOR, Account, Identity, NamedDocument, Role
from goldenami.iam.authorization.resources import (
    PERMISSIONS_BOUNDARY,
    RESOURCE_TAG,
    resource_tags,
    tag_family,
)
from goldenami.iam.evaluator.context import Context
from goldenami.iam.evaluator.decide import Decision, Level, Outcome, Policies, decide
from goldenami.iam.evaluator.document import Policy
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.evaluator.text import PolicyText, Resolved, Test, like
from goldenami.iam.reach.clauses import Clause, ReachCall, Reading, clauses_of, read
from goldenami.iam.reach.trust import ASSUME, RoleTrust
from goldenami.iam.reference import table

ANY = "*"
"""In the place of a resource: any one will do."""

ReachContext = Mapping[str, Value | None]

_OF_PRINCIPAL = frozenset({
    "aws:principalarn", "aws:principalaccount", "aws:principalisawsservice",
    "aws:principalservicename", "aws:principalservicenameslist", "aws:principaltag/",
    "aws:principaltype", "aws:userid", "aws:username",
})  # fmt: skip
"""Condition keys that say who asks, whatever they do; one that has no value here is absent."""


class Actor:
    """Somebody in the account: a user, a role, or a group as whoever is in it.

    Args:
        account: their account.
        holder: the user, group or role.
        raised: with any policy that they gave themselves beside their own.

    Raises:
        IncompleteError: a document that binds them is not known.
        PolicyError: one of them, or a role's trust policy, is no policy document.
    """

    def __init__(self, account: Account, holder: Identity, *, raised: bool = False) -> None:
        self.holder, self.raised = holder, raised
        self.kind = holder.kind
        self.principal = account.principal(holder)
        own = account.documents_of(holder)
        self.documents = (*own, ADMINISTRATOR) if raised else own
        self.boundary = account.boundary_of(holder)
        self.context = context_of(account, holder)
        self.bounded = bounded_context_of(account, holder)
        self.trust = RoleTrust(holder) if isinstance(holder, Role) else None
        for document in (*self.documents, *((self.boundary,) if self.boundary else ())):
            clauses_of(document)  # raises here, and never later

    @property
    def name(self) -> str:
        """The kind and the name, as people say it."""
        suffix = " with policies of its own making" if self.raised else ""
        return f"{self.kind} {self.holder.name}{suffix}"


def context_of(account: Account, holder: Identity) -> ReachContext:
    """Return what is known of somebody as a resource: their account, and all their tags."""
    families = dict.fromkeys((RESOURCE_TAG, tag_family("iam")))
    return {"aws:ResourceAccount": account.id, **families, **resource_tags(holder.tags, "iam")}


def bounded_context_of(account: Account, holder: Identity) -> ReachContext:
    """Return what is known of somebody as a resource to calls that test their boundary, too."""
    return {**context_of(account, holder), PERMISSIONS_BOUNDARY: holder.boundary}


class ReachRequest(Struct, frozen=True):
    """What somebody would do.

    Args:
        action: ``service:Action``.
        resource: an ARN, or `ANY`.
        context: the condition keys of the request and the resource that are known; None of
            one that is absent, a family (``aws:ResourceTag/``) if all others of it are.
    """

    action: str
    resource: str = ANY
    context: ReachContext = {}


class ReachJudge:
    """Decides requests of one account's principals, and counts how often.

    Args:
        account: the account.
        limit: after how many decisions nothing more is decided.
    """

    def __init__(self, account: Account, limit: int) -> None:
        self.account, self._limit, self.decisions = account, limit, 0
        self._readings: dict[tuple[NamedDocument, str], Reading] = {}
        self._touches = cache(_touching)
        self._chances: dict[tuple[Actor, tuple[str, ...]], bool] = {}

    @property
    def exhausted(self) -> bool:
        """Whether nothing more is decided."""
        return self.decisions >= self._limit

    def may(self, actor: Actor, request: ReachRequest) -> ReachCall | None:
        """Tell whether somebody may do something; None if not."""
        if not self._touches(actor, request.action)(request.resource):
            return None
        return self._decided(actor, request, self._layers(actor, request))

    def has_chance(self, actor: Actor, calls: tuple[str, ...]) -> bool:
        """Tell quickly whether anything allows somebody any of these calls on anything."""
        key = (actor, calls)
        if key not in self._chances:
            self._chances[key] = any(self._touches(actor, call)(ANY) for call in calls)
        return self._chances[key]

    def assumes(self, actor: Actor, trust: RoleTrust, request: ReachRequest) -> ReachCall | None:
        """Tell whether somebody may assume a role; None if not.

        Whom the trust names needs no permission of their own, and a user's boundary need not allow
        it either. For whom it names by their account, their own policies have to allow it.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html

        Args:
            actor: who.
            trust: the role's trust policy.
            request: ``sts:AssumeRole`` of the role.
        """
        own = trust.may_name_account(actor.principal) and self._touches(actor, ASSUME)(
            request.resource
        )
        if not own and not trust.may_name(actor.principal):
            return None
        by_name, every = trust.naming(actor.principal)
        named, whole = (self._reading("trust", clauses, request) for clauses in (by_name, every))
        layers, call = self._layers(actor, request), None
        if any(statement.allows for statement in named.lenient.statements):
            boundary = layers.boundary
            if boundary and actor.kind == "user":
                boundary = _widened(boundary)
            instead = replace(layers, identity=(*layers.identity, named), boundary=boundary)
            call = self._decided(actor, request, instead)
        if call is None and own:
            call = self._decided(actor, request, replace(layers, session=whole))
        return call

    def _decided(self, actor: Actor, request: ReachRequest, layers: "_Layers") -> ReachCall | None:
        if self.exhausted:
            return None
        known = {name: value for name, value in request.context.items() if value is not None}
        tried = Request(
            principal=actor.principal,
            action=request.action,
            resource=request.resource,
            context=known,
        )
        strict = self._decision(layers.policies(lambda reading: reading.strict), tried)
        if strict.outcome is Outcome.ALLOWED:
            return ReachCall(request.action)
        if strict.outcome is not Outcome.UNKNOWN and not layers.depends:
            return None
        lenient = self._decision(layers.policies(lambda reading: reading.lenient), tried)
        if lenient.outcome not in (Outcome.ALLOWED, Outcome.UNKNOWN):
            return None
        return ReachCall(request.action, _relevant(layers.depends, strict, lenient))

    def _decision(self, policies: Policies, request: Request) -> Decision:
        self.decisions += 1
        return decide(policies, request)

    def _layers(self, actor: Actor, request: ReachRequest) -> "_Layers":
        def reading_of(document: NamedDocument) -> Reading:
            key = (document, request.action)
            if key not in self._readings:
                self._readings[key] = self._reading(document.name, clauses_of(document), request)
            return self._readings[key]

        return _Layers(
            identity=tuple(map(reading_of, actor.documents)),
            boundary=reading_of(actor.boundary) if actor.boundary else None,
            levels=tuple(
                (level.name, tuple(map(reading_of, level.policies)))
                for level in self.account.levels
            ),
        )

    def _reading(self, name: str, clauses: Iterable[Clause], request: ReachRequest) -> Reading:
        decided = partial(_is_decided, request, bool(self.account.organization))
        about = (clause for clause in clauses if clause.about(request.action))
        return read(name, about, decided, anywhere=request.resource == ANY)


class _Layers(Struct, frozen=True, kw_only=True):
    """What binds somebody, read for one action."""

    identity: tuple[Reading, ...]
    boundary: Reading | None = None
    levels: tuple[tuple[str, tuple[Reading, ...]], ...] = ()
    session: Reading | None = None

    @property
    def depends(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """On what statements depend, by the names of policy and statement."""
        levels = (reading for _, readings in self.levels for reading in readings)
        every = (*self.identity, *levels, self.boundary, self.session)
        return dict(pair for reading in every if reading for pair in reading.depends.items())

    def policies(self, side: Callable[[Reading], Policy]) -> Policies:
        """Return one side of every reading."""
        return Policies(
            identity=tuple(map(side, self.identity)),
            boundary=side(self.boundary) if self.boundary else None,
            scps=tuple(Level(name, tuple(map(side, readings))) for name, readings in self.levels),
            session=(side(self.session),) if self.session else None,
        )


def _relevant(
    depends: Mapping[tuple[str, str], tuple[str, ...]], strict: Decision, lenient: Decision
) -> tuple[str, ...]:
    """Return on what it depends: what denies in one reading, and what allows in the other."""
    doubts = lenient.doubts
    matched = {
        (statement.policy, statement.statement)
        for statement in (*strict.matched, *lenient.matched, *(doubt.matched for doubt in doubts))
    }
    texts = [text for key in depends if key in matched for text in depends[key]]
    texts += [f"({doubt.why})" for doubt in doubts]
    every = [text for texts_of in depends.values() for text in texts_of]
    return tuple(dict.fromkeys(texts or every))


def _widened(boundary: Reading) -> Reading:
    """Return a boundary that only denies: what it does not allow does not matter."""
    everything = ADMINISTRATOR.compiled.statements
    strict, lenient = (
        Policy(policy.name, (*policy.statements, *everything))
        for policy in (boundary.strict, boundary.lenient)
    )
    return replace(boundary, strict=strict, lenient=lenient)


def _is_decided(request: ReachRequest, organization: bool, key: str) -> bool:
    """Tell whether a condition key's value does not depend on how somebody asks.

    It does not if it says who asks, if it is known, or if it does not exist for the action. What is
    known and does not exist in the reference may exist all the same.
    """
    names = {key, key[: key.find("/") + 1]}
    if key == "aws:principalorgid":
        return organization
    exist = table.keys(request.action, request.resource)
    if names & _OF_PRINCIPAL or exist is None or request.resource == ANY:
        return bool(names & _OF_PRINCIPAL)
    known = {name.lower() for name in request.context}
    return bool(names & known) == bool(names & exist)


def _patterns(actor: Actor, action: str) -> Iterator[Resolved | None]:
    """Yield the resources of every Allow of somebody; None for what only a decision can tell."""
    keys = Context(principal=actor.principal.keys_in_lower_case)
    for document in actor.documents:
        for clause in clauses_of(document):
            if clause.allows and clause.about(action):
                texts = clause.raw.get("Resource")
                for text in texts if isinstance(texts, list) else [texts]:
                    yield _resolved(text, keys)


def _touching(actor: Actor, action: str) -> Test:
    """Return a quick test of a resource: whether an Allow of somebody could be about it."""
    patterns = [*_patterns(actor, action)]
    if None in patterns:
        return lambda _: True
    test = like([pattern for pattern in patterns if pattern is not None])
    return lambda resource: bool(patterns) if resource == ANY else test(resource)


def _resolved(text: object, keys: Context) -> Resolved | None:
    try:
        filled = PolicyText.parse(str(text), variables=True).filled(keys) if text else None
    except PolicyError:
        return None
    return filled if isinstance(filled, tuple) else None
