"""Packer templates, shipped and the user's own: text that values reach by a variable file only."""

import os
from pathlib import Path

import jinja2
from msgspec import Struct

from goldenami import files
from goldenami.bake.packer_cli import Packer
from goldenami.errors import SpecError
from goldenami.resources import folder as resource_folder

SUFFIX = ".pkr.hcl.j2"


class Template(Struct, frozen=True):
    """A template that Packer can be run on.

    Attributes:
        name: as the user wrote it.
        folder: where Packer runs, so that relative paths in the template start there.
        argument: the file to give to Packer, relative to ``folder``.
        private: a private folder with what else it is run with, gone after the build.
    """

    name: str
    folder: Path
    argument: str
    private: Path

    @property
    def manifest(self) -> Path:
        """Where Packer writes what it has made."""
        return self.private / "manifest.json"

    @property
    def variable_file(self) -> Path:
        """The values of its variables."""
        return self.private / "values.pkrvars.json"

    @property
    def is_legacy(self) -> bool:
        """Whether it is written in JSON as before HCL, where variables are strings only."""
        return self.argument.endswith(".json") and not self.argument.endswith(".pkr.json")


def shipped_templates() -> tuple[str, ...]:
    """Return the names of the templates that come with goldenami."""
    paths = resource_folder("packer").glob(f"*{SUFFIX}")
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in paths))


def render_template(name: str, packer: Packer, *, provision: bool) -> str:
    """Return a shipped template for the Packer that was found.

    Args:
        name: ``amazon-ebs`` or ``amazon-chroot``.
        packer: 1.7 and newer are told which plugin to use; older ones know no such block.
        provision: whether there are commands to run; Packer refuses a provisioner without any.

    Raises:
        SpecError: there is no such template.
    """
    if name not in shipped_templates():
        raise _unknown(name)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_folder("packer")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  HCL, not HTML, and no values in it
    )
    template = environment.get_template(f"{name}{SUFFIX}")
    return template.render(plugins=packer.has_plugins, provision=provision)


def place_template(name: str, packer: Packer, folder: Path, *, provision: bool) -> Template:
    """Return a template ready to run: a shipped one is written into ``folder``.

    Args:
        name: a shipped template's name, or the path of the user's own file or folder.
        packer: see `render_template`.
        folder: a private folder.
        provision: see `render_template`.

    Raises:
        SpecError: there is neither, or it is not a file to be read.
    """
    if name in shipped_templates():
        argument = f"{name}.pkr.hcl"
        text = render_template(name, packer, provision=provision)
        write_private(folder / argument, text.encode())
        return Template(name, folder, argument, folder)
    path = Path(name).absolute()
    if path.is_dir():
        return Template(name, path, ".", folder)
    if path.exists():
        files.read_bytes(path)  # Packer would wait for a pipe for ever
        return Template(name, path.parent, path.name, folder)
    raise _unknown(name)


def _unknown(name: str) -> SpecError:
    return SpecError(
        f"there is no Packer template {name!r}",
        fix=f"name one of {', '.join(shipped_templates())}, or a template file that exists",
    )


def write_private(path: Path, content: str | bytes) -> None:
    """Write a new file that only its owner can read; bytes go into it as they are."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
