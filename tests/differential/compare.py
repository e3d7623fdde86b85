"""`make differential`: goldenami's evaluator beside an independent simulator, on random pairs.

Every pair of a policy set and a request that both decide has to be decided the same, but for what
``disagreements.json`` lists. A pair that differs is made as small as it goes first, so that what is
left of it is the cause.

    python -m tests.differential.compare FOLDER [--pairs 20000] [--seed 1]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from goldenami.iam.evaluator.decide import Decision, Outcome

from . import causes
from .generator import Pair, pairs
from .minimise import minimal, shown
from .sides import OUTCOMES, Simulator, decided

REQUESTS = 4
"""How many requests are made to each policy set."""
SETS = 250
"""How many policy sets each seed makes."""
DENIED = ("ImplicitlyDenied", "ExplicitlyDenied")


class Comparison:
    """What was compared so far."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.outcomes: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.refused: list[str] = []
        self.unexplained: list[str] = []

    @property
    def compared(self) -> int:
        """How many pairs both sides decided."""
        return self.outcomes.total()

    def take(self, pair: Pair) -> None:
        """Compare one pair."""
        decision = decided(pair)
        if decision.outcome is Outcome.UNKNOWN:
            self.unknown[_kind(decision.doubts[0].why)] += 1
            return
        answer = self.simulator.ask(pair)
        if "error" in answer:
            self.refused.append(f"{answer['error']}: {shown(pair)}")
            return
        self.outcomes[OUTCOMES[decision.outcome]] += 1
        if not _agree(decision, answer["outcome"]):
            self._explain(minimal(pair, self._differs))

    def _explain(self, smallest: Pair) -> None:
        cause = causes.cause_of(smallest)
        if cause:
            self.known[cause] += 1
            return
        told = self.simulator.ask(smallest)["outcome"]
        self.unexplained.append(f"{decided(smallest).reason}; simulator {told}: {shown(smallest)}")

    def _differs(self, pair: Pair) -> bool:
        decision = decided(pair)
        if decision.outcome is Outcome.UNKNOWN:
            return False
        answer = self.simulator.ask(pair)
        return "error" not in answer and not _agree(decision, answer["outcome"])

    def lines(self) -> Iterator[str]:
        """Yield what was found."""
        decided_as = ", ".join(f"{count} {name}" for name, count in self.outcomes.most_common())
        same = self.compared - self.known.total() - len(self.unexplained)
        yield f"{self.compared} pairs compared ({decided_as}): {same} the same"
        rows = {one.cause: one for one in causes.listed()}
        for cause, count in self.known.most_common():
            yield f"{count:6} differ: {cause} ({rows[cause].right} is right, {rows[cause].page})"
        for why, count in self.unknown.most_common():
            yield f"{count:6} unknown to goldenami, not compared: {why}"
        for name, several in (("differ for no listed cause", self.unexplained),
                              ("refused by the simulator", self.refused)):  # fmt: skip
            yield f"{len(several):6} {name}"
            yield from (f"       {one}" for one in several[:20])


def _agree(decision: Decision, told: str) -> bool:
    """Tell whether both say the same; which kind of deny it is may be unknown."""
    if decision.doubts:
        return told in DENIED
    return OUTCOMES[decision.outcome] == told


def _kind(why: str) -> str:
    """Return a reason without the key that it is about."""
    return " ".join("KEY" if ":" in word else word for word in why.split())


def main() -> int:
    """Compare, tell, and return 0 only if nothing is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where npm installed the simulator")
    parser.add_argument("--pairs", type=int, default=20_000, help="how many to compare at least")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; more follow it")
    given = parser.parse_args()
    seed = given.seed
    with Simulator(given.folder) as simulator:
        comparison = Comparison(simulator)
        while comparison.compared < given.pairs and not comparison.refused:
            for pair in pairs(seed, SETS, REQUESTS):
                comparison.take(pair)
            seed += 1
    lines = (f"seeds {given.seed} to {seed - 1}", *comparison.lines())
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if comparison.unexplained or comparison.refused else 0


if __name__ == "__main__":
    sys.exit(main())
