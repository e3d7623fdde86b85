"""One simulation: an action on resources, decided by given policies, as the simulator tells it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self

from msgspec import Struct

from goldenami.iam.evaluator.context import visible
from goldenami.iam.evaluator.decide import Layer, Level, Matched, Outcome, Policies, decide
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.iam.evaluator.request import Principal, Request, Value

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_ALLOW_ALL = compile_policy("all", {"Version": "2012-10-17", "Statement": [EVERYTHING]})
_DECISIONS = {
    Outcome.EXPLICIT_DENY: "explicitDeny",
    Outcome.IMPLICIT_DENY: "implicitDeny",
    Outcome.ALLOWED: "allowed",
}
_SOURCES = {
    Layer.IDENTITY: "IAM Policy",
    Layer.BOUNDARY: "Permissions Boundary Policy",
    Layer.SCP: "none",
}
"""What AWS answers, and the API reference's example has; its table has other types."""
_STATEMENT = re.compile(r'"Statement"\s*:\s*')
_BETWEEN = re.compile(r"[\s,]*")
_VARIABLE = re.compile(r"\$\{([^},\s]+)[^}]*\}")

Position = Mapping[str, int]


class SimulatedPolicy(Struct, frozen=True):
    """A policy document.

    Args:
        id: by which an answer names it.
        policy: compiled.
        raw: its statements as they are written.
        places: where each statement begins and ends, by its name.
    """

    id: str
    policy: Policy
    raw: Sequence[Mapping[str, Any]]
    places: Mapping[str, Mapping[str, Position]]

    @classmethod
    @lru_cache(maxsize=1024)  # who asks of one request after the other sends the same documents
    def of(cls, policy_id: str, text: str) -> Self:
        """Return a document, compiled.

        Raises:
            PolicyError: it is none.
        """
        policy = compile_policy(policy_id, text)
        statements = json.loads(text)["Statement"]
        names = (statement.name for statement in policy.statements)
        return cls(
            policy_id,
            policy,
            statements if isinstance(statements, list) else [statements],
            dict(zip(names, _positions(text), strict=False)),
        )


class Simulation(Struct, frozen=True, kw_only=True):
    """Who asks in which circumstances, and what decides.

    Args:
        principal: the simulated caller.
        context: the condition keys given.
        identity: the identity-based policies.
        boundary: the permissions boundary, if there is one.
        levels: the service control policies, from the organization's root to the account.
    """

    principal: Principal
    context: Mapping[str, Value]
    identity: Sequence[SimulatedPolicy]
    boundary: SimulatedPolicy | None
    levels: Sequence[tuple[str, Sequence[SimulatedPolicy]]]

    @property
    def sources(self) -> Mapping[Layer, Sequence[SimulatedPolicy]]:
        """Every document, by layer."""
        return {
            Layer.IDENTITY: self.identity,
            Layer.BOUNDARY: [self.boundary] if self.boundary else [],
            Layer.SCP: [policy for _, attached in self.levels for policy in attached],
        }

    def result(self, action: str, resources: Sequence[str]) -> dict[str, Any]:
        """Return the EvaluationResult of an action on resources (``*`` alone: on anything).

        Raises:
            UndecidableError: the decision is unknown.
        """
        results = [self._of_resource(action, resource) for resource in resources]
        worst = min(
            results, key=lambda result: list(_DECISIONS.values()).index(result["EvalDecision"])
        )
        answer = {"EvalActionName": action, "EvalResourceName": "*", **worst}
        answer["MatchedStatements"] = _union(results, "MatchedStatements")
        if resources == ["*"]:
            return answer
        answer["MissingContextValues"] = []
        answer["ResourceSpecificResults"] = [
            _specific(resource, result) for resource, result in zip(resources, results, strict=True)
        ]
        return answer

    def _of_resource(self, action: str, resource: str) -> dict[str, Any]:
        request = Request(
            principal=self.principal, action=action, resource=resource, context=self.context
        )
        scps = tuple(
            Level(name, tuple(policy.policy for policy in attached))
            for name, attached in self.levels
        )
        boundary = self.boundary.policy if self.boundary else None
        identity = tuple(policy.policy for policy in self.identity)
        policies = Policies(identity=identity, boundary=boundary, scps=scps)
        decision = decide(policies, request).certain()
        answer: dict[str, Any] = {
            "EvalDecision": _DECISIONS[decision.outcome],
            "MatchedStatements": [self._statement(policy) for policy in decision.matched],
            "MissingContextValues": sorted(self._missing(request)),
        }
        if scps:
            by_scps = Policies(identity=(_ALLOW_ALL,), scps=scps)
            allowed = decide(by_scps, request).certain().allowed
            answer["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
        if boundary:
            by_boundary = Policies(identity=(_ALLOW_ALL,), boundary=boundary)
            allowed = decide(by_boundary, request).certain().allowed
            answer["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
        return answer

    def _statement(self, matched: Matched) -> dict[str, Any]:
        source = next(
            candidate for candidate in self.sources[matched.layer] if candidate.id == matched.policy
        )
        answer = {"SourcePolicyId": source.id, "SourcePolicyType": _SOURCES[matched.layer]}
        return {**answer, **source.places.get(matched.statement, {})}

    def _missing(self, request: Request) -> set[str]:
        """Return the condition keys that statements about the request name, and nobody gave."""
        known = visible(request)
        missing: set[str] = set()
        for source in (policy for several in self.sources.values() for policy in several):
            about = source.policy.about(request.action.lower())
            for statement, raw in zip(source.policy.statements, source.raw, strict=True):
                if statement in about and statement.resource(known):
                    missing |= _keys(raw)
        return {key for key in missing if key.lower() not in known}


def _union(results: Sequence[Mapping[str, Any]], key: str) -> list[Any]:
    union: list[Any] = []
    for result in results:
        union += [item for item in result[key] if item not in union]
    return union


def _specific(resource: str, result: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(result)
    rest.pop("OrganizationsDecisionDetail", None)
    decision = rest.pop("EvalDecision")
    return {"EvalResourceName": resource, "EvalResourceDecision": decision, **rest}


def _keys(statement: Mapping[str, Any]) -> set[str]:
    conditions = statement.get("Condition", {}).values()
    named = {key for condition in conditions for key in condition}
    return named | set(_VARIABLE.findall(json.dumps(statement)))


def _positions(text: str) -> Iterator[dict[str, Position]]:
    """Yield where each statement begins and ends; nothing if ``Statement`` has escapes in it."""
    start = _STATEMENT.search(text)
    if start is None:
        return
    place = start.end()
    listed = text[place] == "["
    place += listed
    while text[place] != "]":
        place = _skip(text, place)
        _, end = json.JSONDecoder().raw_decode(text, place)
        yield {"StartPosition": _position(text, place), "EndPosition": _position(text, end)}
        place = _skip(text, end)
        if not listed:
            return


def _skip(text: str, place: int) -> int:
    blank = _BETWEEN.match(text, place)
    return blank.end() if blank else place


def _position(text: str, place: int) -> Position:
    before = text[:place]
    return {"Line": before.count("\n") + 1, "Column": place - before.rfind("\n")}
