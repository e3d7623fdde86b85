"""What the plans of all protocols have in common: a tree of an answer, made where it is needed.

A node is one place in the answers of an operation: moto changes what is in some of them.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from goldenami_sandbox.serialization.picking import Member, members_of

Transform = Callable[[Any], Any]
Transforms = Mapping[str, Transform]
"""What moto changes, by the end of the path of a place."""
N = TypeVar("N")


class UnplannedError(Exception):
    """An answer has what only moto's own serializer writes."""


class Children(Generic[N]):
    """The nodes below a structure.

    Args:
        shape: of the structure.
        path: of the structure.
        changed: the ends of paths whose values are changed.
        make: makes the node of a member, of its shape, name and path.
    """

    def __init__(
        self,
        shape: Any,
        path: str,
        changed: tuple[str, ...],
        make: Callable[[Any, str, str], N],
    ) -> None:
        self._members = members_of(shape)
        self._path = path
        self._make = make
        self._nodes: list[N | None] = [None] * len(self._members.names)
        self._changed: dict[int, str] = {}
        for number, name in enumerate(self._members.names):
            for end in changed:
                if f"{path}.{name}".endswith(end):
                    self._changed[number] = end
                    break

    def of(self, value: Any, transforms: Transforms) -> Iterator[tuple[N, Any]]:
        """Yield the members that an answer has, each with its node."""
        members = self._members.of(value)
        for number, each in self._after_changes(members, transforms) if self._changed else members:
            node = self._nodes[number]
            if node is None:
                name = self._members.names[number]
                shape = self._members.shape.members[name]
                node = self._nodes[number] = self._make(shape, name, f"{self._path}.{name}")
            yield node, each

    def _after_changes(self, members: Iterator[Member], transforms: Transforms) -> Iterator[Member]:
        values = dict(members)
        for number, end in self._changed.items():
            values[number] = transforms[end](values.get(number))
        return ((number, values[number]) for number in sorted(values) if values[number] is not None)


class Plans(Generic[N]):
    """The plans of operations, each made once.

    Args:
        make: makes the node of an operation, of what moto changes in its answers.
    """

    def __init__(self, make: Callable[[Any, tuple[str, ...]], N]) -> None:
        self._make = make
        self._known: dict[Hashable, N] = {}

    def of(self, serializer: Any) -> tuple[N, Transforms]:
        """Return the plan for a serializer of moto's, and what it changes.

        Raises:
            UnplannedError: none can be made.
        """
        transforms: Transforms = serializer._value_picker.response_transformers  # noqa: SLF001
        key = (type(serializer), serializer.operation_model, tuple(transforms))
        plan = self._known.get(key)
        if plan is None:
            plan = self._known[key] = self._make(serializer, tuple(transforms))
        return plan, transforms
