"""Packer's plugins: programs that run with the caller's credentials, so a release may pin them.

Packer checks the archive that it downloads against the release's own SHA256SUMS, and an installed
program against the sum that lies beside it; both come from where the program comes from. A pin of
the release file (``bake.plugins``) is held against the bytes of each installed program of that
name, before Packer is run, and again after ``packer init``. A pinned plugin has to be there then.
https://developer.hashicorp.com/packer/docs/configure#packer-s-plugin-directory says where they lie.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from goldenami import files
from goldenami.errors import RefusedError

AMAZON = "amazon"
_PROGRAM = re.compile(r"packer-plugin-(?P<name>[a-z0-9-]+?)(?:_v[0-9].*)?")
_SUM = "_SHA256SUM"


class Plugin(Struct, frozen=True):
    """An installed plugin."""

    name: str
    path: Path

    @property
    def sha256(self) -> str:
        """The checksum of the program.

        Raises:
            SpecError: it cannot be read.
        """
        checksum = hashlib.sha256()
        with files.reading(self.path) as file:
            while block := file.read(files.MIB):
                checksum.update(block)
        return checksum.hexdigest()


def folders(environment: Mapping[str, str], executable: str, working: Path) -> tuple[Path, ...]:
    """Return where Packer looks for plugins, in any of its versions."""
    home = Path(environment.get("HOME", "/"))
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "packer"
    own = environment.get("PACKER_CONFIG_DIR")
    paths = [Path(each) for each in environment.get("PACKER_PLUGIN_PATH", "").split(":") if each]
    paths += [Path(executable).parent, working, config / "plugins", home / ".packer.d" / "plugins"]
    if own:
        paths += [Path(own) / "plugins", Path(own) / ".packer.d" / "plugins"]
    return tuple(dict.fromkeys(paths))


def installed(where: Sequence[Path]) -> Iterator[Plugin]:
    """Yield the plugins in these folders: there, or as deep as their source's address is."""
    for folder in where:
        for pattern in ("packer-plugin-*", "*/*/*/packer-plugin-*"):
            for path in sorted(folder.glob(pattern)):
                match = _PROGRAM.fullmatch(path.name)
                if match and not path.name.endswith(_SUM) and os.access(path, os.X_OK):
                    yield Plugin(match["name"], path)


def check(
    where: Sequence[Path], pins: Mapping[str, Sequence[str]], *, complete: bool
) -> tuple[str, ...]:
    """Hold the installed plugins against their pins.

    Args:
        where: the folders.
        pins: by the name of a plugin, the SHA-256 that its programs may have.
        complete: whether each pinned plugin has to be there.

    Returns:
        What is to be known of the Amazon plugin, if it is not pinned.

    Raises:
        RefusedError: a program has another checksum, or is missing.
    """
    there = list(installed(where))
    wrong = [
        f"{plugin.path} has SHA-256 {checksum}, which is not pinned"
        for plugin in there
        if plugin.name in pins and (checksum := plugin.sha256) not in pins[plugin.name]
    ]
    missing = sorted(pins.keys() - {plugin.name for plugin in there}) if complete else []
    wrong += [f"the plugin {name} is pinned, and not installed" for name in missing]
    if wrong:
        raise RefusedError(
            "Packer's plugins are not those that `bake.plugins` pins",
            notes=wrong,
            fix="remove the program and find out where it comes from, or pin the new one",
        )
    return tuple(
        f"{plugin.path.name} is not pinned: `bake: {{plugins: {{amazon: [{plugin.sha256}]}}}}`"
        for plugin in there
        if plugin.name == AMAZON and AMAZON not in pins
    )
