"""The bake: prepare (read and check everything), plan (data), carry out, publish."""

from goldenami.workflows.release.carry_out import Released, ReleasedImage, bake
from goldenami.workflows.release.prepare import Prepared, prepare
from goldenami.workflows.release.recover import candidates, unfinished

__all__ = ["Prepared", "Released", "ReleasedImage", "bake", "candidates", "prepare", "unfinished"]
