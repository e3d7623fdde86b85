"""The JSON Schemas: valid themselves, true of the examples, and never stricter than the check."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.spec.test_every_key import FULL, at, paths, put, without
from tests.unmeasured import unmeasured

from goldenami import resources, yamlfile
from goldenami.spec import json_schema
from goldenami.spec.kinds import KINDS, FileKind
from goldenami.validation import validated

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
BY_TYPE = {kind.type: kind for kind in KINDS}
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**6, "", " ", "nosuch", "a b", "é", "ami-01234567", "1" * 12,
    "x" * 300, "/a", "1h", "2026-02-03", [], [None], [""], ["a"], ["us-east-1", "us-east-1"],
    ["111122223333"], {}, {"a": "b"}, {"a": 1}, {"key": "aws:x"}, [{}], "all", date(2027, 1, 1),
]  # fmt: skip


def as_json(data: Any) -> Any:
    """What an editor sees of a file: it has no days, and a key is a text."""
    return json.loads(json.dumps(data, default=str))


def example(path: Path) -> tuple[FileKind, Any]:
    document = yamlfile.document(path, path.read_bytes())
    [kind] = [kind for kind in KINDS if document.schema == kind.schema]
    return kind, document.data


EXAMPLES = sorted(resources.folder("examples").rglob("*.yaml"))


@every_kind
def test_a_schema_is_one_and_describes_every_key(kind: FileKind) -> None:
    schema = json_schema.of(kind)
    unmeasured(Draft202012Validator.check_schema)(schema)
    parts = [schema, *schema["$defs"].values()]
    assert all(each["description"] for each in parts)
    assert all(key["description"] for each in parts for key in each["properties"].values())


@every_kind
def test_its_patterns_are_those_that_editors_know(kind: FileKind) -> None:
    """ECMA's regular expressions have no `\\Z`, no `(?P<…>`, and no flags within."""
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json_schema.text(kind))
    assert patterns
    assert not [one for one in patterns if re.search(r"\\\\[AZzQE]|\(\?[^:=!]|\(\?<", one)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_examples_are_what_the_schemas_say(path: Path) -> None:
    kind, data = example(path)
    assert [*Draft202012Validator(json_schema.of(kind)).iter_errors(as_json(data))] == []


def mutations(whole: Any) -> Iterator[Any]:
    """Yield a file with each key in each odd way, without it, and with one more beside it."""
    for path in paths(whole):
        if not path:
            continue
        for odd in ODD:
            yield put(whole, path, odd)
        yield without(whole, path)
        if isinstance(at(whole, path), dict):
            yield put(whole, (*path, "no_such_key"), 1)


def parts(kind: FileKind) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a full file, each as a file that has no other, so that few are large."""
    whole = yamlfile.document(Path("f.yaml"), FULL[kind.type].encode()).data
    needed = json_schema.of(kind)["required"]
    slight = {key: whole[key] for key in needed}
    if "base" in slight:
        slight["base"] = {"source": {"ami": "ami-01234567"}}
    for key, value in whole.items():
        yield key, {**slight, key: value}


PARTS = [(kind, key, data) for kind in KINDS for key, data in parts(kind)]


@pytest.mark.parametrize(
    ("kind", "data"),
    [(kind, data) for kind, _, data in PARTS],
    ids=[f"{kind.name}-{key}" for kind, key, _ in PARTS],
)
@pytest.mark.no_cover  # the same lines thousands of times
def test_what_a_schema_refuses_the_check_refuses(kind: FileKind, data: Any) -> None:
    """So what the check takes, the schema takes."""
    validator = Draft202012Validator(json_schema.of(kind))
    assert validator.is_valid(as_json(data))
    both: Counter[tuple[bool, bool]] = Counter()
    for mutated in mutations(data):
        _, problems = validated(mutated, kind.type)
        accepted = validator.is_valid(as_json(mutated))
        assert accepted or problems, mutated
        both[accepted, bool(problems)] += 1
    missed, seen = both[True, True], both[False, True]
    assert seen > 5 * missed, both


def test_a_default_that_is_spelt_out_is_right() -> None:
    kind = BY_TYPE[next(each.type for each in KINDS if each.name == "enforce")]
    data = {"schema": kind.schema, "name": "", "region": None, "groups": ["a"]}
    assert validated(data, kind.type)[1] == []
    assert Draft202012Validator(json_schema.of(kind)).is_valid(data)
