"""The count of round trips that tests of commands go by: what it takes for one after the other."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest
from tests.round_trips import counted

from goldenami.aws.answers.others import GetCallerIdentity
from goldenami.aws.parallel import ahead, concurrently, in_regions, side_by_side
from goldenami.aws.session import Aws
from goldenami_sandbox.server import Sandbox


def ask(aws: Aws, _: object = None) -> str:
    return aws.ask(GetCallerIdentity, "asking").account


def ask_twice(aws: Aws, _: object = None) -> str:
    return ask(aws) + ask(aws)


def one_after_the_other(aws: Aws) -> None:
    ask(aws)
    ask_twice(aws)


def all_at_once(aws: Aws) -> None:
    side_by_side(range(5), partial(ask, aws))


def several_kinds_of_questions_each_with_its_own_chain(aws: Aws) -> None:
    early = ahead(partial(ask_twice, aws))
    concurrently(range(5), partial(ask, aws))
    early()
    ask(aws)


def what_nobody_waits_for(aws: Aws) -> None:
    first = ahead(partial(ask, aws))
    ask(aws)
    ask(aws)
    first()


def what_is_known_already(aws: Aws) -> None:
    _ = aws.account
    side_by_side(range(5), lambda _: aws.account)


def what_is_asked_after_the_answers_of_others(aws: Aws) -> None:
    def then(name: str) -> str:
        early = ahead(partial(ask, aws))
        return early() + ask(aws)

    in_regions(["a", "b"], then)
    ask(aws)


def what_a_free_thread_is_given(aws: Aws) -> None:
    ended = Event()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(ask, aws).add_done_callback(lambda _: ended.set())
        assert ended.wait(60)
        pool.submit(ask, aws)  # nobody has looked at the first answer


def what_waits_for_a_thread(aws: Aws) -> None:
    given = Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: given.wait(60) and ask(aws))
        pool.submit(ask, aws)
        pool.submit(ask, aws)
        given.set()


@pytest.mark.parametrize(
    ("chain", "trips"),
    [
        (one_after_the_other, 3),
        (all_at_once, 1),
        (several_kinds_of_questions_each_with_its_own_chain, 3),
        (what_nobody_waits_for, 2),
        (what_is_known_already, 1),
        (what_is_asked_after_the_answers_of_others, 3),
        (what_a_free_thread_is_given, 1),
        (what_waits_for_a_thread, 3),
    ],
)
def test_round_trips_are_the_longest_chain_of_calls(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, chain: "object", trips: int
) -> None:
    aws = Aws()
    with counted(monkeypatch) as seen:
        chain(aws)  # type: ignore[operator]
    assert seen.operations == [["GetCallerIdentity"]] * trips
    assert seen.beyond_start == trips - 1
