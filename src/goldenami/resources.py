"""Finds ``templates/``, ``packer/``, ``policies/`` and ``examples/``, in a checkout or a wheel."""

from pathlib import Path

from goldenami.errors import GoldenamiError

_PACKAGE = Path(__file__).parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parents[1])  # an installed wheel, a checkout


def folder(name: str) -> Path:
    """Return the folder ``name`` (``templates``, ``packer``, ``policies`` or ``examples``).

    Raises:
        GoldenamiError: the installation lacks it.
    """
    for place in _PLACES:
        if (place / name).is_dir():
            return place / name
    raise GoldenamiError(
        f"this installation of goldenami has no {name}/ folder",
        fix="install it again: pip install --force-reinstall goldenami",
    )
