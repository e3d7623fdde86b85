"""From a pair that two sides decide differently to the smallest one that they still do."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from .generator import Pair

LISTS = ("Action", "NotAction", "Resource", "NotResource")
LAYERS = ("identity", "boundary", "levels", "session")

Differs = Callable[[Pair], bool]


def minimal(pair: Pair, differs: Differs) -> Pair:
    """Return a pair of which nothing can be left out without the difference."""
    reduced = True
    while reduced:
        reduced = False
        for smaller in _smaller(pair):
            if differs(smaller):
                pair, reduced = smaller, True
                break
    return pair


def statements(pair: Pair) -> Iterator[dict[str, Any]]:
    """Yield every statement of every layer."""
    for document in _documents(pair):
        yield from document["Statement"]


def _documents(pair: Pair) -> Iterator[dict[str, Any]]:
    yield from pair.identity
    yield from (one for one in (pair.boundary, pair.session) if one)
    yield from (one for level in pair.levels for one in level)


def _smaller(pair: Pair) -> Iterator[Pair]:
    for layer in LAYERS:
        for value in _less(getattr(pair, layer)):
            yield structs.replace(pair, **{layer: value})
    for key in pair.context:
        rest = {name: value for name, value in pair.context.items() if name != key}
        yield structs.replace(pair, context=rest)


def _less(layer: Any) -> Iterator[Any]:
    """Yield a layer without one of its parts: a document, a statement, a condition, a value."""
    if isinstance(layer, dict):
        yield None
        yield from _less_of_document(layer)
    elif isinstance(layer, list):
        yield from _less_of_list(layer)


def _less_of_list(layer: list[Any]) -> Iterator[list[Any]]:
    """Yield a list of documents, or of levels, with one less or a lesser one."""
    for index, one in enumerate(layer):
        before, after = layer[:index], layer[index + 1 :]
        yield [*before, *after]
        yield from ([*before, less, *after] for less in _less(one) if less is not None)


def _less_of_document(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = document["Statement"]
    for index, statement in enumerate(listed):
        before, after = listed[:index], listed[index + 1 :]
        if before or after:
            yield {**document, "Statement": [*before, *after]}
        for less in _less_of_statement(statement):
            yield {**document, "Statement": [*before, less, *after]}


def _less_of_statement(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in LISTS:
        if name in statement:
            for value in _less_of_values(statement[name]):
                yield {**statement, name: value}
    for name in ("Action", "Resource"):
        plain = {key: value for key, value in statement.items() if not key.endswith(name)}
        if statement.get(name) != "*":
            yield {**plain, name: "*"}
    for block in _less_of_block(statement.get("Condition", {})):
        rest = {key: value for key, value in statement.items() if key != "Condition"}
        yield {**rest, "Condition": block} if block else rest


def _less_of_block(block: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for operator, tests in block.items():
        for key, values in tests.items():
            for less in _less_of_values(values):
                yield {**block, operator: {**tests, key: less}}
            without = {**block, operator: {name: tests[name] for name in tests if name != key}}
            yield {name: one for name, one in without.items() if one}


def _less_of_values(values: Any) -> Iterator[Any]:
    if isinstance(values, list):
        for index in range(len(values)):
            rest = [*values[:index], *values[index + 1 :]]
            yield rest[0] if len(rest) == 1 else rest


def shown(pair: Pair) -> str:
    """Return a pair in one line."""
    layers = {name: getattr(pair, name) for name in LAYERS if getattr(pair, name)}
    where = f"{pair.action} on {pair.resource} by {pair.principal.rpartition(':')[2]}"
    return f"{where} with {json.dumps(pair.context)} under {json.dumps(layers)}"
