"""Everything that the sandbox takes from moto's inside is there, and is marked."""

import ast
import importlib
import pkgutil
import sys
from collections import Counter
from importlib.metadata import version
from inspect import isfunction
from pathlib import Path
from types import SimpleNamespace

import pytest
from moto.ec2.models.instances import InstanceState
from moto.ec2.responses import EC2Response
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.urls import url_paths

import goldenami_sandbox
from goldenami_sandbox import installation, overriding
from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.overriding import MotoChangedError

PACKAGE = goldenami_sandbox.__name__
MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(goldenami_sandbox.__path__, f"{PACKAGE}.")
]
CLASSES = [
    member
    for module in MODULES
    for member in vars(module).values()
    if isinstance(member, type) and member.__module__ == module.__name__
]
MACHINERY = {
    "__annotations__", "__doc__", "__module__", "__abstractmethods__", "_abc_impl",
    "__firstlineno__", "__slotnames__", "__static_attributes__", "instances_tracked",
}  # fmt: skip
"""What Python and moto's metaclass put into every class."""


def is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == PACKAGE


def attributes(owner: type) -> frozenset[str]:
    """Return the names of a class's members, and of what its methods store on an object."""
    functions = [member for member in vars(owner).values() if isfunction(member)]
    return frozenset(vars(owner)).union(*map(overriding.stored, functions))


def hiding(kind: type) -> set[tuple[str, str]]:
    """Return the members of a class, and of ours above it, that hide one of moto's."""
    of_moto = frozenset[str]().union(*map(attributes, overriding.moto_classes(kind)))
    return {
        (base.__module__, f"{base.__qualname__}.{name}")
        for base in filter(is_ours, kind.__mro__)
        for name in vars(base).keys() & of_moto - MACHINERY
    }


def test_what_hides_a_member_of_moto_is_marked_and_nothing_else_is() -> None:
    hidden = set[tuple[str, str]]().union(*map(hiding, CLASSES))
    marked = {
        (module, qualified)
        for module, qualified in overriding.MARKED
        if module.partition(".")[0] == PACKAGE
    }
    assert hidden == marked
    assert len(marked) > 80


def test_no_two_of_our_classes_of_ec2_define_the_same_member() -> None:
    ours = [kind for kind in Ec2Response.__mro__ if is_ours(kind) and kind is not Ec2Response]
    counted = Counter(name for kind in ours for name in vars(kind) if name[:2] != "__")
    assert [name for name, times in counted.items() if times > 1 and name not in MACHINERY] == []
    assert counted["run_instances"] == 1


def test_the_private_names_of_moto_that_are_used_are_listed() -> None:
    used, own = set(), set()
    for module in MODULES:
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text())):
            match node:
                case ast.FunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(attr=name) if name[0] == "_" and name[:2] != "__":
                    used.add(name)
                case _:
                    pass
    listed = {name for names in overriding.PRIVATE.values() for name in names}
    assert used - own <= listed
    assert listed <= used | own


def checked(
    monkeypatch: pytest.MonkeyPatch, kind: type, *names: str, **private: tuple[str, ...]
) -> None:
    """Check members of a class, and private names, as if the sandbox had no others."""
    monkeypatch.setitem(sys.modules, "of_a_test", SimpleNamespace(**{kind.__name__: kind}))
    marked = [("of_a_test", f"{kind.__name__}.{name}") for name in names]
    monkeypatch.setattr(overriding, "MARKED", marked)
    where = {"moto.ec2.responses.amis:AmisResponse": private.get("private", ())}
    monkeypatch.setattr(overriding, "PRIVATE", where)
    overriding.check()


MOVED = type(
    "Moved",
    (AmisResponse,),
    {
        "describe_images": lambda self, more: None,
        "describe_ami": lambda self: None,
        "create_image": lambda self, *places, **names: None,
    },
)
STATE = type(
    "State",
    (InstanceState,),
    {"__init__": lambda self, code=0, name="": None, "name": property(), "code": property()},
)
"""What moto stores on each object is a property here."""


@pytest.mark.parametrize(
    ("kind", "name", "problem"),
    [
        (MOVED, "describe_images", r"AmisResponse has as `describe_images\(self\)"),
        (MOVED, "describe_ami", "which no class of moto's above it has"),
        (STATE, "__init__", r"InstanceState has as `__init__\(self, name"),
    ],
)
def test_an_override_of_what_moto_does_not_have_so_is_an_error_with_moto_s_version(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, problem: str
) -> None:
    with pytest.raises(MotoChangedError, match=problem) as caught:
        checked(monkeypatch, kind, name)
    assert str(caught.value).startswith(f"moto {version('moto')}: ")
    assert f"{kind.__name__} overrides `{name}`" in str(caught.value)


def test_an_override_that_can_be_called_as_moto_s_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    checked(monkeypatch, MOVED, "create_image")
    checked(monkeypatch, STATE, "name", "code")


def test_a_private_name_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    checked(monkeypatch, MOVED, private=("create_image",))
    with pytest.raises(MotoChangedError, match="AmisResponse has no `_gone`"):
        checked(monkeypatch, MOVED, private=("_gone",))


def test_only_what_is_there_is_replaced() -> None:
    owner = SimpleNamespace(name="before")
    with overriding.replaced(owner, "name", "for a while"):
        assert owner.name == "for a while"
    assert owner.name == "before"
    with (
        pytest.raises(MotoChangedError, match="has no `gone`, which the sandbox replaces"),
        overriding.replaced(owner, "gone", ""),
    ):
        pass
    assert not hasattr(owner, "gone")


def test_to_install_twice_changes_nothing() -> None:
    installation.install()
    before = dict(url_paths)
    installation.install()
    assert url_paths == before


def test_moto_answers_an_operation_that_is_not_overridden() -> None:
    assert Ec2Response.describe_vpcs is EC2Response.describe_vpcs
