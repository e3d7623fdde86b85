"""Many questions at once: their order, what AWS refuses, and who is not waited for."""

import threading

import pytest

from goldenami.aws.parallel import WORKERS, ahead, concurrently, side_by_side, take
from goldenami.errors import AwsError, BakeError


def test_answers_stand_in_the_order_of_the_questions() -> None:
    second = threading.Event()

    def ask(question: int) -> int:
        if question == 1:
            second.wait(10)
        else:
            second.set()
        return question * 10

    assert list(concurrently([1, 2, 3], ask)[0].items()) == [(1, 10), (2, 20), (3, 30)]


def test_what_aws_refuses_is_a_value_and_any_other_error_is_raised() -> None:
    def ask(question: str) -> str:
        if question == "refused":
            raise AwsError("no")
        if question == "broken":
            raise BakeError("it is broken")
        return question

    answers, errors = concurrently(["a", "refused"], ask)
    assert (list(answers), list(errors)) == (["a"], ["refused"])
    with pytest.raises(BakeError, match="it is broken"):
        concurrently(["a", "broken"], ask)


def test_no_question_is_no_answer_and_many_are_asked_by_some() -> None:
    assert concurrently([], lambda question: question) == ({}, {})
    names: set[str] = set()

    def ask(question: int) -> int:
        names.add(threading.current_thread().name)
        return question

    assert len(concurrently(range(WORKERS * 4), ask)[0]) == WORKERS * 4
    assert len(names) <= WORKERS


def test_an_error_is_not_held_up_and_nothing_more_is_asked() -> None:
    for_ever, asked = threading.Event(), []

    def ask(question: int) -> int:
        asked.append(question)
        if question == 1:
            raise BakeError("it is broken")
        for_ever.wait()
        return question

    with pytest.raises(BakeError):
        concurrently(range(WORKERS * 2), ask)
    for_ever.set()
    assert len(asked) <= WORKERS + 1


def test_what_is_asked_ahead_is_answered_as_often_as_it_is_waited_for() -> None:
    def refused() -> int:
        raise AwsError("no")

    answer, error = ahead(lambda: 7), ahead(refused)
    assert (answer(), answer()) == (7, 7)
    for _ in range(2):
        with pytest.raises(AwsError, match="no"):
            error()


def test_of_several_errors_that_of_the_first_question_is_told() -> None:
    second = threading.Event()

    def ask(question: int) -> int:
        if question == 1:
            second.wait(10)
        if question < 3:
            second.set()
            raise BakeError(f"it is broken: {question}")
        return question

    assert side_by_side([4, 3], ask) == {4: 4, 3: 3}
    with pytest.raises(BakeError, match="broken: 1"):
        side_by_side([1, 2, 3], ask)


def test_a_question_that_takes_long_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldenami.aws.parallel.WAIT_S", 0.001)
    answer = ahead(lambda: threading.Event().wait(0.05))
    assert answer() is False


def test_what_comes_late_is_taken_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from queue import SimpleQueue

    monkeypatch.setattr("goldenami.aws.parallel.WAIT_S", 0.001)
    queue: SimpleQueue[int] = SimpleQueue()
    threading.Timer(0.05, queue.put, [7]).start()
    assert take(queue) == 7
