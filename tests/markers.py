"""Marks tests by what they use, so that `make check` knows what to leave out.

A test is of the sandbox if it gets one through its fixtures, or makes one in its own lines. One
that starts it by a command (`goldenami rehearse`) says so: `pytestmark = pytest.mark.sandbox`. A
test that is not marked and starts one all the same fails.
"""

from types import FunctionType
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

_START = Sandbox.start
FIXTURES = {"sandbox": "sandbox_port", "browser": "browser"}
"""The fixture that leads to what a marker names: whoever uses it, at however many steps."""


def mark(item: pytest.Item) -> None:
    """Give a test the markers of what it uses."""
    names = getattr(item, "fixturenames", ())
    for marker, fixture in FIXTURES.items():
        if fixture in names:
            item.add_marker(marker)
    function = getattr(item, "function", None)
    if isinstance(function, FunctionType) and Sandbox.__name__ in function.__code__.co_names:
        item.add_marker("sandbox")


def allow(item: pytest.Item) -> None:
    """Let a test start sandboxes from now on, if it is marked: `make check` has none of these."""
    start: Any = _START if item.get_closest_marker("sandbox") else _refused
    Sandbox.start = start  # type: ignore[method-assign]


def _refused(_: Sandbox) -> Sandbox:
    """Take the place of ``Sandbox.start`` in a test that has no marker of it."""
    raise AssertionError("a test that starts a sandbox is marked: pytest.mark.sandbox")
