"""Decisions of the policy evaluator: part of `make bench`.

What is asked is drawn at random, see ``matrix.py``: 100 principals with policies of their own, and
requests of which no two are alike. Each is decided once: no answer can be remembered. Policies are
compiled before, as for any account; what compiling takes has a row of its own. The yardstick is
json.loads of the same policies' text, and a fixed loop tells how busy the machine is.
"""

import gc
import json
import statistics
import time
from collections.abc import Callable

from matrix import Matrix

from goldenami.iam.evaluator.decide import decide
from goldenami.iam.evaluator.document import compile_policy

TARGET = 100_000
ROUNDS, REQUESTS = 9, 5_000
LOOP = 200_000


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time that some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def loop() -> None:
    """Do what is the same on every run."""
    numbers: dict[int, str] = {}
    for number in range(LOOP):
        numbers[number & 1023] = str(number)


def main() -> None:
    """Measure and print."""
    matrix = Matrix(seed=7)
    texts = [json.dumps(document) for document in matrix.documents]
    allowed, rates, loops = 0, [], []
    for _ in range(ROUNDS):
        drawn = matrix.requests(REQUESTS)
        gc.collect()
        gc.freeze()  # what waits to be asked is no garbage of the decisions
        start = time.process_time()
        for policies, request in drawn:
            allowed += decide(policies, request).allowed
        rates.append(REQUESTS / (time.process_time() - start))
        loops.append(seconds(loop))
    first, rate = rates[0], statistics.median(rates[1:])
    parsed = seconds(lambda: [json.loads(text) for text in texts])
    compiled = seconds(lambda: [compile_policy("policy", text) for text in texts])
    falls_short = "" if rate >= TARGET else "   falls short"
    print(f"{ROUNDS * REQUESTS:,} requests, each asked once, {allowed:,} of them allowed")
    print(f"resource decisions     {rate:9,.0f} /s of one core   target {TARGET:,}{falls_short}")
    print(f"the first {REQUESTS:,}        {first:9,.0f} /s, which have to look for the statements")
    print(f"in a loop of str()     {rate * statistics.median(loops) / LOOP:9.3f} decisions a turn")
    print(f"compiling a policy     {compiled / parsed:9.1f} x json.loads of its text")


if __name__ == "__main__":
    main()
