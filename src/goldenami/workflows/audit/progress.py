"""How far an audit is: read by whoever shows it, while it runs."""

from goldenami.workflows.audit.summary import PlaceSummary


class AuditProgress:
    """Counts the places that are read, and what was judged there so far."""

    def __init__(self) -> None:
        self._places = 0
        self._summaries: list[PlaceSummary] = []
        self._read: set[int] = set()

    def begin(self, places: int) -> None:
        """Tell how many places there are to read."""
        self._places = places

    def reading(self, summary: PlaceSummary) -> None:
        """Tell that a place is being read; what is judged there counts from now on."""
        self._summaries.append(summary)

    def read(self, summary: PlaceSummary) -> None:
        """Tell that a place is read."""
        self._read.add(id(summary))

    @property
    def text(self) -> str:
        """How far it is, in a few words."""
        if not self._places:
            return "looking for golden images"
        judged = sum(summary.judged for summary in list(self._summaries))
        return f"{len(self._read)} of {self._places} places read, {judged:,} instances and launches"
