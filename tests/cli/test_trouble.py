"""All commands in trouble, by the dice of many seeds: throttles, lost and damaged answers, resets.

Whatever happens: no traceback, a documented exit code, nothing less than all is told without a
word; and once the trouble is over the same command ends the work, as if there had been none.
"""

import os
import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from goldenami.aws import ask, session
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account, damages
from .conftest import Cli, Ran
from .state import snapshot
from .test_bad_answers import READS, UNREAD, lasting

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

SEEDS = 400 if os.environ.get("GOLDENAMI_SOAK") else 12
PARTS = 4
CODES = (0, 1, 3, 4, 10)
Prepare = Callable[[Cli, Sandbox, Path], tuple[object, ...]]


def golden(sandbox: Sandbox) -> str:
    account.identities(sandbox)
    account.golden_image(sandbox, "eu-west-1")
    return account.golden_image(sandbox)


def baking(_: Cli, __: Sandbox, folder: Path) -> tuple[object, ...]:
    return ("bake", account.release(folder, share={"accounts": ["111122223333"]}), "--yes")


def approving(cli: Cli, _: Sandbox, folder: Path) -> tuple[object, ...]:
    release = account.release(folder, approval="manual")
    assert cli("bake", release, "--yes").code == 0
    return ("approve", release, "--yes")


def enforcing(verb: str = "") -> Prepare:
    def prepare(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
        golden(sandbox)
        mechanisms: dict[str, Any] = {
            "permissions_boundary": {"roles": [account.DEVELOPERS]},
            "allowed_amis": {"regions": list(account.REGIONS)},
        }
        release = account.release(folder, enforce=account.enforcing(**mechanisms))
        if verb:
            assert cli("enforce", release, "--yes").code == 0
        return ("enforce", release, "--yes", *([verb] if verb else []))

    return prepare


def tagging(_: Cli, sandbox: Sandbox, __: Path) -> tuple[object, ...]:
    return ("tag", golden(sandbox), "--tag", "CostCenter=4711", "--yes")


def auditing(_: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
    account.fleet(sandbox, golden(sandbox))
    return ("audit", account.release(folder, enforce=account.enforcing()), "--format", "json")


def remediating(action: str) -> Prepare:
    def prepare(cli: Cli, sandbox: Sandbox, folder: Path) -> tuple[object, ...]:
        golden(sandbox)
        for region in account.REGIONS:
            account.launch(sandbox.client("ec2", region), account.public_image(sandbox, region))
        release, document = account.release(folder), folder / "audit.json"
        assert cli("audit", release, "--format", "json", "--output", document).code == 10
        return (
            "remediate", document, release, "--action", action, "--yes", "--per-minute", "60000",
        )  # fmt: skip

    return prepare


def listing(*arguments: str) -> Prepare:
    def prepare(_: Cli, sandbox: Sandbox, __: Path) -> tuple[object, ...]:
        golden(sandbox)
        return arguments

    return prepare


COMMANDS: dict[str, Prepare] = {
    "bake": baking,
    "approve": approving,
    "enforce": enforcing(),
    "enforce --remove": enforcing("--remove"),
    "tag": tagging,
    "audit": auditing,
    "remediate stop": remediating("stop"),
    "remediate terminate": remediating("terminate"),
    "remediate tag": remediating("tag"),
    "images": listing("images"),
    "history": listing("history", "web-base"),
    "sweep": listing("sweep", "--older-than", "0s", "--yes"),
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ATTEMPTS", 1)  # our own patience is what is tried
    monkeypatch.setattr(ask, "DELAYS_S", (0.0,) * 3)
    monkeypatch.setattr("goldenami.bake.distribute.COMPARE_TIMEOUT_S", 0.5)


def trouble(dice: random.Random, calls: list[tuple[str, str]]) -> Fault:
    """Return one thing that goes wrong with one of these operations."""
    service, operation = dice.choice(calls)
    common: dict[str, Any] = {
        "service": service, "operation": operation,
        "times": dice.randint(1, 4), "skip": dice.randint(0, 2),
    }  # fmt: skip
    match dice.choice(("throttled", "broken", "reset", "damaged", "damaged", "slow", "refused")):
        case "throttled":
            return Fault(code="RequestLimitExceeded", status=503, **common)
        case "broken":
            return Fault(code="InternalError", status=500, applied=dice.random() < 0.5, **common)
        case "reset":
            return Fault(reset=True, applied=dice.random() < 0.5, **common)
        case "damaged":
            return Fault(damage=dice.choice(list(damages.BAD.values())), **common)
        case "slow":
            return Fault(delay_s=0.02, **common)
    return Fault(code="AccessDenied", status=403, **common | {"times": 1})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_is_told_and_the_next_run_ends_the_work(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, part: int, record_property: Any
) -> None:
    clean: dict[str, tuple[Ran, str, list[tuple[str, str]]]] = {}
    codes: dict[int, int] = {}
    for seed in range(part, SEEDS, PARTS):
        dice = random.Random(seed)
        name = list(COMMANDS)[seed % len(COMMANDS)]  # each at least once
        if name not in clean:
            arguments = prepared(cli, sandbox, tmp_path, name)
            ran = cli(*arguments)
            operations = {(one.service, one.operation) for one in sandbox.calls}
            clean[name] = ran, snapshot(sandbox), sorted(operations)
        wanted, state, calls = clean[name]
        arguments = prepared(cli, sandbox, tmp_path, name)
        with ExitStack() as stack:
            for _ in range(dice.randint(1, 3)):
                stack.enter_context(sandbox.fail(trouble(dice, calls)))
            before = len(sandbox.calls)
            ran = cli(*arguments)
        codes[ran.code] = codes.get(ran.code, 0) + 1
        where = f"seed {seed}, {name}: exit {ran.code}\n{ran.err}"
        judge(ran, wanted, where)
        changing = [one for one in sandbox.calls[before:] if not one.operation.startswith(READS)]
        if ran.code != wanted.code and changing:
            ended = cli(*arguments)
            assert ended.code == wanted.code, f"{where}\nand then {ended.err}"
        if ran.code == wanted.code or changing:
            assert snapshot(sandbox) == state, where
    told = ", ".join(f"{count} with exit code {code}" for code, count in sorted(codes.items()))
    record_property("counted", f"{sum(codes.values())} commands in trouble: {told}")


def prepared(cli: Cli, sandbox: Sandbox, folder: Path, name: str) -> tuple[object, ...]:
    sandbox.reset()
    sandbox.pending_s = 0.0
    return COMMANDS[name](cli, sandbox, folder)


def judge(ran: Ran, clean: Ran, where: str) -> None:
    words = ran.out + ran.err
    assert "Traceback" not in words, where
    assert "unexpected" not in words, where
    assert damages.CANARY not in words, where
    assert ran.code in CODES, where
    if ran.code == clean.code and ran.code in (0, 10):
        assert UNREAD in words or len(lasting(ran.out)) >= len(lasting(clean.out)), where
