"""Decisions of the policy evaluator: part of `make bench`.

A launch under policies of guardrail size (80 snapshots, tag protection, and an administrator's
Allow), compiled once; beside what json.loads takes for the same policies' text.
"""

import json
import time
from collections.abc import Callable, Iterator

from table import Held, Row

from goldenami.iam.account import ADMINISTRATOR
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.evaluator.decide import Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.profiles import profile_named
from goldenami.iam.proof.cases import load
from goldenami.iam.proof.lookup import GoldenImage, ProofLookup, ProofSetting
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values

ACCOUNT = "123456789012"
SNAPSHOTS = tuple(f"snap-{number:017x}" for number in range(80))


def documents() -> list[PolicyDocument]:
    """Return the guardrail and its companion."""
    values = Values(account=ACCOUNT, snapshots=SNAPSHOTS)
    profiles = (profile_named("guardrail"), profile_named("tag-protection"))
    return [document for one in profiles for document in render(one, values)]


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


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure decisions of one core."""
    several = documents()
    compiled = tuple(compile_policy(one.name, one.policy) for one in several)
    policies = Policies(identity=(ADMINISTRATOR.compiled, *compiled))
    asked = launches()
    texts = [one.json(minify=True) for one in several]
    seconds = 1.0 if quick else 3.0
    rate = per_second(lambda: len([decide(policies, one) for one in asked]), seconds)
    parsed = per_second(lambda: len([json.loads(text) for text in texts]) // len(texts), seconds)
    beside = (parsed, "json.loads of the policies")
    yield Row("decisions on launches under the guardrail", rate, "/s", Held.AT_LEAST, None, *beside)
