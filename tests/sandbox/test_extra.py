import builtins
import re
import shlex
import sys
from importlib.metadata import version
from typing import Any

import pytest

from goldenami.errors import GoldenamiError
from goldenami_sandbox.extra import PACKAGES, unusable
from goldenami_sandbox.overriding import MotoChangedError
from goldenami_sandbox.server import Sandbox

SERVING = "goldenami_sandbox.serving"


def failing(monkeypatch: pytest.MonkeyPatch, error: ImportError) -> None:
    """Let the import of what needs moto fail."""
    actual = builtins.__import__

    def fail(name: str, *more: Any, **named: Any) -> Any:
        if name == SERVING or (name == "goldenami_sandbox" and "serving" in (more[2] or ())):
            raise error
        return actual(name, *more, **named)

    monkeypatch.delitem(sys.modules, SERVING, raising=False)
    monkeypatch.setattr(builtins, "__import__", fail)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_package_of_the_extra_is_told_with_the_extra(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    failing(monkeypatch, ModuleNotFoundError(f"No module named {package!r}", name=package))
    with pytest.raises(GoldenamiError, match=f"needs {package}, which is not installed") as caught:
        Sandbox().start()
    _, _, command = caught.value.fix.partition(": ")
    pip, install, *packages = shlex.split(command)
    assert (pip, install) == ("pip", "install")
    assert {re.split(r"[\[<>=]", one)[0] for one in packages} == {"moto", "flask", "flask-cors"}


@pytest.mark.parametrize(
    "error",
    [
        ImportError("cannot import name 'Gone' from 'moto.core'", name="moto.core"),
        ModuleNotFoundError("No module named 'moto.gone'", name="moto.gone"),
        ModuleNotFoundError("No module named 'cgi'", name="cgi"),
        MotoChangedError("EC2Backend has no `gone`"),
    ],
    ids=repr,
)
def test_another_failure_is_told_as_it_is_with_the_version_of_moto(
    monkeypatch: pytest.MonkeyPatch, error: ImportError
) -> None:
    failing(monkeypatch, error)
    with pytest.raises(GoldenamiError, match="does not work with") as caught:
        Sandbox().start()
    message = caught.value.message
    assert message.count(f"moto {version('moto')}: ") == 1
    assert str(error).removeprefix(f"moto {version('moto')}: ") in message
    assert "not installed" not in message


def test_the_versions_that_work_are_those_that_goldenami_asks_for() -> None:
    fix = unusable(ImportError("changed")).fix
    assert " 'moto[ssm]" in fix
    assert ">=5.2" in fix


def test_a_sandbox_that_could_not_start_does_not_run(
    monkeypatch: pytest.MonkeyPatch, sandbox_port: int
) -> None:
    with monkeypatch.context() as broken:
        failing(broken, ImportError("changed"))
        with pytest.raises(GoldenamiError):
            Sandbox(sandbox_port).start()
    with Sandbox(sandbox_port) as running:
        assert running.endpoint_url
