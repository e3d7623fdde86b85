"""Where a structure's members are in what moto keeps: looked for as moto does, once for each kind.

moto's objects have a member by one of many names, which depend on the object's class, the member
and its shape. Objects of one class with the same attributes, and dictionaries with the same keys,
have their members in the same places.
"""

from collections.abc import Callable, Hashable, Iterator
from functools import cache
from typing import Any

from moto.core.constants import MISSING
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import get_value

Member = tuple[int, Any]
"""The number of a member in its shape, and its value, which is not None."""
_Places = tuple[tuple[int, tuple[str, ...]], ...]
"""The numbers of members, each with the names to try."""
_MOST_KINDS = 2_000
_picker = XFormedAttributePicker()


class Members:
    """The members of a structure, to be found in any object.

    Args:
        shape: the structure.
    """

    def __init__(self, shape: Any) -> None:
        self.shape = shape
        self.names: tuple[str, ...] = tuple(shape.members)
        for member in shape.members.values():
            member.parent = shape  # as moto does: other names of a member depend on it
        self._places: dict[Hashable, _Places] = {}
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def of(self, value: Any) -> Iterator[Member]:
        """Yield the members that an object has, in the order of the shape."""
        kind: Any = type(value)
        if kind is dict:
            for number, (name, *_) in self._known((dict, *value), value, _in_dict):
                if (member := value[name]) is not None:
                    yield number, member
            return
        plain = _is_plain(kind)
        places = (
            self._known((kind, *vars(value)), value, _in_object)
            if plain
            else self._known(kind, value, _anywhere)
        )
        first = _first_attribute if plain else _first
        for number, names in places:
            if (member := first(value, names)) is not None:
                yield number, member

    def pick(self, value: Any, name: str) -> Any:
        """Return one member of an object; None if it has none."""
        kind = type(value)
        places = self._known((name, kind), value, _anywhere, (name,))
        return _first(value, places[0][1])

    def _known(
        self,
        kind: Hashable,
        value: Any,
        narrow: Callable[[Any, tuple[str, ...]], tuple[str, ...]],
        wished: tuple[str, ...] = (),
    ) -> _Places:
        places = self._places.get(kind)
        if places is None:
            if len(self._places) >= _MOST_KINDS:
                self._places.clear()
            named = (
                (self._numbers[name], narrow(value, self._possible(value, name)))
                for name in wished or self.names
            )
            places = self._places[kind] = tuple(place for place in named if place[1])
        return places

    def _possible(self, value: Any, name: str) -> tuple[str, ...]:
        context = AttributePickerContext(value, name, self.shape.members[name])
        return tuple(dict.fromkeys(_picker.get_possible_keys(context)))


members_of = cache(Members)
"""The members of a structure's shape, which are the same for each of its answers."""


def _in_dict(value: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in value)[:1]


def _in_object(value: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that objects of this class with these attributes have.

    What is defined in the class may be a property that fails, so that the next one counts.
    """
    return tuple(name for name in names if name in vars(value) or hasattr(type(value), name))


def _anywhere(_: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    return names


def _first(value: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        member = get_value(value, name, MISSING)
        if member is not MISSING:
            return member
    return None


def _first_attribute(value: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        member = getattr(value, name, MISSING)
        if member is not MISSING:
            return member
    return None


@cache
def _is_plain(kind: Any) -> bool:
    """Say whether an object's attributes are those of its dictionary and its class alone."""
    return (
        kind.__dictoffset__ != 0
        and not hasattr(kind, "Meta")  # which leads to attributes of attributes
        and not hasattr(kind, "__getitem__")
        and not hasattr(kind, "__getattr__")
        and kind.__getattribute__ is object.__getattribute__
    )
