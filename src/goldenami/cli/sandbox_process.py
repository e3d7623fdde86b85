"""Starts the sandbox in a process that forgets the user's own AWS for the while."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldenami_sandbox.server import Sandbox


@contextmanager
def running(port: int = 0) -> Iterator["Sandbox"]:
    """Run a sandbox; for the while this process has none of the user's AWS settings.

    Raises:
        GoldenamiError: moto (the extra ``sandbox``) is not installed, or the port is taken.
    """
    with _without_aws_settings():
        from goldenami_sandbox.server import Sandbox

        with Sandbox(port=port) as sandbox:
            yield sandbox


@contextmanager
def _without_aws_settings() -> Iterator[None]:
    """Hide the AWS variables and files of the user; put every variable back at the end."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="goldenami-sandbox-") as empty:
        for name in [variable for variable in before if variable.startswith("AWS_")]:
            del os.environ[name]
        os.environ["AWS_CONFIG_FILE"] = str(Path(empty) / "config")
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(Path(empty) / "credentials")
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
