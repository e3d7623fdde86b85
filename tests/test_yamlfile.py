"""YAML files into objects; every error says where."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from goldenami import files, yamlfile
from goldenami.errors import SpecError
from goldenami.validation import Problem


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    size_gib: int
    name: str | None = None


class Whole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = ""
    until: date | None = None
    main: Part | None = None
    parts: tuple[Part, ...] = ()
    by_region: dict[str, Part] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def load(folder: Path, text: str) -> Whole:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return yamlfile.load(path, Whole)


def lines(text: str) -> dict[str, int]:
    places = yamlfile.document(Path("file.yaml"), text.encode()).places
    return {key: line for key, (line, _) in places.items()}


def refused(folder: Path, text: str) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        load(folder, text)
    return caught.value.message.removeprefix(f"{folder / 'file.yaml'}"), caught.value.fix


QUOTE_VALUE = "put the value in quotes, so that YAML keeps it as text"
QUOTE_KEY = "put the key in quotes, so that YAML keeps it as text"

NOT_YAML = {
    "an empty file": ("", ": the file is empty", "`goldenami init` writes an example"),
    "comments alone": ("# nothing\n", ": the file is empty", "`goldenami init` writes an example"),
    "an open bracket": ("name: a\nparts: [\n", ":3:1: not YAML: expected the node content", ""),
    "a tab for indentation": (
        "main:\n\tsize_gib: 1\n",
        ":2:1: not YAML: found character",
        "indent with spaces: YAML takes no tabs there",
    ),
    "two documents": ("name: a\n---\nname: b\n", ":2:1: not YAML: but found another document", ""),
    "an alias of nothing": ("name: *a\n", ":1:7: not YAML: found undefined alias 'a'", ""),
    "an alias that contains itself": (
        "main: &a {x: *a}\n",
        ":1: an alias that contains itself",
        "",
    ),
    "a Python object": (
        "name: !!python/object/apply:os.getcwd []\n",
        ":1:7: not YAML: could not determine a constructor",
        "",
    ),
    "a control character": ("name: a\nmain: \x07\n", ":2: not YAML: it holds U+0007", ""),
    "a day that no month has": (
        "name: a\nuntil: 2026-02-30\n",
        ":2:8: not YAML: day ",
        "",
    ),
    "a thousand brackets within each other": ("[" * 5000, ": nested too deeply", ""),
    "levels beyond the limit, by aliases": (
        "a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 30 + "*a" + "]" * 30 + "\n",
        ": nested too deeply: more than 50 levels",
        "",
    ),
    "values beyond the limit, by aliases": (
        "a: &a [" + "1," * 999 + "]\nb:\n" + "- *a\n" * 60,
        ":52: more than 50,000 values, with aliases written out",
        "divide the file, or write fewer aliases",
    ),
    "a key that is longer than any": (
        f"labels:\n  {'a' * 1_000}: b\n",
        ":2: a key of more than 1,000 characters",
        "",
    ),
    "a number of very many digits": (
        f"name: {'1:' * 40}1\n",
        ":1:7: not YAML: a number of 81 characters",
        "",
    ),
    "a number of more than 64 bits": (
        f"name: {2**64}\n",
        ":1:7: not YAML: a number of more than 64 bits",
        "",
    ),
    "half a character": ('name: "\\udfff"\n', ":1:7: not YAML: half a character: U+DFFF", ""),
    "a number without digits": ("name: !!int ''\n", ":1:7: not YAML: no value of tag:", ""),
    "a truth that is none": ("name: !!bool maybe\n", ":1:7: not YAML: no value of tag:", ""),
    "a date that is none": ("name: !!timestamp x\n", ":1:7: not YAML: no value of tag:", ""),
    "bytes": (
        "name: !!binary aaaa\n",
        ":1:7: not YAML: a value of the kind tag:yaml.org,2002:binary has no use here",
        "",
    ),
    "a mistake in a file that only libyaml reads": (
        "name: a\n" + "# long\n" * 10_000 + "parts: [\n",
        ":10003:1: not YAML: did not find expected node content",
        "",
    ),
    "a key twice": (
        "name: a\nlabels: {}\nname: b\n",
        ":3: `name` is given twice (first in line 1)",
        "keep one of them",
    ),
    "a key twice, further down": (
        "labels:\n  a: b\n  a: c\n",
        ":3: `a` is given twice (first in line 2)",
        "keep one of them",
    ),
    "a list for a key": ("labels:\n  [a]: b\n", ":2: a list or a mapping cannot be a key", ""),
}

NOT_THE_MODEL = {
    "a list for the whole": ("- a\n", ":1: needs a mapping (`key: value`), not a list", ""),
    "a wrong type": ("name: a\nparts: 1\n", ":2: parts: needs a list, not the number 1", ""),
    "a wrong type in a list": (
        "parts:\n- size_gib: 1\n- name: b\n  size_gib: big\n",
        ":4: parts[1].size_gib: needs a whole number, not `big`",
        "",
    ),
    "a key that is missing": (
        "parts:\n- size_gib: 1\n- name: b\n",
        ":3: parts[1].size_gib: is missing",
        "",
    ),
    "a number for a text": (
        "name: 1.10\n",
        ":1: name: needs text, not the number 1.1",
        QUOTE_VALUE,
    ),
    "a yes for a text": ("name: yes\n", ":1: name: needs text, not `true`", QUOTE_VALUE),
    "a day for a text": (
        "name: 2026-01-01\n",
        ":1: name: needs text, not the day 2026-01-01",
        QUOTE_VALUE,
    ),
    "a text that looks like no day": (
        "until: soon\n",
        ":1: until: needs a day, such as 2026-12-31, not `soon`",
        "",
    ),
    "a number for a text of a mapping": (
        "labels:\n  a: b\n  account: 111122223333\n  c: d\n",
        ":3: labels.account: needs text, not the number 111122223333",
        QUOTE_VALUE,
    ),
    "nothing for a text of a mapping": (
        "labels: {a: b, c: }\n",
        ":1: labels.c: needs text, not nothing",
        QUOTE_VALUE,
    ),
    "a number for a key of a mapping": (
        "name: a\nlabels: {1: b}\n",
        ":2: labels.1: needs text for its key, not the number 1",
        QUOTE_KEY,
    ),
    "a wrong type within the second of a mapping": (
        "by_region:\n  here: {size_gib: 1}\n  there:\n    size_gib: x\n",
        ":4: by_region.there.size_gib: needs a whole number, not `x`",
        "",
    ),
    "a wrong type at the end of a large mapping": (
        "labels:\n" + "".join(f"  k{n}: v\n" for n in range(8_000)) + "  z: 1\n  zz: z\n",
        ":8002: labels.z: needs text, not the number 1",
        QUOTE_VALUE,
    ),
    "a text for the second of a mapping": (
        "by_region:\n  here: {size_gib: 1}\n  there: x\n",
        ":3: by_region.there: needs a mapping (`key: value`), not `x`",
        "",
    ),
    "an unknown key that resembles one": (
        "name: a\npart: []\n",
        ":2: part: unknown key",
        "did you mean `parts`?",
    ),
    "an unknown key that resembles none": (
        "colour: red\n",
        ":1: colour: unknown key",
        "known keys: name, until, main, parts, by_region, labels",
    ),
    "an unknown key in a part that may be absent": (
        "main:\n  size: 1\n",
        ":2: main.size: unknown key",
        "did you mean `size_gib`?",
    ),
    "an unknown key in a list": (
        "parts:\n- size_gib: 1\n- size_mib: 1\n",
        ":3: parts[1].size_mib: unknown key",
        "did you mean `size_gib`?",
    ),
    "an unknown key in the second of a mapping": (
        "by_region:\n  here: {size_gib: 1}\n  there: {size_gib: 1, nome: x}\n",
        ":3: by_region.there.nome: unknown key",
        "did you mean `name`?",
    ),
    "an unknown key that is merged in": (
        '<<: {"a[b": 1}\n',
        ":1: a[b: unknown key",
        "known keys: name, until, main, parts, by_region, labels",
    ),
}

WRONG = {**NOT_YAML, **NOT_THE_MODEL}


@pytest.mark.parametrize(("text", "message", "fix"), WRONG.values(), ids=WRONG.keys())
def test_refuses(text: str, message: str, fix: str, tmp_path: Path) -> None:
    said, how = refused(tmp_path, text)
    assert said.startswith(message)
    assert how == fix


def test_reads_what_fits_the_model_and_knows_every_line(tmp_path: Path) -> None:
    text = (
        "name: é\nuntil: 2026-03-31\nparts:\n- size_gib: 1\nby_region:\n  here:\n    size_gib: 2\n"
    )
    assert load(tmp_path, text) == Whole(
        name="é", until=date(2026, 3, 31), parts=(Part(1),), by_region={"here": Part(2)}
    )
    assert lines(text) == {
        "$": 1,
        "$.name": 1,
        "$.until": 2,
        "$.parts": 4,
        "$.parts[0]": 4,
        "$.parts[0].size_gib": 4,
        "$.by_region": 6,
        "$.by_region.here": 7,
        "$.by_region.here.size_gib": 7,
    }


def test_without_libyaml_all_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "name: é\nmain: &a {size_gib: 1}\nparts: [*a]\n"
    read, places = load(tmp_path, text), lines(text)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert (load(tmp_path, text), lines(text)) == (read, places)
    assert refused(tmp_path, "[" * 60)[0] == ": nested too deeply: more than 50 levels"


def test_an_alias_is_where_it_is_used(tmp_path: Path) -> None:
    text = "main: &a {size_gib: 1}\nname: x\nparts:\n- *a\n- *a\n"
    assert load(tmp_path, text).parts == (Part(1), Part(1))
    assert lines(text)["$.parts[1].size_gib"] >= 3


def test_every_problem_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        "parts:\n- {size_gib: x, nmae: a}\n- {name: 1}\nname: a\nname: 1.5\n"
        "until: soon\ncolour: red\n"
    )
    with pytest.raises(SpecError) as caught:
        load(tmp_path, text)
    path = tmp_path / "file.yaml"
    assert caught.value.message == f"{path}: 8 problems"
    assert [note.removeprefix(str(path)) for note in caught.value.notes] == [
        ":2: parts[0].size_gib: needs a whole number, not `x`",
        ":2: parts[0].nmae: unknown key (did you mean `name`?)",
        ":3: parts[1].size_gib: is missing",
        f":3: parts[1].name: needs text, not the number 1 ({QUOTE_VALUE})",
        ":5: `name` is given twice (first in line 4) (keep one of them)",
        f":5: name: needs text, not the number 1.5 ({QUOTE_VALUE})",
        ":6: until: needs a day, such as 2026-12-31, not `soon`",
        ":7: colour: unknown key (known keys: name, until, main, parts, by_region, labels)",
    ]


def test_of_very_many_problems_the_first_hundred_are_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, "labels: {" + ", ".join(f"k{n}: 1" for n in range(150)) + "}")
    assert caught.value.notes[-1] == "… and 50 more"
    assert len(caught.value.notes) == 101


PLACES = {"$": (1, 0), "$.base": (4, 1), "$.base.volumes[0]": (6, 2), "$.tags.a.b[c": (9, 3)}

FOUND = {
    "a key of the file": ("$.base", "r.yaml:4: base"),
    "an item of a list": ("$.base.volumes[0]", "r.yaml:6: base.volumes[0]"),
    "a key with a dot and a bracket": ("$.tags.a.b[c", "r.yaml:9: tags.a.b[c"),
    "a key that has its default, by what it is in": (
        "$.base.volumes[0].type",
        "r.yaml:6: base.volumes[0].type",
    ),
    "an item that is not there, by what holds the list": (
        "$.base.groups[2]",
        "r.yaml:4: base.groups[2]",
    ),
    "a part that is not there, by the file": ("$.share.accounts[0]", "r.yaml:1: share.accounts[0]"),
    "the whole": ("$", "r.yaml:1"),
}


@pytest.mark.parametrize(("key", "said"), FOUND.values(), ids=FOUND.keys())
def test_says_the_place_of(key: str, said: str) -> None:
    document = yamlfile.YamlDocument(Path("r.yaml"), None, PLACES)
    assert document.refusal(Problem(key, "wrong")).text == f"{said}: wrong"


@given(st.text(".[]ab$", max_size=12))
def test_a_place_is_found_for_every_key(rest: str) -> None:
    document = yamlfile.YamlDocument(Path("r.yaml"), None, {"$": (1, 0), "$.a": (2, 1)})
    text = document.refusal(Problem(f"$.{rest}", "wrong")).text
    assert text.startswith(("r.yaml:1: ", "r.yaml:2: "))


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file that is not there": (lambda path: None, "cannot be read: No such file or directory"),
    "a folder": (lambda path: path.mkdir(), "cannot be read: Is a directory"),
    "Latin-1": (lambda path: path.write_bytes(b"abc\xe9"), "not UTF-8 text (byte 3)"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_cannot_read(kind: str, tmp_path: Path) -> None:
    make, said = UNREADABLE[kind]
    path = tmp_path / "release.yaml"
    make(path)
    with pytest.raises(SpecError) as caught:
        files.read_text(path)
    assert caught.value.message == f"{path}: {said}"


def test_reads_text(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("ami-é\n", encoding="utf-8")
    assert files.read_text(tmp_path / "ids") == "ami-é\n"


def test_a_key_that_yaml_takes_for_a_truth_value_is_a_name_and_a_value_is_none(
    tmp_path: Path,
) -> None:
    text = "a: &b {on: yes, Off: no, yes: 1, NO: 2, true: 3}\nc: {<<: *b, on: on}\n"
    data = yamlfile.document(tmp_path / "f.yaml", text.encode()).data
    names = {"on": True, "Off": False, "yes": 1, "NO": 2, "true": 3}
    assert data == {"a": names, "c": names}
