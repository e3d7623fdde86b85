"""Proves what policies do: every case expected against decided, with the statement that decided."""

from collections.abc import Iterator, Sequence, Set
from typing import Literal

from msgspec import Struct, structs

from goldenami.errors import RefusedError, SpecError, UnknownActionError, UnknownResourceError
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.evaluator.decide import Decision, Policies, Verdict, decide_all
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.proof.cases import Case, Cases
from goldenami.iam.proof.lookup import GoldenImage, ProofLookup, ProofSetting


class ProofSubject(Struct, frozen=True):
    """Somebody, and everything that binds them."""

    name: str
    principal: Principal
    policies: Policies


class ProofRow(Struct, frozen=True, kw_only=True):
    """One case, decided.

    Args:
        case: its name.
        topic: what it is about.
        subject: who tried it.
        region: where; of a case that is tried with every golden image, its id is in ``image``.
        image: the golden image that was in play.
        expected: ``allowed`` or ``denied``.
        decided: the same, as it was decided; or ``unknown``, which is never as expected.
        reason: which statement decided, or which one nobody knows.
        required: whether the attached profiles promise it.
        why: what the case says if it is not as expected.
        way: the way around, as profiles name it, that it goes if nothing promises more.
        requests: what was decided, for asking AWS the same.
    """

    case: str
    topic: str
    subject: str
    region: str
    image: str
    expected: Literal["allowed", "denied"]
    decided: Literal["allowed", "denied", "unknown"]
    reason: str
    required: bool
    why: str
    way: str
    decisions: tuple[Decision, ...]

    @property
    def as_expected(self) -> bool:
        """Whether it was decided as it should be."""
        return self.expected == self.decided

    @property
    def failed(self) -> bool:
        """Whether a promise is broken."""
        return self.required and not self.as_expected


class Proof(Struct, frozen=True):
    """All cases of all subjects, decided."""

    rows: tuple[ProofRow, ...]

    @property
    def failed(self) -> tuple[ProofRow, ...]:
        """The broken promises."""
        return tuple(row for row in self.rows if row.failed)

    @property
    def open(self) -> tuple[ProofRow, ...]:
        """What is not as it should be and was not promised either."""
        return tuple(row for row in self.rows if not row.as_expected and not row.required)


def prove(
    subjects: tuple[ProofSubject, ...],
    pipeline: ProofSubject | None,
    cases: Cases,
    setting: ProofSetting,
    promises: Set[str],
) -> Proof:
    """Decide every case for every subject.

    Args:
        subjects: the members, by whatever name.
        pipeline: the pipeline role; without one its cases are left out.
        cases: what is tried.
        setting: the account and its golden images.
        promises: the topics in which every case has to be as expected.

    Raises:
        RefusedError: there is no golden image, or no promised case: nothing would be proved.
        SpecError: a case names what does not exist.
    """
    if not setting.golden:
        raise RefusedError("there is no golden image, so nothing can be proved")
    actors = [(subject, "member") for subject in subjects]
    if pipeline:
        actors.append((pipeline, "pipeline"))
    worlds = [(golden, ProofLookup(setting, golden, cases)) for golden in setting.golden]
    rows = tuple(
        row
        for subject, actor in actors
        for row in _rows(
            structs.replace(subject, principal=subject.principal.anywhere()),
            [case for case in cases.cases if case.actor == actor],
            worlds,
            promises,
        )
    )
    if not any(row.required for row in rows):
        raise RefusedError(
            "no proof case was decided that anything promises, so nothing was proved",
            fix="name a profile that promises something (`proves`)",
        )
    return Proof(rows)


def _rows(
    subject: ProofSubject,
    cases: Sequence[Case],
    worlds: Sequence[tuple[GoldenImage, ProofLookup]],
    promises: Set[str],
) -> Iterator[ProofRow]:
    """Decide cases for a subject, whose requests come from anywhere."""
    for case in cases:
        for golden, lookup in worlds if case.each_golden else worlds[:1]:
            if lookup.applies(case):
                verdict = decide_all(subject.policies, _requests(subject, case, golden, lookup))
                yield ProofRow(
                    case=case.name,
                    topic=case.topic,
                    subject=subject.name,
                    region=golden.region,
                    image=golden.id if case.each_golden else "",
                    expected=case.expect,
                    decided=_decided(verdict),
                    reason=verdict.deciding.reason,
                    required=case.topic in promises,
                    why=case.why,
                    way=case.open,
                    decisions=verdict.decisions,
                )


def _decided(verdict: Verdict) -> Literal["allowed", "denied", "unknown"]:
    return "allowed" if verdict.allowed else "unknown" if verdict.unknown else "denied"


def _requests(
    subject: ProofSubject, case: Case, golden: GoldenImage, lookup: ProofLookup
) -> tuple[Request, ...]:
    call = ApiCall(case.call, golden.region, lookup.filled(case.parameters, case.name))
    try:
        return requests(call, subject.principal, lookup)
    except (UnknownActionError, UnknownResourceError) as error:
        raise SpecError(
            f"case `{case.name}`: {error.message}", fix="describe it in the file of the case"
        ) from error
