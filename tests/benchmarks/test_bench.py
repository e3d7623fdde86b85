"""A section that fails costs no other its rows, and `make bench` its exit code."""

import sys
from collections.abc import Iterator
from types import ModuleType

import bench
import pytest
from table import Row


def _breaking(*, quick: bool) -> Iterator[Row]:
    yield Row("first", 1 if quick else 2, "s")
    raise SystemExit("the peer is not there")


def test_a_section_that_fails_keeps_what_it_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = ModuleType("breaking")
    module.__dict__["rows"] = _breaking
    monkeypatch.setitem(sys.modules, "breaking", module)
    monkeypatch.setattr(bench, "SECTIONS", {"breaking": "Something"})
    monkeypatch.setattr(sys, "argv", ["bench.py", "--quick"])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "  first" in said
    assert "Something could not be measured: SystemExit: the peer is not there" in said
