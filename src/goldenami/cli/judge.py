"""`goldenami judge`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami import files
from goldenami.cli.audit_question import Duration, JudgingOptions
from goldenami.cli.command import Argument, Option
from goldenami.constraints import between
from goldenami.domain import names
from goldenami.domain.audit.finding import Severity
from goldenami.domain.choices import VerdictFormat
from goldenami.errors import FindingsError, IncompleteError, InterruptedRunError, UsageError
from goldenami.report.terminal import say

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.domain.events.verdict import EventVerdict, VerdictCounts
    from goldenami.workflows.judge.feeds import EventFeed

MOST_PROBLEMS = 20


class JudgeOptions(JudgingOptions, frozen=True, kw_only=True):
    """The options of `goldenami judge`."""

    release: Annotated[
        Path | None,
        Argument("Take what is approved, waived and looked at from this file."),
    ] = None
    events: Annotated[
        list[Path] | None,
        Option("Log files of CloudTrail, events or lines of them, or folders (repeatable); "
               "default: stdin.", "FILE|DIR"),
    ] = None  # fmt: skip
    queue: Annotated[
        str | None, Option("Receive from this queue of SQS until it is empty.", "URL")
    ] = None
    messages: Annotated[
        Annotated[int, between(1)] | None, Option("Receive at most so many messages.  [x>=1]")
    ] = None
    wait: Annotated[
        Duration | None, Option("Go on receiving for so long: 55m.", "TIME", names=("--for",))
    ] = None
    fail_on: Annotated[Severity, Option("Findings below it do not fail.")] = Severity.LOW
    form: Annotated[VerdictFormat, Option("How it is written.", names=("--format",))] = (
        VerdictFormat.TEXT
    )
    output: Annotated[
        Path | None, Option("Write to this file, not to stdout.", names=("--output", "-o"))
    ] = None


def judge(options: JudgeOptions) -> None:
    """Judge launches and changes of images as CloudTrail and EventBridge tell them.

    By the rules of `goldenami audit`, each as it is now. A message of a queue is deleted once all
    that it tells is judged. Exit code 0 if all is compliant, 10 if there are findings, 3 if
    anything could not be judged.

    Example: goldenami judge release.yaml --queue https://sqs.us-east-1.amazonaws.com/111122223333/q
    """
    if options.events and options.queue:
        raise UsageError("--events and --queue do not go together", fix="drop one of them")
    if not options.queue and (options.messages or options.wait):
        raise UsageError("--messages and --for bound --queue alone", fix="drop them")
    question = options.question(options.release)
    from goldenami import spec
    from goldenami.domain.events.verdict import VerdictCounts
    from goldenami.report import judge as report
    from goldenami.workflows import judge as workflow

    release = spec.load(options.release).release if options.release else None
    aws = options.session(None, question.regions[0] if question.regions else "us-east-1", bulk=True)
    counts, problems = VerdictCounts(), list[str]()
    verdicts = workflow.judge(aws, question, release, _feed(options, aws))
    try:
        _write(options, _counted(verdicts, counts, problems), counts)
    except KeyboardInterrupt as error:
        say(report.summary(counts), "bold")
        raise InterruptedRunError(
            "judging was interrupted: what is not judged stays where it came from",
            fix="run the same command again",
        ) from error
    say(report.summary(counts), "bold")
    _finish(counts, problems, options.fail_on)


def _feed(options: JudgeOptions, aws: "Aws") -> "EventFeed":
    from goldenami.aws import queues
    from goldenami.workflows.judge import feeds

    if options.queue:
        regional = aws.in_region(queues.region_of(options.queue) or aws.region)
        seconds = names.seconds(options.wait) if options.wait else None
        return feeds.QueueFeed(regional, options.queue, options.messages, seconds)
    if options.events:
        return feeds.FileFeed(options.events)
    if sys.stdin.isatty():
        raise UsageError(
            "there are no events", fix="name files with --events, a --queue, or pipe lines of JSON"
        )
    return feeds.PipeFeed(sys.stdin.buffer)


def _counted(
    verdicts: "Iterable[EventVerdict]", counts: "VerdictCounts", problems: list[str]
) -> "Iterator[EventVerdict]":
    for verdict in verdicts:
        counts.add(verdict)
        if not verdict.outcome.settled and len(problems) < MOST_PROBLEMS:
            problems.append(f"{verdict.origin}: {verdict.call or 'no event'}: {verdict.why}")
        yield verdict


def _write(
    options: JudgeOptions, verdicts: "Iterator[EventVerdict]", counts: "VerdictCounts"
) -> None:
    from goldenami.report import judge as report

    if options.output is None:
        report.writer(options.form)(verdicts, counts, sys.stdout)
        return
    with files.writing(options.output) as file:
        report.writer(options.form)(verdicts, counts, file)
    say(f"wrote {options.output}")


def _finish(counts: "VerdictCounts", problems: list[str], fail_on: Severity) -> None:
    if counts.incomplete:
        raise IncompleteError(
            f"events that could not be judged: {counts.incomplete}",
            notes=problems,
            fix="messages of a queue stay there, and go to its dead-letter queue; the next audit "
            "sees what they are about",
        )
    if failing := counts.failing(fail_on):
        raise FindingsError(f"events found something: {failing} open")
