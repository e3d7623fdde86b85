"""The sandbox beside what AWS publishes: its service models, and the answers in its documentation.

What differs, and is to stay so, stands in `differences.txt` with the reason; the list only shrinks.
"""

from pathlib import Path

import pytest
from tests.aws.test_whole import KINDS

from goldenami_sandbox.server import Sandbox

from . import published, shapes
from .play import play
from .player import Answered

Known = dict[str, str]
LIST = Path(__file__).with_name("differences.txt")


@pytest.fixture(scope="module")
def answered(sandbox_port: int) -> dict[str, Answered]:
    with Sandbox(sandbox_port) as sandbox:
        return play(sandbox)


@pytest.fixture(scope="module")
def known() -> Known:
    """Return the reason of each difference that is to stay."""
    return dict(line.split(": ", 1) for line in LIST.read_text().splitlines())


def test_every_operation_that_goldenami_calls_is_compared(
    answered: dict[str, Answered],
) -> None:
    assert {kind.call for kind in KINDS.values()} - answered.keys() == set()


def test_no_answer_contradicts_its_services_model(
    answered: dict[str, Answered], known: Known
) -> None:
    assert sorted(contradicting(answered) - known.keys()) == []


def test_answers_differ_from_published_ones_as_far_as_is_listed(
    answered: dict[str, Answered], known: Known, aws_cli: str
) -> None:
    examples = published.cli_examples()
    assert examples is not None, f"{aws_cli} has no examples beside it"
    found = differing(answered, examples)
    assert sorted(found - known.keys()) == []
    gone = known.keys() - found - contradicting(answered)
    assert sorted(gone) == [], "these differ no more: take them off the list"


def contradicting(answered: dict[str, Answered]) -> set[str]:
    return {
        f"{name} {contradiction}"
        for name, operation in answered.items()
        for answer in operation.answers
        for contradiction in shapes.contradictions(operation.shape, answer)
    }


def differing(answered: dict[str, Answered], examples: Path) -> set[str]:
    found = set()
    for name, operation in answered.items():
        service, _, operation_name = name.partition(":")
        answers = published.answers(examples, service, operation_name)
        theirs = shapes.seen(operation.shape, answers)
        ours = shapes.seen(operation.shape, operation.answers)
        found |= {f"{name} {difference}" for difference in shapes.differences(theirs, ours)}
    return found
