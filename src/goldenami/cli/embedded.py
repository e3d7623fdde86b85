"""Starts the sandbox, which is an optional part of the installation."""

from typing import TYPE_CHECKING

from goldenami.errors import GoldenamiError

if TYPE_CHECKING:
    from goldenami.sandbox.server import Sandbox


def server(port: int = 0) -> "Sandbox":
    """Return a sandbox that is not started yet (a context manager).

    Raises:
        GoldenamiError: moto is not installed.
    """
    try:
        from goldenami.sandbox.server import Sandbox
    except ModuleNotFoundError as error:
        raise GoldenamiError(
            f"the embedded AWS is not installed (no module {error.name})",
            fix="pip install 'goldenami[sandbox]'",
        ) from error
    return Sandbox(port=port)
