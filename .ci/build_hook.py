"""Lets a wheel bring man pages and completions, made of the command line that it has.

They are made when it is built, so that they cannot say anything else. What goldenami's command line
imports at its start is needed for that: pyproject.toml names it.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPages(BuildHookInterface[Any]):
    """The hook of wheels; an editable one has no such files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files, and tell where they go."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path[:0] = [str(root / "src"), str(root / ".ci")]
        from man_pages import shared

        self._folder = TemporaryDirectory(prefix="goldenami-build-")
        for name, text in shared().items():
            path = Path(self._folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            build_data["shared_data"][str(path)] = name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written; the wheel has it."""
        if version != "editable":
            self._folder.cleanup()
