"""Decides a request: the layers of policies, combined as AWS combines them.

An explicit deny in any layer wins. Otherwise every layer that there is has to allow. A statement
may be unknown: it counts only if the outcome hangs on it, and then the outcome is unknown.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Self

from msgspec import Struct

from goldenami.errors import UndecidableError
from goldenami.iam.evaluator.conditions import Condition
from goldenami.iam.evaluator.context import Context, visible
from goldenami.iam.evaluator.document import Policy, everything
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


# Python 3.11 takes as long to look up an enum's member as a condition takes.
_IDENTITY = Layer.IDENTITY
_ALLOWED, _IMPLICIT_DENY, _EXPLICIT_DENY, _UNKNOWN = Outcome


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


Bearing = tuple[Condition, Matched]
"""Of a statement about an action: whether it applies, and how it is named if it does."""


class LayerBearings(Struct, frozen=True, dict=True):
    """What of a layer bears on an action, which it has to allow; ``missing`` is said if not."""

    layer: Layer
    denies: tuple[Bearing, ...]
    allows: tuple[Bearing, ...]
    missing: str

    @cached_property
    def always_allows(self) -> bool:
        """Whether it need not be asked; identity policies are, for which of them allow."""
        whatever = any(applies is everything for applies, _ in self.allows)
        return whatever and self.layer is not Layer.IDENTITY


class ActionBearings(Struct, frozen=True):
    """What bears on one action.

    Args:
        denies: those of all layers, in the order in which they are named.
        required: the layers that may not allow it, service control policies first.
    """

    denies: tuple[Bearing, ...]
    required: tuple[LayerBearings, ...]


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

    @cached_property
    def bearings(self) -> tuple["_Bearings", "_Bearings"]:
        """What bears on each action: where service control policies do not bind, and where."""
        return _Bearings(self, ()), _Bearings(self, self.scps)


class _Bearings(dict[str, ActionBearings]):
    """What of a principal's policies bears on each action, in any case; looked for once."""

    def __init__(self, policies: Policies, scps: tuple[Level, ...]) -> None:
        super().__init__()
        self._layers = tuple(_layers(policies, scps))

    def __missing__(self, action: str) -> ActionBearings:
        layers = [_of_layer(*layer, action.lower()) for layer in self._layers]
        required = [layer for layer in layers if not layer.always_allows]
        self[action] = bearings = ActionBearings(
            denies=tuple(deny for layer in layers for deny in layer.denies),
            required=tuple(sorted(required, key=lambda layer: layer.layer is not Layer.SCP)),
        )
        return bearings


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
    bearing = policies.bearings[request.principal.bound_by_scps][request.action]
    context = visible(request)
    denies, doubts = _applying(bearing.denies, context)
    if denies:
        return Decision(request, _EXPLICIT_DENY, denies[0].layer, tuple(denies))
    granted: list[Matched] = []
    unsure: list[Doubt] = []
    for required in bearing.required:
        allows, may_allow = _applying(required.allows, context)
        if not allows:
            if not may_allow:
                return Decision(
                    request,
                    _IMPLICIT_DENY,
                    required.layer,
                    missing=required.missing,
                    doubts=tuple(doubts),
                )
            unsure += may_allow
        if required.layer is _IDENTITY:
            granted = allows
    if doubts or unsure:
        first, *_ = doubts = [*doubts, *unsure]
        return Decision(request, _UNKNOWN, first.matched.layer, doubts=tuple(doubts))
    return Decision(request, _ALLOWED, _IDENTITY, tuple(granted))


def _applying(bearings: tuple[Bearing, ...], context: Context) -> tuple[list[Matched], list[Doubt]]:
    """Return the statements that apply, and those that may."""
    certain: list[Matched] = []
    doubts: list[Doubt] = []
    for applies, matched in bearings:
        truth = applies(context)
        if truth is False:
            continue
        if truth is True:
            certain.append(matched)
        else:
            doubts.append(Doubt(matched, truth.why))
    return certain, doubts


def _layers(
    policies: Policies, scps: tuple[Level, ...]
) -> Iterator[tuple[Layer, tuple[Policy, ...], str]]:
    """Yield the layers that there are, each with what is said if it does not allow."""
    yield Layer.IDENTITY, policies.identity, "no identity-based policy"
    if boundary := policies.boundary:
        missing = f"nothing in the permissions boundary {boundary.name}"
        yield Layer.BOUNDARY, (boundary,), missing
    for level in scps:
        yield Layer.SCP, level.policies, f"no service control policy of {level.name}"
    if policies.session is not None:
        yield Layer.SESSION, policies.session, "no session policy"


@lru_cache(maxsize=4096)
def _of_layer(
    layer: Layer, policies: tuple[Policy, ...], missing: str, action: str
) -> LayerBearings:
    """Look for what of a layer, which many principals may have in common, bears on an action."""
    denies: list[Bearing] = []
    allows: list[Bearing] = []
    for policy in policies:
        for statement in policy.about(action):
            bearing = statement.holds, Matched(layer, policy.name, statement.name)
            (allows if statement.allows else denies).append(bearing)
    return LayerBearings(layer, tuple(denies), tuple(allows), missing)
