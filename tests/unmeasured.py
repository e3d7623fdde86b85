"""Lets some work unmeasured: each line costs the tracer's time, however often it was seen.

Coverage measures by a function that Python calls at each line, whosever it is, up to 3.13. A call
to AWS is thousands of botocore's lines and a few of ours (what reads answers, which has
tests of its own), so that most of the time of a measured test would be theirs. A proof is hundreds
of decisions, all by the same lines.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from socketserver import BaseServer, ThreadingMixIn
from typing import Any, TypeVar

import pytest
from boto3.session import Session
from botocore.client import BaseClient
from botocore.session import Session as BotocoreSession

from goldenami.workflows import prove
from goldenami.workflows.enforce import proof

R = TypeVar("R")


def unmeasured(function: Callable[..., R]) -> Callable[..., R]:
    """Return the function, not traced in the thread that calls it."""

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> R:
        tracer = sys.gettrace()
        if tracer is None:
            return function(*arguments, **named)
        sys.settrace(None)
        try:
            return function(*arguments, **named)
        finally:
            sys.settrace(tracer)

    return call


@contextmanager
def nothing_measured() -> Iterator[None]:
    """Measure nothing for a while: in this thread, those that it starts, and other processes.

    In a worker of pytest-xdist pytest-cov measures twice, and its ``no_cover`` stops one of both.
    """
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    of_processes = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        if of_processes is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = of_processes
        threading.settrace(of_threads)
        sys.settrace(tracer)


@contextmanager
def examples_measured(hypothesis: Any) -> Iterator[None]:
    """Measure a property with each example, and nothing of what draws the examples.

    Args:
        hypothesis: what Hypothesis hangs on a test of its own, with the property in it.
    """
    tracer, test = sys.gettrace(), hypothesis.inner_test

    @wraps(test)
    def measured(*arguments: Any, **named: Any) -> Any:
        sys.settrace(tracer)
        try:
            return test(*arguments, **named)
        finally:
            sys.settrace(None)

    hypothesis.inner_test = measured
    sys.settrace(None)
    try:
        yield
    finally:
        hypothesis.inner_test = test
        sys.settrace(tracer)


def leave_sandbox_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no thread of a sandbox: neither what takes connections nor what answers them."""
    for owner, name in ((BaseServer, "serve_forever"), (ThreadingMixIn, "process_request_thread")):
        monkeypatch.setattr(owner, name, unmeasured(getattr(owner, name)))


def leave_botocore_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no call to AWS and no making of a session or a client."""
    makers = (
        (BotocoreSession, "__init__"),
        (BotocoreSession, "create_client"),
        (Session, "client"),
    )
    for owner, name in ((BaseClient, "_make_api_call"), *makers):
        monkeypatch.setattr(owner, name, unmeasured(getattr(owner, name)))


def leave_proofs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no proof: neither of what is enforced, nor of a question about it."""
    for user in (proof, prove):
        monkeypatch.setattr(user, "prove", unmeasured(user.prove))
