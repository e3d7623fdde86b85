"""What a role that exists has too little, too wide and too much beside what it needs.

Each statement that is needed becomes requests: some that meet all its conditions, which have to be
allowed, and some that miss one, which should not be.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, structs

from goldenami.iam.evaluator.decide import Policies, decide
from goldenami.iam.evaluator.request import Principal, Request, Value
from goldenami.iam.permissions.grant import PolicyCondition
from goldenami.iam.permissions.statements import PermissionStatement
from goldenami.iam.reference import table

_SAMPLE = "sample"
_OTHER = "another"
_REGION, _OTHER_REGION = "aws:RequestedRegion", "ap-southeast-3"
_SHOWN = 6


class ComparedAction(Struct, frozen=True):
    """An action that a role may do less, or more, with than it needs; and with what, in words."""

    action: str
    words: str


class PolicyComparison(Struct, frozen=True, kw_only=True):
    """How what a role has compares with what it needs.

    Args:
        missing: what it needs and is not allowed.
        wider: what it is allowed beyond the bounds that it needs.
        surplus: the actions that it may do at all and does not need, in words, by service.
    """

    missing: tuple[ComparedAction, ...]
    wider: tuple[ComparedAction, ...]
    surplus: Mapping[str, str]

    @property
    def same(self) -> bool:
        """Whether it has just what it needs."""
        return not (self.missing or self.wider or self.surplus)


def compare(
    statements: Sequence[PermissionStatement],
    needed: Policies,
    live: Policies,
    principal: Principal,
) -> PolicyComparison:
    """Compare the policies of a role with what it needs.

    Args:
        statements: what it needs.
        needed: the same as policies.
        live: what binds it.
        principal: the role.
    """
    missing, wider = dict[ComparedAction, None](), dict[ComparedAction, None]()
    for statement in statements:
        for request in _samples(statement, principal):
            decision = decide(live, request)
            if not decision.allowed:
                words = f"{request.resource}: {decision.reason}"
                missing[ComparedAction(request.action, words)] = None
        for request, words in _probes(statement, principal):
            if not decide(needed, request).allowed and decide(live, request).allowed:
                wider[ComparedAction(request.action, words)] = None
    return PolicyComparison(
        missing=tuple(missing), wider=tuple(wider), surplus=_surplus(statements, live)
    )


def _samples(statement: PermissionStatement, principal: Principal) -> Iterator[Request]:
    """Yield a request for each action and kind of resource that a statement allows."""
    context: dict[str, Value] = {}
    for condition in statement.conditions:
        context |= _meeting(condition)
    for action in statement.actions:
        for resource in _resources(statement, action):
            yield Request(
                principal=principal,
                action=action,
                resource=_filled(resource, context),
                context=context,
            )


def _meeting(condition: PolicyCondition) -> dict[str, Value]:
    """Return the context by which a condition is met."""
    if condition.operator == "Null":
        return {} if condition.values == ("true",) else {condition.key: _SAMPLE}
    value = condition.values[0].replace("*", _SAMPLE)
    several = condition.operator.startswith("For")
    return {condition.key: (value,) if several else value}


def _resources(statement: PermissionStatement, action: str) -> Iterator[str]:
    kinds = table.kinds(action)
    service = action.partition(":")[0]
    for resource in statement.resources:
        if resource == "*" or not kinds:
            yield "*"
        elif resource.split(":")[2] == service or table.kind_of(resource) in kinds:
            yield resource


def _filled(resource: str, context: Mapping[str, Value]) -> str:
    if resource == "*":
        return resource
    parts = resource.split(":", 5)
    region = context.get(_REGION, "us-east-1")
    parts[3] = parts[3].replace("*", region if isinstance(region, str) else region[0])
    return ":".join(
        [*parts[:4], parts[4].replace("*", "123456789012"), parts[5].replace("*", _SAMPLE)]
    )


def _probes(statement: PermissionStatement, principal: Principal) -> Iterator[tuple[Request, str]]:
    """Yield requests that miss one bound of a statement each, and which one in words."""
    for request in _samples(statement, principal):
        for condition in statement.conditions:
            if condition.operator in ("StringEquals", "ArnLike", "Bool", "StringLike"):
                other = _OTHER_REGION if condition.key == _REGION else _OTHER
                values = ", ".join(condition.values)
                yield (
                    structs.replace(request, context={**request.context, condition.key: other}),
                    f"also where {condition.key} is not {values}",
                )
        parts = request.resource.split(":", 5)
        named = all(resource.split(":", 5)[-1].count("*") == 0 for resource in statement.resources)
        if named and len(parts) == 6:
            kind = parts[5].partition("/")[0]
            elsewhere = ":".join([*parts[:5], f"{kind}/{_OTHER}"])
            words = f"also on other resources than {', '.join(statement.resources)}"
            yield structs.replace(request, resource=elsewhere), words


def _surplus(statements: Sequence[PermissionStatement], live: Policies) -> dict[str, str]:
    """Return the actions that a role may do at all, and does not need, by service."""
    needed = {action.lower() for statement in statements for action in statement.actions}
    surplus: dict[str, str] = {}
    allowing = [
        statement for policy in live.identity for statement in policy.statements if statement.allows
    ]
    for service in sorted(table.services()):
        more = [
            name
            for name in table.actions(service)
            if (action := f"{service}:{name}".lower()) not in needed
            and any(statement.action(action) for statement in allowing)
        ]
        if more:
            rest = f" and {len(more) - _SHOWN} more" if len(more) > _SHOWN else ""
            surplus[service] = f"{', '.join(more[:_SHOWN])}{rest}"
    return surplus
