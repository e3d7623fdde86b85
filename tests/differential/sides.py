"""The two that are compared: goldenami's evaluator, and the simulator in a process of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any, Literal

from goldenami.iam.evaluator.context import visible
from goldenami.iam.evaluator.decide import Decision, Level, Outcome, Policies, decide
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.iam.evaluator.request import Principal, Request

from .generator import ACCOUNT, Pair

Told = Literal["Allowed", "ImplicitlyDenied", "ExplicitlyDenied"]

OUTCOMES: dict[Outcome, Told] = {
    Outcome.ALLOWED: "Allowed",
    Outcome.IMPLICIT_DENY: "ImplicitlyDenied",
    Outcome.EXPLICIT_DENY: "ExplicitlyDenied",
}


def decided(pair: Pair) -> Decision:
    """Decide a pair by goldenami."""
    policies = Policies(
        identity=tuple(_policy(f"identity-{n}", one) for n, one in enumerate(pair.identity)),
        boundary=_policy("boundary", pair.boundary) if pair.boundary else None,
        scps=tuple(
            Level(f"level-{n}", tuple(_policy(f"scp-{n}", one) for one in documents))
            for n, documents in enumerate(pair.levels)
        ),
        session=(_policy("session", pair.session),) if pair.session else None,
    )
    return decide(policies, request(pair))


def _policy(name: str, document: dict[str, Any]) -> Policy:
    return compile_policy(name, document)


def request(pair: Pair) -> Request:
    """Return a pair's request as goldenami has it."""
    session = "work" if ":role/" in pair.principal else ""
    principal = Principal.from_arn(pair.principal, unique_id="AIDA1", session=session)
    context = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in pair.context.items()
    }
    return Request(principal=principal, action=pair.action, resource=pair.resource, context=context)


class Simulator:
    """iam-simulate, asked line by line.

    Args:
        folder: where npm installed it.
    """

    def __init__(self, folder: Path) -> None:
        script = Path(__file__).with_name("simulator.mjs")
        self._process = subprocess.Popen(
            ["node", str(script)], cwd=folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, pair: Pair) -> dict[str, Any]:
        """Return ``outcome`` and ``ignored``, or ``error``."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(_simulation(pair)) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer


def _simulation(pair: Pair) -> dict[str, Any]:
    context = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in visible(request(pair)).items()
    }
    simulation: dict[str, Any] = {
        "request": {
            "principal": pair.principal,
            "action": pair.action,
            "resource": {"resource": pair.resource, "accountId": ACCOUNT},
            "contextVariables": context,
        },
        "identityPolicies": _named("identity", pair.identity),
        "serviceControlPolicies": [
            {"orgIdentifier": f"level-{n}", "policies": _named(f"scp-{n}", documents)}
            for n, documents in enumerate(pair.levels)
        ],
        "resourceControlPolicies": [],
    }
    if pair.boundary:
        simulation["permissionBoundaryPolicies"] = _named("boundary", [pair.boundary])
    if pair.session:
        simulation["sessionPolicy"] = pair.session
    return simulation


def _named(name: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": f"{name}-{n}", "policy": one} for n, one in enumerate(documents)]
