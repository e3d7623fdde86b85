"""Decides a request: the layers of policies, combined as AWS combines them.

An explicit deny in any layer wins. Otherwise every layer that there is has to allow. A statement
may be unknown: it counts only if the outcome hangs on it, and then the outcome is unknown.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Self

from msgspec import Struct

from goldenami.errors import UndecidableError
from goldenami.iam.evaluator.context import Context, visible
from goldenami.iam.evaluator.document import Applies, Policy, everything
from goldenami.iam.evaluator.request import Request


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


Bearing = tuple[Applies, Matched]
"""Of a statement about an action: whether it applies, and how it is named if it does."""


class RequiredLayer(Struct, frozen=True):
    """A layer that has to allow an action: by what it can, and what is said if it does not."""

    layer: Layer
    allows: tuple[Bearing, ...]
    missing: str

    @property
    def always_allows(self) -> bool:
        """Whether it need not be asked; identity policies are, for which of them allow."""
        whatever = any(applies is everything for applies, _ in self.allows)
        return whatever and self.layer is not Layer.IDENTITY


class ActionBearings(Struct, frozen=True):
    """What bears on one action: the Denies of all layers, in the order in which they are named."""

    denies: tuple[Bearing, ...]
    required: tuple[RequiredLayer, ...]


class Policies(Struct, frozen=True, kw_only=True, dict=True):
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

    def bearing_on(self, action: str, *, scps: bool) -> ActionBearings:
        """Return what bears on an action, in any case; looked for once.

        Args:
            action: the action.
            scps: whether service control policies bind who asks.
        """
        known = self._bearings[scps]
        if action not in known:
            known[action] = _bearings(self, self.scps if scps else (), action.lower())
        return known[action]

    @cached_property
    def _bearings(self) -> tuple[dict[str, ActionBearings], dict[str, ActionBearings]]:
        return {}, {}


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
    bearing = policies.bearing_on(request.action, scps=request.principal.bound_by_scps)
    resource, context = request.resource, visible(request)
    denies, doubts = _applying(bearing.denies, resource, context)
    if denies:
        return Decision(request, Outcome.EXPLICIT_DENY, denies[0].layer, tuple(denies))
    granted: list[Matched] = []
    unsure: list[Doubt] = []
    for required in bearing.required:
        allows, may_allow = _applying(required.allows, resource, context)
        if not allows:
            if not may_allow:
                return Decision(
                    request,
                    Outcome.IMPLICIT_DENY,
                    required.layer,
                    missing=required.missing,
                    doubts=tuple(doubts),
                )
            unsure += may_allow
        if required.layer is Layer.IDENTITY:
            granted = allows
    if doubts or unsure:
        first, *_ = doubts = [*doubts, *unsure]
        return Decision(request, Outcome.UNKNOWN, first.matched.layer, doubts=tuple(doubts))
    return Decision(request, Outcome.ALLOWED, Layer.IDENTITY, tuple(granted))


def _applying(
    bearings: tuple[Bearing, ...], resource: str, context: Context
) -> tuple[list[Matched], list[Doubt]]:
    """Return the statements that apply, and those that may."""
    certain: list[Matched] = []
    doubts: list[Doubt] = []
    for applies, matched in bearings:
        truth = applies(resource, context)
        if truth is True:
            certain.append(matched)
        elif truth is not False:
            doubts.append(Doubt(matched, truth.why))
    return certain, doubts


def _bearings(policies: Policies, scps: tuple[Level, ...], action: str) -> ActionBearings:
    """Look for what bears on an action."""
    layers = [
        (Layer.IDENTITY, policies.identity),
        (Layer.BOUNDARY, (policies.boundary,) if policies.boundary else ()),
        *((Layer.SCP, level.policies) for level in scps),
        (Layer.SESSION, policies.session or ()),
    ]
    denies = (_of_layer(*each, action, allows=False) for each in layers)
    required = (
        RequiredLayer(layer, tuple(_of_layer(layer, several, action, allows=True)), missing)
        for layer, several, missing in _required(policies, scps)
    )
    return ActionBearings(
        denies=tuple(chain.from_iterable(denies)),
        required=tuple(each for each in required if not each.always_allows),
    )


def _of_layer(
    layer: Layer, policies: Iterable[Policy], action: str, *, allows: bool
) -> Iterator[Bearing]:
    for policy in policies:
        for statement in policy.effects(action)[allows]:
            yield statement.holds, Matched(layer, policy.name, statement.name)


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
