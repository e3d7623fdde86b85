"""Which releases are out of date: read what each is made of, judge it, parents first."""

from goldenami.workflows.freshness.assessment import Freshness, assess, unreadable
from goldenami.workflows.freshness.cascade import BakeOutcome, parents_first

__all__ = ["BakeOutcome", "Freshness", "assess", "parents_first", "unreadable"]
