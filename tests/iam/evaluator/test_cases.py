"""The evaluator by tables: every case is a sentence, with its policies and its request."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, convert
from msgspec.structs import replace

from goldenami.errors import GoldenamiError, PolicyError, UndecidableError
from goldenami.iam.evaluator.decide import Level, Policies, decide
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.iam.evaluator.request import Principal, Request

FOLDER = Path(__file__).parent / "cases"
BOB = "arn:aws:iam::123456789012:user/bob"
REFUSED = FOLDER / "refused-documents.json"


class Asked(Struct, forbid_unknown_fields=True):
    action: str
    resource: str
    context: dict[str, Any]


class Case(Struct, forbid_unknown_fields=True):
    """A request under policies; a policy is a document, or the statements of one.

    ``unknown`` are keys that the asker does not know; ``why`` is told of an unknown outcome.
    """

    name: str
    expect: str
    identity: list[Any]
    request: Asked
    boundary: Any = None
    scps: dict[str, Any] = {}
    session: list[Any] | None = None
    principal: str = BOB
    tags: dict[str, str] = {}
    organization: str = ""
    management: bool = False
    by: list[str] | None = None
    layer: str = ""
    missing: str = ""
    error: str = ""
    why: str = ""
    unknown: list[str] = []
    anywhere: bool = False


class Refused(Struct, forbid_unknown_fields=True):
    name: str
    document: Any
    error: str


def _loaded() -> list[Case]:
    files = [path for path in sorted(FOLDER.glob("*.json")) if path != REFUSED]
    return [case for file in files for case in convert(json.loads(file.read_text()), list[Case])]


CASES = _loaded()
DOCUMENTS = convert(json.loads(REFUSED.read_text()), list[Refused])


def policy(given: Any, name: str = "policy") -> Policy:
    listed = {"Version": "2012-10-17", "Statement": given} if isinstance(given, list) else given
    return compile_policy(name, listed)


def policies(case: Case) -> Policies:
    return Policies(
        identity=tuple(policy(document) for document in case.identity),
        boundary=policy(case.boundary, "boundary") if case.boundary else None,
        scps=tuple(
            Level(name, (policy(level),) if level else ()) for name, level in case.scps.items()
        ),
        session=None
        if case.session is None
        else tuple(policy(document) for document in case.session),
    )


def request(case: Case) -> Request:
    principal = Principal.from_arn(
        case.principal,
        tags=case.tags,
        unique_id="AIDA1",
        session="work" if ":role/" in case.principal else "",
        organization=case.organization,
        in_management_account=case.management,
    )
    principal = replace(principal, unknown=frozenset(case.unknown))
    if case.anywhere:
        principal = principal.anywhere()
    context = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in case.request.context.items()
    }
    asked = case.request
    return Request(
        principal=principal, action=asked.action, resource=asked.resource, context=context
    )


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES] + [case.name for case in DOCUMENTS]
    assert len(names) == len(set(names))
    assert len(names) > 220


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_decided(case: Case) -> None:
    if case.expect == "error":
        with pytest.raises(GoldenamiError) as raised:
            decide(policies(case), request(case))
        assert case.error in str(raised.value)
        return
    decision = decide(policies(case), request(case))
    assert decision.outcome == case.expect, decision.reason
    assert decision.allowed == (case.expect == "allowed")
    if case.by is not None:
        assert [statement.statement for statement in decision.matched] == case.by
    assert case.layer in ("", decision.layer)
    assert case.missing in decision.missing
    assert decision.reason.startswith(case.expect)
    if case.expect == "unknown":
        assert case.why
        assert case.why in decision.reason
        with pytest.raises(UndecidableError, match="unknown: "):
            decision.certain()
    elif not decision.doubts:
        assert decision.certain() is decision


@pytest.mark.parametrize("case", DOCUMENTS, ids=lambda case: case.name)
def test_a_document_is_refused_with(case: Refused) -> None:
    with pytest.raises(PolicyError) as raised:
        compile_policy("mine", case.document)
    assert "policy mine: " in raised.value.message
    assert case.error in str(raised.value)
