"""Actions of a plan that are the same in several regions, as people are shown them: once."""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.domain.plan import Action


class EqualActions(Struct, frozen=True):
    """Actions that are the same but for their regions, which all differ."""

    actions: tuple[Action, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        """Their regions, in the order of the plan."""
        return tuple(action.region for action in self.actions)

    @property
    def first(self) -> Action:
        """The first of them, which stands for all."""
        return self.actions[0]


def grouped(actions: Iterable[Action]) -> list[EqualActions]:
    """Return actions with equal ones together, where the first of each stands."""
    groups = list[list[Action]]()
    equal = dict[tuple[str, str, str], list[list[Action]]]()
    for action in actions:
        several = equal.setdefault((action.summary, action.call, action.role), [])
        for group in several:
            if all(action.region != each.region for each in group):
                group.append(action)
                break
        else:
            several.append([action])
            groups.append(several[-1])
    return [EqualActions(tuple(group)) for group in groups]
