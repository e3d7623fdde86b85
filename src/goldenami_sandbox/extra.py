"""The extra ``sandbox`` of goldenami: what is wrong if the sandbox cannot be imported."""

import re
from importlib import metadata

from goldenami.errors import GoldenamiError
from goldenami_sandbox.overriding import MotoChangedError

PACKAGES = ("flask", "flask_cors", "moto", "werkzeug")
"""What the extra installs, and the sandbox or moto's server imports."""
_MOTO = re.compile(r"moto\b[^<>=!~;]*(?P<versions>[^;]*)")


def unusable(error: ImportError) -> GoldenamiError:
    """Return why the sandbox cannot be imported: its extra is missing, or is not what it knows."""
    if isinstance(error, ModuleNotFoundError) and error.name in PACKAGES:
        return GoldenamiError(
            f"the sandbox needs {error.name}, which is not installed",
            fix='pip install "goldenami[sandbox]"',
        )
    problem = str(error)
    if not isinstance(error, MotoChangedError):
        problem = f"moto {metadata.version('moto')}: {problem}"
    return GoldenamiError(
        f"the sandbox does not work with {problem}",
        fix=f"install the moto that it was made for: pip install 'moto{_versions()}'",
    )


def _versions() -> str:
    """Return the versions of moto that goldenami asks for."""
    for requirement in metadata.requires("goldenami") or ():
        if match := _MOTO.match(requirement):
            return match["versions"].strip()
    return ""
