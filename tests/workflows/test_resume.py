"""What still stands of an earlier run."""

from typing import Any

import pytest

from goldenami.domain.plan import Action, Plan, Ref
from goldenami.journal import Past, Start
from goldenami.workflows.resume import carry_over


def action(name: str, call: str = "do", uses: str = "", **fields: Any) -> Action:
    parameters = {"Id": Ref(uses, "id")} if uses else {"ClientToken": "t" * 64}
    return Action(
        id=name, call=call, region="us-east-1", summary=name, parameters=parameters, **fields
    )


def undo(of: str) -> Action:
    return action(f"undo-{of}", call="end", uses=of)


PLAN = Plan(
    title="a bake",
    actions=(
        action("launch", undo=undo("launch")),
        action("ready", uses="launch"),
        action("validate", uses="launch"),
        action("image", uses="launch", undo=undo("image")),
        action("available", uses="image", settles=("image",)),
        action("copy", uses="image", undo=undo("copy")),
        action("copied", uses="copy", settles=("copy",)),
        action("terminate", call="end", uses="launch", settles=("launch",)),
    ),
)


def past(done: str, undone: str) -> Past:
    start = Start(build="b", version="1", spec="s", release="release.yaml")
    results = {name: {"id": name} for name in done.split()}
    return Past(start, results, frozenset(), dict.fromkeys(undone.split(), 1))


@pytest.mark.parametrize(
    ("done", "undone", "stands"),
    [
        ("launch ready", "", {"launch", "ready"}),
        ("ready", "launch", set()),
        ("ready validate", "launch image", set()),
        (
            "ready validate image available",
            "launch",
            {"launch", "ready", "validate", "image", "available", "terminate"},
        ),
        (
            "launch ready validate image available terminate",
            "copy",
            {"launch", "ready", "validate", "image", "available", "terminate"},
        ),
    ],
    ids=[
        "nothing was undone",
        "a new instance is waited for again",
        "a failed image needs a new instance",
        "an image that is available needs no instance any more",
        "a failed copy is made again from the image that is there",
    ],
)
def test_what_stands(done: str, undone: str, stands: set[str]) -> None:
    _, carried = carry_over(PLAN, past(done, undone))
    assert set(carried) == stands


def test_what_is_made_again_has_a_fresh_token() -> None:
    plan, _ = carry_over(PLAN, past("ready", "launch"))
    token = plan.actions[0].parameters["ClientToken"]
    assert token == "t" * 62 + "-1"
    untouched, _ = carry_over(PLAN, past("launch", ""))
    assert untouched == PLAN


def test_without_a_token_there_is_none_to_make_fresh() -> None:
    plan, _ = carry_over(PLAN, past("ready validate", "launch image"))
    assert plan.actions[3] == PLAN.actions[3]
