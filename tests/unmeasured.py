"""Lets botocore work unmeasured: its lines are nobody's to cover, and each costs the tracer's time.

Coverage measures by a function that Python calls at each line, whosever it is, up to 3.13. A call
to AWS is thousands of botocore's lines and a few of ours (what reads answers, which has
tests of its own), so that most of the time of a measured test would be theirs.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import pytest
from boto3.session import Session
from botocore.client import BaseClient

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


def leave_botocore_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no call to AWS and no making of a client."""
    for owner, name in ((BaseClient, "_make_api_call"), (Session, "client")):
        monkeypatch.setattr(owner, name, unmeasured(getattr(owner, name)))
