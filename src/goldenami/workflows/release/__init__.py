"""The bake: prepare (read and check everything), plan (data), carry out, publish."""

from goldenami.workflows.release.carry_out import Released, ReleasedImage, bake, going_on
from goldenami.workflows.release.choose import to_approve, unfinished
from goldenami.workflows.release.prepare import Prepared, prepare

__all__ = [
    "Prepared", "Released", "ReleasedImage", "bake", "going_on", "prepare", "to_approve",
    "unfinished",
]  # fmt: skip
