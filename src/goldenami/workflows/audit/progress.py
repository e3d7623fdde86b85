"""How far an audit is: read by whoever shows it, while it runs."""

from collections.abc import Sequence

from goldenami.workflows.audit.summary import PlaceSummary


class AuditProgress:
    """Counts the places that are read, and what was judged there so far."""

    def __init__(self) -> None:
        self._places: Sequence[PlaceSummary] = ()

    def begin(self, places: Sequence[PlaceSummary]) -> None:
        """Tell which places there are to read."""
        self._places = places

    @property
    def text(self) -> str:
        """How far it is, in a few words."""
        if not self._places:
            return "looking for golden images"
        read = sum(place.read for place in self._places)
        judged = sum(place.judged for place in self._places)
        return f"{read} of {len(self._places)} places read, {judged:,} instances and launches"
