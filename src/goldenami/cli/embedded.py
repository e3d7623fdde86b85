"""Starts the sandbox, which is an optional part of the installation."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from goldenami.errors import GoldenamiError

if TYPE_CHECKING:
    from goldenami.sandbox.server import Sandbox


@contextmanager
def running(port: int = 0) -> Iterator["Sandbox"]:
    """Run a sandbox; for the while this process has none of the user's AWS settings.

    Raises:
        GoldenamiError: moto is not installed, or the port is taken.
    """
    with _without_aws_settings():
        try:
            from goldenami.sandbox.server import Sandbox
        except ModuleNotFoundError as error:
            raise GoldenamiError(
                f"the embedded AWS is not installed (no module {error.name})",
                fix="pip install 'goldenami[sandbox]'",
            ) from error
        with Sandbox(port=port) as sandbox:
            yield sandbox


@contextmanager
def _without_aws_settings() -> Iterator[None]:
    """Hide the AWS variables and files of the user; put every variable back at the end."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="goldenami-sandbox-") as empty:
        for name in [one for one in before if one.startswith("AWS_")]:
            del os.environ[name]
        os.environ["AWS_CONFIG_FILE"] = str(Path(empty) / "config")
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(Path(empty) / "credentials")
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
