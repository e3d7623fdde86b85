"""Decides a request: the layers of policies, combined as AWS combines them.

An explicit deny in any layer wins. Otherwise every layer that there is has to allow. A statement
may be unknown: it counts only if the outcome hangs on it, and then the outcome is unknown.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache, partial
from typing import Self

from msgspec import Struct

from goldenami.errors import UndecidableError
from goldenami.iam.evaluator.context import Context
from goldenami.iam.evaluator.document import Policy
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table


class Layer(StrEnum):
    """A kind of policy that a request has to pass."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SCP = "service control policy"
    SESSION = "session policy"


class Outcome(StrEnum):
    """How a request is decided."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitly denied"
    EXPLICIT_DENY = "explicitly denied"
    UNKNOWN = "unknown"


class Matched(Struct, frozen=True):
    """A statement that decided: its layer, its policy's name, its Sid or place (``#2``)."""

    layer: Layer
    policy: str
    statement: str

    def __str__(self) -> str:
        return f"{self.statement} of {self.policy} ({self.layer})"


class Doubt(Struct, frozen=True):
    """A statement of which nobody knows whether it applies, and why."""

    matched: Matched
    why: str

    def __str__(self) -> str:
        return f"{self.matched}: {self.why}"


class Level(Struct, frozen=True):
    """The service control policies attached to one root, organizational unit or account."""

    name: str
    policies: tuple[Policy, ...]


class Policies(Struct, frozen=True, kw_only=True):
    """Every policy that a principal is subject to.

    Args:
        identity: those attached to the user or role, and to the user's groups.
        boundary: the permissions boundary; None if there is none.
        scps: from the organization's root down to the account; empty without an organization.
        session: those passed when the session began; None if none was passed.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    scps: tuple[Level, ...] = ()
    session: tuple[Policy, ...] | None = None


class Decision(Struct, frozen=True):
    """How one request was decided, and by what.

    Args:
        request: what was asked.
        outcome: the decision.
        layer: the layer that decided.
        matched: the statements that decided: every matching Deny, or the Allows of the identity
            policies; none for an implicit deny.
        missing: for an implicit deny, which policies would have had to allow.
        doubts: what the outcome hangs on if it is unknown; for an implicit deny, what may turn it
            into an explicit one.
    """

    request: Request
    outcome: Outcome
    layer: Layer
    matched: tuple[Matched, ...] = ()
    missing: str = ""
    doubts: tuple[Doubt, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request is surely allowed."""
        return self.outcome is Outcome.ALLOWED

    @property
    def reason(self) -> str:
        """Say in a sentence what decided."""
        if self.missing:
            action, resource = self.request.action, self.request.resource
            return f"{self.outcome}: {self.missing} allows {action} on {resource}"
        if self.outcome is Outcome.UNKNOWN:
            return f"{self.outcome}: {_first(self.doubts)}"
        return f"{self.outcome} by {_first(self.matched)}"

    def certain(self) -> Self:
        """Return the decision, for a caller who has to act upon it.

        Raises:
            UndecidableError: it is unknown, or which kind of deny it is.
        """
        if self.doubts:
            raise UndecidableError(f"unknown: {_first(self.doubts)}")
        return self


def _first(statements: Sequence[Matched] | Sequence[Doubt]) -> str:
    more = f", and {len(statements) - 1} more" if len(statements) > 1 else ""
    return f"{statements[0]}{more}"


class Verdict(Struct, frozen=True):
    """How a call was decided: one decision for each of its requests."""

    decisions: tuple[Decision, ...]

    @property
    def allowed(self) -> bool:
        """Whether every request of the call is surely allowed."""
        return all(decision.allowed for decision in self.decisions)

    @property
    def unknown(self) -> bool:
        """Whether nobody knows: no request is surely denied, and not all are surely allowed."""
        return self.deciding.outcome is Outcome.UNKNOWN

    @property
    def deciding(self) -> Decision:
        """The decision that decided the call: a deny, what is unknown, or else the first."""
        order = (
            Outcome.EXPLICIT_DENY,
            Outcome.IMPLICIT_DENY,
            Outcome.UNKNOWN,
            Outcome.ALLOWED,
        )
        return min(self.decisions, key=lambda decision: order.index(decision.outcome))


def decide_all(policies: Policies, requests: Iterable[Request]) -> Verdict:
    """Decide every request of a call.

    Raises:
        UndecidableError: there is no request, so that nothing would be proved.
    """
    decisions = tuple(decide(policies, request) for request in requests)
    if not decisions:
        raise UndecidableError("a call without a request cannot be decided")
    return Verdict(decisions)


def decide(policies: Policies, request: Request) -> Decision:
    """Decide one request."""
    applying = partial(_applying, request.action.lower(), request.resource, visible(request))
    scps = policies.scps if request.principal.bound_by_scps else ()
    denies, doubts = applying(_layers(policies, scps), allows=False)
    if denies:
        return Decision(request, Outcome.EXPLICIT_DENY, denies[0].layer, tuple(denies))
    unsure: list[Doubt] = []
    granted: list[Matched] = []
    for layer, policies_of_layer, missing in _required(policies, scps):
        allows, may_allow = applying([(layer, policies_of_layer)], allows=True)
        if not allows and not may_allow:
            return Decision(
                request, Outcome.IMPLICIT_DENY, layer, missing=missing, doubts=tuple(doubts)
            )
        if not allows:
            unsure += may_allow
        if layer is Layer.IDENTITY:
            granted = allows
    if doubts or unsure:
        first, *_ = doubts = [*doubts, *unsure]
        return Decision(request, Outcome.UNKNOWN, first.matched.layer, doubts=tuple(doubts))
    return Decision(request, Outcome.ALLOWED, Layer.IDENTITY, tuple(granted))


def visible(request: Request) -> Context:
    """Return the request's context as policies see it: what exists for the action and resource.

    Keys are in lower case. A key that is there in two cases (tags ``Name`` and ``name``) has both
    values, since AWS does not say which one counts.
    """
    exist = table.keys(request.action, request.resource)
    context = Context()
    for name, value in request.context.items():
        key = name.lower()
        if exist is None or key in exist or key[: key.find("/") + 1] in exist:
            context[key] = _joined(context[key], value) if key in context else value
    context.update({name.lower(): value for name, value in request.principal.keys.items()})
    service = request.action.partition(":")[0].lower()
    context.unknown = _unknown(service, request.principal.unknown)
    return context


@lru_cache(maxsize=1024)
def _unknown(service: str, by_principal: frozenset[str]) -> frozenset[str]:
    """Return what may have a value: also keys of the service, or global ones, that are new."""
    new = {"aws:", f"{service}:"} if service in table.services() else {"aws:"}
    return by_principal | new


def _joined(first: Value, second: Value) -> Value:
    if first == second:
        return first
    texts = ((value,) if isinstance(value, str) else value for value in (first, second))
    return tuple(text for several in texts for text in several)


def _applying(
    action: str,
    resource: str,
    context: Context,
    layers: Iterable[tuple[Layer, Iterable[Policy]]],
    *,
    allows: bool,
) -> tuple[list[Matched], list[Doubt]]:
    """Return the statements of one effect that apply, and those that may."""
    certain: list[Matched] = []
    doubts: list[Doubt] = []
    for layer, policies in layers:
        for policy in policies:
            for statement in policy.effects(action)[allows]:
                truth = statement.holds(resource, context)
                if truth is False:
                    continue
                matched = Matched(layer, policy.name, statement.name)
                if truth is True:
                    certain.append(matched)
                else:
                    doubts.append(Doubt(matched, truth.why))
    return certain, doubts


def _layers(
    policies: Policies, scps: tuple[Level, ...]
) -> Iterator[tuple[Layer, Iterable[Policy]]]:
    """Yield all layers, in the order in which their Denies are named."""
    yield Layer.IDENTITY, policies.identity
    yield Layer.BOUNDARY, (policies.boundary,) if policies.boundary else ()
    for level in scps:
        yield Layer.SCP, level.policies
    yield Layer.SESSION, policies.session or ()


def _required(
    policies: Policies, scps: tuple[Level, ...]
) -> Iterator[tuple[Layer, Iterable[Policy], str]]:
    """Yield the layers that have to allow, each with who is to blame if it does not."""
    for level in scps:
        yield Layer.SCP, level.policies, f"no service control policy of {level.name}"
    yield Layer.IDENTITY, policies.identity, "no identity-based policy"
    if boundary := policies.boundary:
        missing = f"nothing in the permissions boundary {boundary.name}"
        yield Layer.BOUNDARY, (boundary,), missing
    if policies.session is not None:
        yield Layer.SESSION, policies.session, "no session policy"
