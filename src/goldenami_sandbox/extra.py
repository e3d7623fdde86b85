"""The extra ``sandbox`` of goldenami: what is wrong if the sandbox cannot be imported."""

from importlib import metadata

from goldenami.errors import GoldenamiError
from goldenami_sandbox.overriding import MotoChangedError

PACKAGES = ("flask", "flask_cors", "moto", "werkzeug")
"""What the extra installs, and the sandbox or moto's server imports."""


def unusable(error: ImportError) -> GoldenamiError:
    """Return why the sandbox cannot be imported: its extra is missing, or is not what it knows."""
    if isinstance(error, ModuleNotFoundError) and error.name in PACKAGES:
        return GoldenamiError(
            f"the sandbox needs {error.name}, which is not installed",
            fix=f"install what the extra `sandbox` of goldenami does: pip install {_required()}",
        )
    problem = str(error)
    if not isinstance(error, MotoChangedError):
        problem = f"moto {metadata.version('moto')}: {problem}"
    return GoldenamiError(
        f"the sandbox does not work with {problem}",
        fix=f"install what it was made for: pip install {_required()}",
    )


def _required() -> str:
    """Return the packages that the extra is made of, as a shell takes them.

    goldenami itself is not named: an index may have something else by its name.
    """
    parts = (requirement.partition(";") for requirement in metadata.requires("goldenami") or ())
    return " ".join(f"'{name.strip()}'" for name, _, marker in parts if "sandbox" in marker)
