"""What of an earlier run still stands when its plan is carried out again."""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from goldenami.domain.plan import Action, Plan, references
from goldenami.journal import Past

TOKEN_LENGTH = 64


def carry_over(plan: Plan, past: Past) -> tuple[Plan, dict[str, Mapping[str, Any]]]:
    """Return the plan to carry out now, and the outputs of the actions that need not run.

    What was undone is made again only if something that is still to do needs it: then whatever was
    done with the old one is done again with the new one, and its client token is a fresh one (AWS
    answers a used token with the instance that is gone). Otherwise what would take it back is done.
    """
    done: dict[str, Mapping[str, Any]] = dict(past.results)
    undone = [
        action for action in plan.actions if action.id in past.undone and action.id not in done
    ]
    again = _needed_again(plan, undone, done)
    for action in undone:
        if action.id not in again:
            done |= {action.id: {}, **{one.id: {} for one in plan.actions if _ends(one, action)}}
    actions = tuple(
        _with_fresh_token(action, past.undone[action.id]) if action.id in again else action
        for action in plan.actions
    )
    return structs.replace(plan, actions=actions), done


def _needed_again(plan: Plan, undone: list[Action], done: dict[str, Mapping[str, Any]]) -> set[str]:
    """Find what must be made again, and forget in ``done`` what was done with the old one."""
    again: set[str] = set()
    while True:
        for action in undone:
            users = [
                one.id
                for one in plan.actions
                if action.id in references(one.parameters) and not _ends(one, action)
            ]
            if action.id not in again and not all(one in done for one in users):
                again.add(action.id)
                for one in users:
                    done.pop(one, None)
                break
        else:
            return again


def _ends(action: Action, other: Action) -> bool:
    """Tell whether an action does what undoing another one does (terminating the base instance)."""
    return (
        other.undo is not None
        and action.call == other.undo.call
        and action.parameters == other.undo.parameters
    )


def _with_fresh_token(action: Action, times: int) -> Action:
    token = action.parameters.get("ClientToken")
    if token is None:
        return action
    suffix = f"-{times}"
    fresh = token[: TOKEN_LENGTH - len(suffix)] + suffix
    return structs.replace(action, parameters={**action.parameters, "ClientToken": fresh})
