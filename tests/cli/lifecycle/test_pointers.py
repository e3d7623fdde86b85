"""Parameters that a golden image is published as, moved between the images of two versions."""

import time
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws.session import Aws
from goldenami.domain.plan import Plan
from goldenami.errors import GoldenamiError, RefusedError
from goldenami.workflows.lifecycle import pointers, releases
from goldenami.workflows.lifecycle.pointers import Pointer, Pointers
from goldenami.workflows.lifecycle.releases import Releases
from goldenami.workflows.lifecycle.run import LifecycleRun
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

NAME = "/golden-ami/web-base"
REGIONS = ("us-east-1", "eu-west-1")


@pytest.fixture
def two(cli: Any, write: Any, sandbox: Sandbox) -> None:
    """Two versions, of which the newer one is published."""
    assert sandbox
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version), "--yes").code == 0


@pytest.fixture
def aws(sandbox: Sandbox) -> Aws:
    return Aws(region="us-east-1")


def values(sandbox: Sandbox) -> list[str]:
    return [
        str(sandbox.client("ssm", region).get_parameter(Name=NAME)["Parameter"]["Value"])
        for region in REGIONS
    ]


def move(aws: Aws, every: Releases, there: Pointers, name: str, *, lasting: bool = False) -> None:
    version = every.version(name)
    choice = pointers.choose(there.every, version)
    assert not choice.without
    actions = pointers.moving(version, choice.moves, lasting=lasting)
    plan = Plan(title="move", actions=actions, checked=pointers.checked(aws, choice.moves))
    assert not plan.checked.wrong
    LifecycleRun.of(aws, version, "goldenami rollback web-base").carry_out(plan)


def seen_soon(sandbox: Sandbox, expected: list[str]) -> bool:
    """Tell whether parameters come to hold it: SSM shows an image once it is checked."""
    for _ in range(100):
        if values(sandbox) == expected:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.usefixtures("two")
def test_every_parameter_is_moved_or_none_and_nobody_else_is_overwritten(
    aws: Aws, sandbox: Sandbox
) -> None:
    every = releases.read(aws, "web-base")
    there = pointers.read(aws, every)
    assert [(each.name, each.place.region, each.version) for each in there.every] == [
        (NAME, region, 2) for region in REGIONS
    ]
    assert there.naming(every.version("2.0")) == there.every
    assert there.naming(every.version("1.0")) == ()
    newest, old = values(sandbox), [each.image.id for each in every.version("1.0").images]
    refused = Fault(service="ssm", operation="PutParameter", region="eu-west-1", code="Nope")
    with sandbox.fail(refused), pytest.raises(GoldenamiError, match="Nope"):
        move(aws, every, there, "1.0")
    assert seen_soon(sandbox, newest)
    with sandbox.fail(refused), pytest.raises(GoldenamiError, match="Nope"):
        move(aws, every, pointers.read(aws, every), "1.0", lasting=True)
    assert values(sandbox)[0] in old
    assert values(sandbox)[1] == newest[1]
    move(aws, every, pointers.read(aws, every), "1.0")
    assert sorted(values(sandbox)) == sorted(old)
    with pytest.raises(RefusedError, match="somebody else has written"):
        move(aws, every, structs.replace(there, every=retold(there)), "2.0")
    assert sorted(values(sandbox)) == sorted(old)


def retold(there: Pointers) -> tuple[Pointer, ...]:
    """Return parameters as if they had been read when they held something else."""
    return tuple(
        structs.replace(each, history=(structs.replace(each.history[0], value="ami-0"),))
        for each in there.every
    )
