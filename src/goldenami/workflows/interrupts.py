"""Ctrl-C, SIGTERM and SIGHUP as values, while something must not be left in the middle.

An exception that can come up between any two lines loses what the first of them has just made; so
signals are counted here, and whoever waits is told.
"""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import FrameType
from typing import Any, Self, TypeVar

from goldenami.aws.parallel import take

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Counts the signals that ask the process to end, from ``with`` to its end.

    A signal that was ignored before (``nohup``) stays ignored. Outside of the main thread nothing
    is ever counted.
    """

    def __init__(self) -> None:
        self.count = 0
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _note(self, _: int, __: FrameType | None) -> None:
        self.count += 1
        self._inbox.put(None)

    def inbox(self) -> SimpleQueue[Any]:
        """Return a new queue, which gets None for each signal from now on."""
        self._inbox = SimpleQueue()
        return self._inbox

    def wait_for(self, do: Callable[[], T], *, patience: int = 1) -> T:
        """Call something that may be given up, and return what it does.

        It is called in a thread of its own, which no exit waits for.

        Args:
            do: what to call.
            patience: with how many signals it is given up.

        Raises:
            KeyboardInterrupt: it was given up, and may still be under way.
        """
        inbox, answer = self.inbox(), Future[T]()

        def work() -> None:
            try:
                answer.set_result(do())
            except BaseException as error:
                answer.set_exception(error)
            inbox.put(answer)

        threading.Thread(target=work, daemon=True).start()
        while take(inbox) is None:
            patience -= 1
            if not patience:
                raise KeyboardInterrupt
        return answer.result()
