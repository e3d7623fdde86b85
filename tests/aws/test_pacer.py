"""Calls are paced within EC2's quota."""

from goldenami.aws.pacer import A_SECOND, BURST, Pacer

QUOTA_BURST, QUOTA_A_SECOND = 100, 20


class Time:
    """A clock that goes on where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_first_calls_wait_for_nothing_and_the_others_for_the_quota() -> None:
    time = Time()
    pacer = Pacer(time.clock, time.sleep)
    sent = []
    for _ in range(400):
        pacer.wait()
        sent.append(time.now)
    assert sent[BURST - 1] == 0
    assert sent[BURST] > 0
    for end in range(len(sent)):
        for begin in range(end + 1):
            in_window = end - begin + 1
            assert in_window <= QUOTA_BURST + QUOTA_A_SECOND * (sent[end] - sent[begin]) + 1e-6


def test_a_pause_lets_further_calls_go_at_once_but_never_more_than_the_first_time() -> None:
    time = Time()
    pacer = Pacer(time.clock, time.sleep)
    for _ in range(BURST):
        pacer.wait()
    time.now += 3600
    for _ in range(BURST):
        pacer.wait()
    assert time.now == 3600
    pacer.wait()
    assert round(time.now - 3600, 6) == round(1 / A_SECOND, 6)
