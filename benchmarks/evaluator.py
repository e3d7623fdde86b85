"""Decisions of the policy evaluator: part of `make bench`.

Launches under policies of guardrail size (80 snapshots, tag protection, and an administrator's
Allow), asked again and again; and a varied account, see ``matrix.py``: 100 principals with policies
of their own, and requests of which no two are alike, each decided once. Policies are compiled
before, as for any account. The yardstick is json.loads of the same policies' text.
"""

import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator

from matrix import ACCOUNT, SNAPSHOTS, Matrix, guardrail
from table import Held, Row

from goldenami.iam.account import ADMINISTRATOR
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.evaluator.decide import Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.profiles import profile_named
from goldenami.iam.proof.cases import load
from goldenami.iam.proof.lookup import GoldenImage, ProofLookup, ProofSetting

TARGET = 100_000
ROUNDS, REQUESTS = 9, 5_000


def launches() -> list[Request]:
    """Return the requests of golden, public, foreign and laundered launches."""
    principal = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/bob", unique_id="AIDA1")
    golden = GoldenImage(
        region="us-east-1", id="ami-golden", owner=ACCOUNT, snapshots=SNAPSHOTS[40:41]
    )
    setting = ProofSetting(
        account=ACCOUNT,
        partition="aws",
        owners=(ACCOUNT,),
        tag=profile_named("guardrail").tag,
        golden=(golden,),
    )
    world = ProofLookup(setting, golden, load())
    images = ("ami-golden", "ami-public", "ami-untagged", "ami-self-approved")
    calls = [ApiCall("ec2:RunInstances", "us-east-1", {"ImageId": one}) for one in images]
    return [request for call in calls for request in requests(call, principal, world)]


def per_second(work: Callable[[], int], seconds: float) -> float:
    """Return how many units a second of processor time ``work`` does."""
    done, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        done += work()
    return done / (time.process_time() - start)


def varied(rounds: int) -> tuple[float, float]:
    """Return the decisions a second of requests that were never asked before.

    Returns:
        That of the first round, in which the statements about each action are looked for; and the
        median of the others.
    """
    matrix = Matrix(seed=7)
    rates = []
    for _ in range(rounds):
        drawn = matrix.requests(REQUESTS)
        gc.collect()
        gc.freeze()  # what waits to be asked is no garbage of the decisions
        start = time.process_time()
        for policies, request in drawn:
            decide(policies, request)
        rates.append(REQUESTS / (time.process_time() - start))
    gc.unfreeze()
    return rates[0], statistics.median(rates[1:])


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure decisions of one core."""
    several = guardrail()
    compiled = tuple(compile_policy(one.name, one.policy) for one in several)
    policies = Policies(identity=(ADMINISTRATOR.compiled, *compiled))
    asked = launches()
    texts = [one.json(minify=True) for one in several]
    seconds = 1.0 if quick else 3.0
    rate = per_second(lambda: len([decide(policies, one) for one in asked]), seconds)
    parsed = per_second(lambda: len([json.loads(text) for text in texts]) // len(texts), seconds)
    beside = (parsed, "json.loads of the policies")
    first, others = varied(3 if quick else ROUNDS)
    yield Row("decisions on launches under the guardrail", rate, "/s", Held.AT_LEAST, None, *beside)
    yield Row("decisions of a varied account", others, "/s", Held.AT_LEAST, TARGET)
    yield Row("the first of each principal and action", first, "/s", Held.AT_LEAST)
