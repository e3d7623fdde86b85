"""Two enforcements at once: each ends with exit code 0, or is refused with the reason."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from goldenami import spec
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.errors import AwsError, GoldenamiError, RefusedError
from goldenami.workflows import enforce
from goldenami.workflows.enforce.interface import Enforcement
from goldenami_sandbox.faults import Fault

from . import account
from .test_lost_answers import LATER, OWNER, World, enforced, world

__all__ = ["world"]


pytestmark = pytest.mark.no_cover  # the lines of test_enforce, many times


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for where in ("adoption", "allowed_amis"):
        monkeypatch.setattr(f"goldenami.workflows.enforce.{where}.VERIFY_TIMEOUT_S", 1.0)


def prepared(world: World, *, remove: bool = False, **changes: Any) -> Enforcement:
    path = world.release(**changes)
    return enforce.prepare(Aws(region="us-east-1"), spec.load_enforcement(path), remove=remove)


def at_once(*several: Enforcement) -> list[GoldenamiError | None]:
    """Apply enforcements that know nothing of each other; return how each of them ended."""
    ends: list[GoldenamiError | None] = [None] * len(several)
    begin = threading.Barrier(len(several), timeout=30)

    def run(number: int) -> None:
        begin.wait()
        try:
            enforce.apply(Aws(region="us-east-1"), several[number])
        except GoldenamiError as error:
            ends[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(several))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def fresh(world: World) -> None:
    world.begin()


def there(world: World) -> None:
    world.begin()
    enforced(world)


@pytest.mark.parametrize("before", [fresh, there])
@pytest.mark.parametrize("remove", [False, True], ids=["enforce", "--remove"])
def test_two_that_want_the_same_end_alike(
    world: World, before: Callable[[World], None], *, remove: bool
) -> None:
    changes: dict[str, Any] = {"audit": {"owners": [OWNER, LATER]}}
    before(world)
    enforce.apply(Aws(region="us-east-1"), prepared(world, remove=remove, **changes))
    expected = world.end()
    before(world)
    ends = at_once(*(prepared(world, remove=remove, **changes) for _ in range(2)))
    assert [item for item in ends if item and not isinstance(item, RefusedError)] == []
    assert None in ends
    assert world.end() == expected
    assert prepared(world, remove=remove, **changes).nothing_to_do


@pytest.mark.parametrize("before", [fresh, there])
def test_of_two_that_want_different_things_whoever_is_not_followed_is_told(
    world: World, before: Callable[[World], None]
) -> None:
    before(world)
    owners = [[OWNER, LATER], [OWNER, "2" * 12]]
    ends = at_once(*(prepared(world, audit={"owners": several}) for several in owners))
    assert any(ends)  # both cannot be there
    for end in filter(None, ends):
        assert isinstance(end, RefusedError)
        assert (
            "another enforcement has just made" in end.message or "at the same time" in end.message
        )
    last = prepared(world, audit={"owners": owners[0]})
    enforce.apply(Aws(region="us-east-1"), last)
    assert prepared(world, audit={"owners": owners[0]}).nothing_to_do


@pytest.mark.parametrize("before", [fresh, there])
def test_beside_a_removal_one_of_both_is_done_or_refused(
    world: World, before: Callable[[World], None]
) -> None:
    before(world)
    changes: dict[str, Any] = {"audit": {"owners": [OWNER, LATER]}}
    ends = at_once(prepared(world, **changes), prepared(world, remove=True, **changes))
    assert [item for item in ends if item and not isinstance(item, RefusedError)] == []
    enforce.apply(Aws(region="us-east-1"), prepared(world, **changes))
    assert prepared(world, **changes).nothing_to_do


@pytest.mark.parametrize("change", ["document", "owner"])
def test_a_policy_that_somebody_else_has_just_made_is_not_taken_for_ones_own(
    world: World, change: str
) -> None:
    world.begin()
    planned = prepared(world)
    iam, organizations = world.sandbox.client("iam"), world.sandbox.client("organizations")
    for action in planned.plan.actions:
        creation = dict(action.parameters)
        if change == "owner":
            creation.pop("Tags", None)
        if action.call == "iam:CreatePolicy":
            if change == "document":
                creation["PolicyDocument"] = creation["PolicyDocument"].replace("Deny", "Allow")
            iam.create_policy(**creation)
        if action.call == "organizations:CreatePolicy":
            if change == "document":
                creation["Content"] = creation["Content"].replace(OWNER, LATER)
            organizations.create_policy(**creation)
    (end,) = at_once(planned)
    assert isinstance(end, RefusedError)
    answer = [end.message, *end.notes]
    why = "with another content" if change == "document" else "was not made by goldenami"
    assert sum(why in item for item in answer) > 3


def test_a_group_that_is_gone_meanwhile_is_told(world: World) -> None:
    world.begin()
    planned = prepared(world)
    iam = world.sandbox.client("iam")
    for user in iam.get_group(GroupName=account.GROUP)["Users"]:
        iam.remove_user_from_group(GroupName=account.GROUP, UserName=user["UserName"])
    for policy in iam.list_attached_group_policies(GroupName=account.GROUP)["AttachedPolicies"]:
        iam.detach_group_policy(GroupName=account.GROUP, PolicyArn=policy["PolicyArn"])
    iam.delete_group(GroupName=account.GROUP)
    (end,) = at_once(planned)
    assert isinstance(end, RefusedError)
    assert any(account.GROUP in item for item in (end.message, *end.notes))


def test_a_policy_of_which_somebody_has_taken_the_room_is_compared_again(world: World) -> None:
    there(world)
    changes: dict[str, Any] = {"audit": {"owners": [OWNER, LATER]}}
    planned = prepared(world, **changes)
    enforce.apply(Aws(region="us-east-1"), prepared(world, **changes))
    (end,) = at_once(planned)
    assert end is None


def test_what_was_accepted_is_recorded_on_a_policy_that_somebody_else_has_just_made(
    world: World,
) -> None:
    world.begin()
    file, aws = spec.load_enforcement(world.release()), Aws(region="us-east-1")
    planned = enforce.prepare(aws, file, record={tags.UNPROVED: "1 accepted"})
    enforce.apply(aws, prepared(world))
    assert at_once(planned) == [None]
    now = world.end()
    policies = [item for item in planned.plan.actions if item.call.endswith(":CreatePolicy")]
    assert now.count("1 accepted") == len(policies)


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("iam", "ListEntitiesForPolicy", "NoSuchEntity"),
        ("organizations", "ListTargetsForPolicy", "PolicyNotFoundException"),
    ],
)
def test_a_policy_that_is_deleted_while_it_is_read_is_not_there(
    world: World, service: str, operation: str, code: str
) -> None:
    world.begin()
    expected = {
        item.id for item in prepared(world).plan.actions if item.call == f"{service}:CreatePolicy"
    }
    enforce.apply(Aws(region="us-east-1"), prepared(world))
    with world.sandbox.fail(Fault(service=service, operation=operation, code=code)):
        planned = {item.id for item in prepared(world).plan.actions}
    assert expected <= planned
    with (
        world.sandbox.fail(Fault(service=service, operation=operation, code="Nope")),
        pytest.raises(AwsError, match="Nope"),
    ):
        prepared(world)


def test_a_refusal_of_aws_is_told_as_it_is(world: World) -> None:
    world.begin()
    denied = Fault(service="iam", operation="AttachGroupPolicy", code="AccessDenied", status=403)
    with world.sandbox.fail(denied):
        (end,) = at_once(prepared(world))
    assert isinstance(end, AwsError)
    assert end.code == "AccessDenied"
