"""Which policies bind a caller, each compiled once."""

from collections.abc import Iterator
from functools import lru_cache

from moto.iam.models import Group, ManagedPolicy, Role

from goldenami.iam.evaluator.decide import Level, Policies
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.sandbox.enforcement.caller import Caller, store
from goldenami.sandbox.mends import organizations
from goldenami.sandbox.mends.iam_boundaries import User
from goldenami.sandbox.mends.sts import Session
from goldenami.sandbox.server import ACCOUNT_ID

_compiled = lru_cache(maxsize=1024)(compile_policy)


def policies_of(caller: Caller) -> Policies:
    """Return everything that binds a caller.

    Raises:
        PolicyError: a document has what the evaluator does not know.
    """
    boundary = caller.entity.permissions_boundary_arn
    return Policies(
        identity=tuple(_identity(caller.entity)),
        boundary=_managed(store().get_policy(boundary)) if boundary else None,
        scps=tuple(
            Level(level, tuple(_compiled(name, text) for name, text in documents))
            for level, documents in organizations.scps_of(ACCOUNT_ID)
        ),
        session=tuple(_passed(caller.session))
        if caller.session and caller.session.limited
        else None,
    )


def _identity(entity: User | Role) -> Iterator[Policy]:
    yield from _attached(entity)
    if isinstance(entity, User):
        for group in store().get_groups_for_user(entity.name):
            yield from _attached(group)


def _attached(entity: User | Role | Group) -> Iterator[Policy]:
    for policy in entity.managed_policies.values():
        yield _managed(policy)
    kind = type(entity).__name__.lower()
    for name, text in entity.policies.items():
        yield _compiled(f'inline "{name}" of {kind} {entity.name}', text)


def _managed(policy: ManagedPolicy) -> Policy:
    default = next(one for one in policy.versions if one.is_default)
    return _compiled(policy.name, default.document)


def _passed(session: Session) -> Iterator[Policy]:
    if session.policy:
        yield _compiled("the session's policy", session.policy)
    for arn in session.policy_arns:
        yield _managed(store().get_policy(arn))
