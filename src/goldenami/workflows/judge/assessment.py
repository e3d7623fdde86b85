"""Judges the events of some deliveries: what they are about, then all of a place at once."""

import re
from collections.abc import Container, Mapping, Sequence

from goldenami.aws import instances
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding, grouped
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.audit.waivers import Waived
from goldenami.domain.events import subjects
from goldenami.domain.events.event import Event
from goldenami.domain.events.verdict import EventOutcome, EventVerdict, worst
from goldenami.errors import GoldenamiError, RefusedError
from goldenami.spec.model import Release
from goldenami.workflows.audit import reassessment
from goldenami.workflows.audit.account_regions import home
from goldenami.workflows.audit.live import LiveSource
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.audit.reassessment import Judgement
from goldenami.workflows.audit.sources import AuditSelection
from goldenami.workflows.judge.rounds import AboutThese, Round, Rounds
from goldenami.workflows.judge.source import EventSource

_NTH = re.compile(r"#[0-9]+$")
"""How the further images of a thing that launches several are told apart."""


class _Named(Container[str]):
    """What events are about, whichever of its images."""

    def __init__(self, several: Sequence[Subject]) -> None:
        self._resources = {subject.resource for subject in several}

    def __contains__(self, resource: object) -> bool:
        return isinstance(resource, str) and _NTH.sub("", resource) in self._resources


class Assessment:
    """Judges events by what AWS says now; see `goldenami.workflows.judge`.

    Args:
        aws: the caller.
        question: by what it is judged.
        release: who may have which images, None if no release file was given.
    """

    def __init__(self, aws: Aws, question: AuditQuestion, release: Release | None) -> None:
        self._aws = aws
        self._question = question
        self._release = release
        self._before: Judgement | None = None
        self._home: Sequence[AccountRegion] = ()

    def __call__(self, events: Sequence[Event]) -> list[EventVerdict]:
        """Return what became of each event, in their order.

        Raises:
            RefusedError: nothing is approved.
        """
        looked_at = [self._about(event) for event in events]
        rounds = Rounds()
        for each in looked_at:
            if isinstance(each, AboutThese):
                rounds.add(each)
        judged = self._judged(rounds.subjects)
        return [
            each if isinstance(each, EventVerdict) else _verdict(each, rounds, judged)
            for each in looked_at
        ]

    def _about(self, event: Event) -> AboutThese | EventVerdict:
        """Return what an event is about, or why it is not judged."""
        named: Sequence[Subject] | None = ()
        untold: subjects.UntoldError | None = None
        try:
            named = subjects.of_event(event)
        except subjects.UntoldError as error:
            untold = error
        if named is None:
            return _of(event, EventOutcome.OTHER)
        if event.error:
            return _of(event, EventOutcome.FAILED, f"the call failed: {event.error}")
        if self._question.regions and event.region not in self._question.regions:
            return _of(event, EventOutcome.ELSEWHERE, f"{event.region} is not looked at")
        try:
            place = self._place(event)
            if untold:
                named = self._launched(place, untold)
        except GoldenamiError as error:
            return _of(event, EventOutcome.UNREAD, error.message)
        if not named:
            return _of(event, EventOutcome.GONE, "it leaves nothing that could be judged")
        return AboutThese(event, place, named)

    def _launched(self, place: AccountRegion, untold: subjects.UntoldError) -> Sequence[Subject]:
        """Return what a launch launched whose answer was too long for CloudTrail.

        Raises:
            GoldenamiError: it cannot be looked up, or there is nothing.
        """
        regional, tokens = self._aws.at(place), [untold.token] if untold.token else []
        purpose = "looking for what was launched"
        launched = instances.having(regional, "client-token", tokens, purpose)
        if not launched:
            raise GoldenamiError(str(untold))
        return [subjects.of_instance(each, place) for each in launched]

    def _place(self, event: Event) -> AccountRegion:
        """Return where an event was, with the role by which another account is read.

        Raises:
            GoldenamiError: it is another account's, and nobody says by which role.
            AwsError: nobody knows who the caller is.
        """
        if event.account == self._aws.account:
            return AccountRegion(event.account, event.region)
        if not self._question.role:
            raise GoldenamiError(
                f"it is of account {event.account}, and by which role? pass --role, or set "
                "audit.role in the release file"
            )
        role = self._aws.role_in(event.account, self._question.role)
        return AccountRegion(event.account, event.region, role)

    def _judged(
        self, rounds: Mapping[Round, Sequence[Subject]]
    ) -> Mapping[Round, "_RoundJudged | GoldenamiError"]:
        """Judge what there is in each place; one that cannot be read does not stop the others."""
        waiting = list(rounds)
        judged: dict[Round, _RoundJudged | GoldenamiError] = {}
        if waiting and self._before is None:  # the first one reads where golden images come from
            first = waiting.pop(0)
            judged[first] = outcome = self._judge(first.place, rounds[first])
            if isinstance(outcome, _RoundJudged):
                self._before = outcome.judgement
        answers, _ = concurrently(waiting, lambda each: self._judge(each.place, rounds[each]))
        return {**judged, **answers}

    def _judge(
        self, place: AccountRegion, several: Sequence[Subject]
    ) -> "_RoundJudged | GoldenamiError":
        with_images = [subject for subject in several if subject.image.id]
        listed = [subject for subject in several if not subject.image.id]
        kinds = frozenset(subject.kind for subject in listed)
        named = _Named(several)
        only = AuditSelection(
            places=frozenset({place}),
            kinds=kinds,
            instances=frozenset(each.id for each in listed if each.kind is Kind.INSTANCE),
        )

        def around(live: LiveSource) -> EventSource:
            return EventSource(
                self._aws, live, with_images, named,
                approval=self._question.approval, release=self._release, home=self._home,
            )  # fmt: skip

        try:
            if not self._home:
                self._home = home(self._aws, self._question)
            judgement = reassessment.judge(
                self._aws, self._question, only, named,
                before=None if Kind.PARAMETER in kinds else self._before,
                around=around,
            )  # fmt: skip
            return _RoundJudged(place, judgement)
        except RefusedError:
            raise
        except GoldenamiError as error:
            return error


class _RoundJudged:
    """A place as it was judged, and what of it is of one thing: the images that it launches."""

    def __init__(self, place: AccountRegion, judgement: Judgement) -> None:
        self.judgement = judgement
        self.unread = "; ".join(judgement.unread.get(place, ()))
        self.of_thing = grouped(judgement.subjects, lambda resource: _NTH.sub("", resource))


def _verdict(
    about: AboutThese, rounds: Rounds, judged: Mapping[Round, _RoundJudged | GoldenamiError]
) -> EventVerdict:
    outcomes, why = list[EventOutcome](), ""
    resources, images = list[str](), list[str]()
    findings, waived = list[Finding](), list[Waived]()
    for subject in about.subjects:
        result = judged[rounds.of(subject)]
        if isinstance(result, GoldenamiError):
            outcomes.append(EventOutcome.UNREAD)
            why = result.message
            continue
        judgement, there = result.judgement, result.of_thing.get(subject.resource, [])
        if not there:
            outcomes.append(_absent(subject.resource, judgement, result.unread))
            why = result.unread
        for name in there:
            resources.append(name)
            images.append(judgement.subjects[name].image.id)
            findings += judgement.open.get(name, ())
            waived += judgement.waived.get(name, ())
            outcomes.append(_outcome(name, judgement))
    outcome = worst(outcomes)
    return _of(
        about.event, outcome, why if outcome is EventOutcome.UNREAD else _WHY.get(outcome, ""),
        resources=tuple(resources),
        images=tuple(dict.fromkeys(image for image in images if image)),
        findings=tuple(findings),
        waived=tuple(waived),
    )  # fmt: skip


_WHY: Mapping[EventOutcome, str] = {
    EventOutcome.BAKING: "it belongs to a bake, or to a change of a release that is under way",
    EventOutcome.GONE: "it is not there any more, or is nothing that an audit looks at",
}


def _outcome(resource: str, judgement: Judgement) -> EventOutcome:
    if judgement.open.get(resource):
        return EventOutcome.FINDINGS
    return EventOutcome.WAIVED if judgement.waived.get(resource) else EventOutcome.COMPLIANT


def _absent(resource: str, judgement: Judgement, unread: str) -> EventOutcome:
    if resource in judgement.baking:
        return EventOutcome.BAKING
    return EventOutcome.UNREAD if unread else EventOutcome.GONE


def _of(event: Event, outcome: EventOutcome, why: str = "", **more: object) -> EventVerdict:
    return EventVerdict(
        outcome=outcome,
        origin="",
        id=event.id,
        call=event.call,
        at=event.at,
        account=event.account,
        region=event.region,
        by=event.by,
        why=why,
        **more,  # type: ignore[arg-type]
    )
