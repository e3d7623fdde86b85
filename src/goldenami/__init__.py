"""goldenami: bake, distribute, enforce and audit golden AMIs from one release file."""

__version__ = "0.1.0"
