"""goldenami: bake, distribute, enforce and audit golden AMIs from one release file."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "audit", "load_release", "prove"]  # see __init__.pyi


def __getattr__(name: str) -> Any:
    """Import what is promised to other programs when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("goldenami.api"), name)
