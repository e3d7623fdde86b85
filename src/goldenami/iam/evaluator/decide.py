"""Decides a request: the layers of policies, combined as AWS combines them.

An explicit deny in any layer wins. Otherwise every layer that there is has to allow.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from goldenami.errors import UndecidableError
from goldenami.iam.authorization import table
from goldenami.iam.evaluator.document import Policy, Statement
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.evaluator.text import Context


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


class Matched(Struct, frozen=True):
    """A statement that decided: its layer, its policy's name, its Sid or place (``#2``)."""

    layer: Layer
    policy: str
    statement: str

    def __str__(self) -> str:
        return f"{self.statement} of {self.policy} ({self.layer})"


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
    """

    request: Request
    outcome: Outcome
    layer: Layer
    matched: tuple[Matched, ...] = ()
    missing: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed."""
        return self.outcome is Outcome.ALLOWED

    @property
    def reason(self) -> str:
        """Say in a sentence what decided."""
        if self.missing:
            action, resource = self.request.action, self.request.resource
            return f"{self.outcome}: {self.missing} allows {action} on {resource}"
        first, *others = self.matched
        more = f", and {len(others)} more" if others else ""
        return f"{self.outcome} by {first}{more}"


class Verdict(Struct, frozen=True):
    """How a call was decided: one decision for each of its requests."""

    decisions: tuple[Decision, ...]

    @property
    def allowed(self) -> bool:
        """Whether every request of the call is allowed."""
        return all(one.allowed for one in self.decisions)

    @property
    def deciding(self) -> Decision:
        """The decision that decided the call: an explicit deny, an implicit one, or the first."""
        order = (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY, Outcome.ALLOWED)
        return min(self.decisions, key=lambda one: order.index(one.outcome))


def decide_all(policies: Policies, requests: Iterable[Request]) -> Verdict:
    """Decide every request of a call.

    Raises:
        UndecidableError: there is no request, so that nothing would be proved; or as `decide`.
    """
    decisions = tuple(decide(policies, request) for request in requests)
    if not decisions:
        raise UndecidableError("a call without a request cannot be decided")
    return Verdict(decisions)


def decide(policies: Policies, request: Request) -> Decision:
    """Decide one request.

    Raises:
        UndecidableError: AWS does not say how it would decide, such as for a plain operator on a
            key with several values.
    """
    asked = _Asked(request.action.lower(), request.resource, visible(request))
    scps = policies.scps if request.principal.bound_by_scps else ()
    denies = tuple(_denies(policies, scps, asked))
    if denies:
        return Decision(request, Outcome.EXPLICIT_DENY, denies[0].layer, denies)
    if lacking := _lacking(policies, scps, asked):
        layer, missing = lacking
        return Decision(request, Outcome.IMPLICIT_DENY, layer, missing=missing)
    allows = tuple(
        Matched(Layer.IDENTITY, policy.name, statement.name)
        for policy in policies.identity
        for statement in asked.of(policy, allows=True)
    )
    return Decision(request, Outcome.ALLOWED, Layer.IDENTITY, allows)


def visible(request: Request) -> dict[str, Value]:
    """Return the request's context as policies see it: what exists for the action and resource.

    Keys are in lower case. A key that is there in two cases (tags ``Name`` and ``name``) has both
    values, since AWS does not say which one counts.
    """
    exist = table.keys(request.action, request.resource)
    context: dict[str, Value] = {}
    for name, value in request.context.items():
        key = name.lower()
        if exist is None or key in exist or key[: key.find("/") + 1] in exist:
            context[key] = _joined(context[key], value) if key in context else value
    context |= _lower(request.principal.keys)
    return context


def _lower(keys: Mapping[str, Value]) -> dict[str, Value]:
    return {name.lower(): value for name, value in keys.items()}


def _joined(one: Value, other: Value) -> Value:
    if one == other:
        return one
    return tuple(each for value in (one, other) for each in _several(value))


def _several(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


class _Asked(Struct, frozen=True):
    """A request in the form that statements are tested with."""

    action: str
    resource: str
    context: Context

    def of(self, policy: Policy, *, allows: bool) -> Iterator[Statement]:
        """Yield a policy's statements of one effect that apply."""
        for statement in policy.about(self.action):
            if statement.allows is allows and statement.holds(self.resource, self.context):
                yield statement

    def allowed_by(self, policies: Iterable[Policy]) -> bool:
        """Tell whether any policy allows it."""
        return any(True for policy in policies for _ in self.of(policy, allows=True))


def _denies(policies: Policies, scps: tuple[Level, ...], asked: _Asked) -> Iterator[Matched]:
    layers: tuple[tuple[Layer, Iterable[Policy]], ...] = (
        (Layer.IDENTITY, policies.identity),
        (Layer.BOUNDARY, (policies.boundary,) if policies.boundary else ()),
        (Layer.SCP, (policy for level in scps for policy in level.policies)),
        (Layer.SESSION, policies.session or ()),
    )
    for layer, several in layers:
        for policy in several:
            for statement in asked.of(policy, allows=False):
                yield Matched(layer, policy.name, statement.name)


def _lacking(
    policies: Policies, scps: tuple[Level, ...], asked: _Asked
) -> tuple[Layer, str] | None:
    """Return the first layer that does not allow, and who would have had to."""
    for level in scps:
        if not asked.allowed_by(level.policies):
            return Layer.SCP, f"no service control policy of {level.name}"
    if not asked.allowed_by(policies.identity):
        return Layer.IDENTITY, "no identity-based policy"
    if policies.boundary and not asked.allowed_by([policies.boundary]):
        return Layer.BOUNDARY, f"nothing in the permissions boundary {policies.boundary.name}"
    if policies.session is not None and not asked.allowed_by(policies.session):
        return Layer.SESSION, "no session policy"
    return None
