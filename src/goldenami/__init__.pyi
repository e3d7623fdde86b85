from goldenami.api import audit, load_release, prove

__version__: str
__all__ = ["__version__", "audit", "load_release", "prove"]
