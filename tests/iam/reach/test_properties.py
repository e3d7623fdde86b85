"""What holds of every account: a Deny of everything ends all paths, an Allow more ends none."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldenami.iam.account import Account
from goldenami.iam.reach.search import reach

from .world import IAM, ROOT, TARGET, account, allow, deny, document, group, lets_in, role, user

ACTIONS = (
    "sts:AssumeRole", "iam:PassRole", "iam:*", "iam:UpdateAssumeRolePolicy", "ec2:RunInstances",
    "iam:CreateAccessKey", "iam:AddUserToGroup", "iam:AttachUserPolicy", "iam:CreateRole", "s3:*",
)  # fmt: skip
RESOURCES = ("*", TARGET, f"{IAM}:role/*", f"{IAM}:user/${{aws:username}}", f"{IAM}:group/*")
OPERATORS: tuple[dict[str, Any], ...] = (
    {},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"aws:username": "u0"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "web"}},
    {"StringLook": {"aws:username": "u0"}},
)
PRINCIPALS: tuple[Any, ...] = (
    ROOT, "*", {"AWS": f"{IAM}:user/u0"}, {"AWS": f"{IAM}:role/r0"},
    {"Service": "ec2.amazonaws.com"}, {"AWS": "arn:aws:iam::999988887777:root"},
)  # fmt: skip

allows = st.builds(
    lambda action, on, condition: allow(action, on=on, **condition),
    st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), st.sampled_from(OPERATORS),
)  # fmt: skip
denies = st.builds(
    lambda action, on: deny(action, on=on), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES)
)
statements = st.lists(st.one_of(allows, denies), max_size=3).map(tuple)
trusts = st.builds(
    lambda principals, condition: {
        "Version": "2012-10-17", "Statement": [lets_in(name, **condition) for name in principals],
    },
    st.lists(st.sampled_from(PRINCIPALS), max_size=2), st.sampled_from(OPERATORS),
)  # fmt: skip


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    everybody: list[Any] = [group("g0", *draw(statements))]
    for number in range(2):
        groups = draw(st.sampled_from([(), ("g0",)]))
        everybody.append(user(f"u{number}", *draw(statements), groups=groups))
        everybody.append(role(f"r{number}", *draw(statements), trusts=draw(trusts)))
    if draw(st.booleans()):
        everybody.append(role("pipeline", trusts=draw(trusts)))
    return account(*everybody)


def with_statement(whole: Account, name: str, statement: Any) -> Account:
    """Return the account with one more inline policy for a user, group or role."""
    further = document(f"further of {name}", statement)
    kinds: dict[str, Any] = {}
    for kind in ("users", "groups", "roles"):
        kinds[kind] = {
            key: replace(one, inline=(*one.inline, further)) if key == name else one
            for key, one in getattr(whole, kind).items()
        }
    return replace(whole, **kinds)


def starts(whole: Account) -> set[str]:
    return {f"{path.kind} {path.name}" for path in reach(whole, TARGET).become}


@given(accounts())
def test_a_deny_of_everything_for_everybody_leaves_only_those_from_elsewhere(
    whole: Account,
) -> None:
    for name in [*whole.users, *whole.groups, *whole.roles]:
        whole = with_statement(whole, name, deny("*"))
    reached = reach(whole, TARGET)
    assert {path.kind for path in reached.paths} <= {"account", "anybody", "service"}


@given(accounts(), st.sampled_from(["u0", "u1", "g0", "r0", "r1"]), allows)
def test_one_more_allow_takes_nobody_away(whole: Account, name: str, statement: Any) -> None:
    more = with_statement(whole, name, statement)
    gone = starts(whole) - starts(more)
    members = {f"user {member.name}" for member in whole.members("g0")}
    assert gone <= (members if "group g0" in starts(more) else set())


@given(accounts())
def test_every_path_ends_at_the_role_after_at_most_three_hops_and_nobody_is_told_twice(
    whole: Account,
) -> None:
    paths = reach(whole, TARGET).paths
    assert all(1 <= len(path.steps) <= 3 for path in paths)
    assert all(path.steps[-1].to.startswith("role pipeline") for path in paths)
    assert len({path.start for path in paths}) == len(paths)
