"""YAML files into frozen objects, with errors that name file, line and key."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from msgspec import Struct

from goldenami import files
from goldenami.errors import FileProblem, SpecError
from goldenami.validation import Problem, Rule, validated

T = TypeVar("T")
Place = tuple[int, int]
"""A line, and the number of a key in the order of the file."""

MAX_VALUES = 50_000
"""Of a file, with aliases written out; a waiver takes about a dozen."""
MAX_DEPTH = 50
MAX_KEY = 1_000
"""Characters of a key with all that it is within."""
MAX_DIGITS = 64
EXPLAINED_CHARACTERS = 64 * 1024
"""Of a file that PyYAML, thirty times slower, may read for the sake of its words."""

_TAG = "tag:yaml.org,2002:"
_NUMBERS = (f"{_TAG}int", f"{_TAG}float")
_RARE = tuple(f"{_TAG}{kind}" for kind in ("binary", "omap", "pairs", "set"))
MAX_REFUSALS = 100


class YamlDocument(Struct, frozen=True):
    """A YAML file that was read.

    Args:
        path: the file.
        data: what it holds.
        places: where every key stands: ``$.base.volumes[0].size_gib`` is in line 12, and the 17th.
        refusals: the keys that it has twice.
    """

    path: Path
    data: Any
    places: Mapping[str, Place]
    refusals: tuple[FileProblem, ...] = ()

    @property
    def schema(self) -> str:
        """What it says that it is, empty if it says nothing."""
        return str(self.data.get("schema", "")) if isinstance(self.data, dict) else ""

    def validated(
        self, kind: type[T], rules: Iterable[Rule[T]] = ()
    ) -> tuple[T, list[FileProblem]]:
        """Return it as an object, whole only if nothing is wrong, and all that is wrong with it."""
        whole, problems = validated(self.data, kind, rules)
        return whole, [*self.refusals, *map(self.refusal, problems)]

    def refusal(self, problem: Problem) -> FileProblem:
        """Say where a problem is: ``release.yaml:12: base.volumes[0].size_gib: …``."""
        known = problem.key
        while known not in self.places and known != "$":
            known = known[: max(known.rfind("."), known.rfind("["))]
        place = self.places.get(known, (1, 0))
        name = problem.key.removeprefix("$").removeprefix(".")
        return FileProblem(str(self.path), place[0], name, problem.words, problem.fix, place)


def load(path: Path, kind: type[T], rules: Iterable[Rule[T]] = ()) -> T:
    """Read a YAML file as one object of ``kind``, strictly.

    Raises:
        SpecError: it is unreadable or no YAML; or with every problem found: a key twice or unknown,
            a wrong type, a broken constraint or rule.
    """
    whole, refusals = document(path, files.read_bytes(path)).validated(kind, rules)
    refuse(path, refusals)
    return whole


def document(path: Path, content: bytes) -> YamlDocument:
    """Return the content of a YAML file.

    Raises:
        SpecError: it is no YAML, or too much of it.
    """
    text = files.decoded(content, path)
    try:
        yaml.reader.Reader(text)  # refuses characters that YAML has not
        node = _composed(path, text)
        if node is None:
            raise SpecError(f"{path}: the file is empty", fix="`goldenami init` writes an example")
        keys = _Keys(path)
        keys.note(node, "$", 0)
        data = _Loader("").construct_document(node)
        return YamlDocument(path, data, keys.places, tuple(keys.refusals))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        fix = (
            "indent with spaces: YAML takes no tabs there" if "'\\t'" in str(error.problem) else ""
        )
        words = f"not YAML: {error.problem}"
        if mark is None:
            raise SpecError(f"{path}: {words}", fix=fix) from error
        raise _refused(path, mark.line + 1, words, fix, mark.column + 1) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _refused(path, line, f"not YAML: it holds U+{error.character:04X}") from error


def _refused(path: Path, line: int, words: str, fix: str = "", column: int = 0) -> SpecError:
    """Return the error of a file that nothing more can be learned from."""
    where = f"{path}:{line}:{column}" if column else f"{path}:{line}"
    problem = FileProblem(str(path), line, "", words, fix)
    return SpecError(f"{where}: {words}", fix=fix, problems=(problem,))


def refuse(path: Path, refusals: Sequence[FileProblem]) -> None:
    """Refuse a file that has problems, all at once and in its own order.

    Raises:
        SpecError: it has.
    """
    several = sorted(refusals, key=lambda refusal: refusal.order)
    if len(several) == 1:
        raise SpecError(several[0].text, fix=several[0].fix, problems=several)
    if several:
        lines = [refusal.with_fix for refusal in several[:MAX_REFUSALS]]
        more = [f"… and {len(several) - MAX_REFUSALS} more"] if several[MAX_REFUSALS:] else []
        message = f"{path}: {len(several)} problems"
        raise SpecError(message, notes=[*lines, *more], problems=several)


class _Loader(yaml.SafeLoader):
    """Knows the place of what looks like a date or a number and is none (``2026-02-30``).

    A key that YAML 1.1 takes for a truth value (``on``, ``yes``) is a name, as in YAML 1.2.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        for name, _ in node.value:
            if name.tag == f"{_TAG}bool":
                name.tag = f"{_TAG}str"

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            _refuse_odd(node)
            value = super().construct_object(node, deep)
            _refuse_unwritable(value)
        except (ValueError, ArithmeticError, AttributeError, LookupError) as error:
            why = str(error) if isinstance(error, ValueError) else f"no value of {node.tag}"
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark) from error
        return value


def _refuse_odd(node: yaml.Node) -> None:
    if node.tag in _RARE:
        raise ValueError(f"a value of the kind {node.tag} has no use here")
    if node.tag in _NUMBERS and len(node.value) > MAX_DIGITS:
        raise ValueError(f"a number of {len(node.value):,} characters")


def _refuse_unwritable(value: object) -> None:
    """Refuse a number that JSON readers do not agree on, and half a character."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("a number of more than 64 bits")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"half a character: U+{ord(value[error.start]):04X}") from error


def _composed(path: Path, text: str) -> yaml.Node | None:
    """Compose a document whose size is known: libyaml is quick, PyYAML has the better words."""
    if yaml.__with_libyaml__:
        try:
            return _compose(path, text, yaml.CSafeLoader)
        except yaml.MarkedYAMLError:
            if len(text) > EXPLAINED_CHARACTERS:
                raise
    return _compose(path, text, _Loader)


def _compose(path: Path, text: str, loader: Any) -> yaml.Node | None:
    _refuse_large(path, yaml.parse(text, loader))
    node: yaml.Node | None = yaml.compose(text, loader)
    return node


class _Collection(Struct):
    """A list or a mapping that is being read: how much is in it once aliases are written out."""

    anchor: str | None
    values: int = 1
    levels: int = 1


def _refuse_large(path: Path, events: Iterable[yaml.Event]) -> None:
    """Refuse a document before anything is made of it; what an alias stands for counts each time.

    Of each anchor only the size is kept, so that no alias is followed twice.
    """
    above: list[_Collection] = []
    anchored: dict[str | None, _Collection] = {}
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            above.append(_Collection(event.anchor))
            ended = _Collection(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = above.pop()
            anchored[ended.anchor] = ended
        elif isinstance(event, yaml.AliasEvent):
            ended = anchored.get(event.anchor, _Collection(None, levels=0))
        else:
            ended = _Collection(None, levels=0)
        if len(above) + ended.levels > MAX_DEPTH:
            raise SpecError(f"{path}: nested too deeply: more than {MAX_DEPTH} levels")
        if not above or isinstance(event, yaml.CollectionStartEvent):
            continue
        holder = above[-1]
        holder.values += ended.values
        holder.levels = max(holder.levels, ended.levels + 1)
        if holder.values > MAX_VALUES:
            line = event.start_mark.line + 1 if event.start_mark else 1
            words = f"more than {MAX_VALUES:,} values, with aliases written out"
            raise _refused(path, line, words, "divide the file, or write fewer aliases")


class _Keys:
    """The keys of a file: where each stands, and which are there twice."""

    def __init__(self, path: Path) -> None:
        self.places: dict[str, Place] = {}
        self.refusals: list[FileProblem] = []
        self._path = path
        self._above: set[int] = set()

    def note(self, node: yaml.Node, key: str, after: int) -> None:
        """Note a key with all that is in it; what an alias brings stands where that is used.

        Raises:
            SpecError: it contains itself, or a key is too long or none.
        """
        line = node.start_mark.line + 1
        if id(node) in self._above:
            raise _refused(self._path, line, "an alias that contains itself")
        if len(key) > MAX_KEY:
            raise _refused(self._path, line, f"a key of more than {MAX_KEY:,} characters")
        self.places[key] = (max(line, after), len(self.places))
        self._above.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.note(item, f"{key}[{index}]", after)
        elif isinstance(node, yaml.MappingNode):
            self._note_mapping(node, key, after)
        self._above.discard(id(node))

    def _note_mapping(self, node: yaml.MappingNode, key: str, after: int) -> None:
        first: dict[str, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode):
                words = "a list or a mapping cannot be a key"
                raise _refused(self._path, line, words)
            if name.value in first:
                words = f"`{name.value}` is given twice (first in line {first[name.value]})"
                place, fix = (line, len(self.places)), "keep one of them"
                self.refusals.append(FileProblem(str(self._path), line, "", words, fix, place))
            first.setdefault(name.value, line)
            self.note(value, f"{key}.{name.value}", max(line, after))
