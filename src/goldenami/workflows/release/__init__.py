"""The bake: prepare (read and check everything), plan (data), carry out, publish."""

from goldenami.workflows.release.answers import ask_ahead
from goldenami.workflows.release.build_selection import to_approve, unfinished
from goldenami.workflows.release.preparation import prepare
from goldenami.workflows.release.prepared import Prepared
from goldenami.workflows.release.run import Released, ReleasedImage, bake, going_on

__all__ = [
    "Prepared", "Released", "ReleasedImage", "ask_ahead", "bake", "going_on", "prepare",
    "to_approve", "unfinished",
]  # fmt: skip
