"""Spoils files: each seed gives one way in which bits, lines, values or shapes are wrong."""

import json
import random
from collections.abc import Callable
from typing import Any

import yaml

HUGE = 10**25
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, HUGE, -HUGE, 1e308, float("inf"), float("nan"), "", " ", "x" * 5_000,
    "a\0b", "\u202e\x9b31m", "é\U0001f600", "*", "${x}", "{{x}}", "<golden>", "../..", "/dev/zero",
    [], {}, [[]], {"": None}, {"a": {"a": {"a": []}}}, "2026-02-30", "0123", ["x"] * 300,
)  # fmt: skip
ODD_PARTS = (
    b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\r\n", b"\r", b"\t", b"\xc3", b"\xed\xa0\x80", b"\x07",
    b"[" * 200, b"{" * 200, b'{"a":' * 2_000, b"- " * 80, b"9" * 5_000, b"0x" + b"f" * 90,
    b"1:" * 900 + b"1", b"1e999", b"-", b"NaN", b"Infinity", b'"\\ud800"', b"\\u0000", b"&a ",
    b"*a", b"*legacy ", b"<<: *a\n", b"<<: *launch\n", b"? ", b": ", b"!!binary x", b"!!int ''",
    b"!!timestamp x", b"!!set {a, b}", b"!!python/object:os.system {}", b"---\n", b"...\n",
    b"%YAML 9.9\n", b"{", b"}", b"[", b"]", b'"', b"'", b"|\n", b",", b"\n", b"#",
    "\u2028\x85".encode(),
)  # fmt: skip

Mutation = Callable[[random.Random, bytes], bytes]


def flip_bits(dice: random.Random, content: bytes) -> bytes:
    spoilt = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        spoilt[dice.randrange(len(spoilt))] ^= 1 << dice.randrange(8)
    return bytes(spoilt)


def cut(dice: random.Random, content: bytes) -> bytes:
    start, end = sorted((dice.randrange(len(content)), dice.randrange(len(content))))
    return dice.choice((content[:start], content[end:], content[:start] + content[end:]))


def repeat(dice: random.Random, content: bytes) -> bytes:
    start, end = sorted((dice.randrange(len(content)), dice.randrange(len(content))))
    return content[:end] + content[start:end] * dice.choice((1, 2, 20)) + content[end:]


def insert(dice: random.Random, content: bytes) -> bytes:
    for _ in range(dice.randint(1, 3)):
        at = dice.choice((0, len(content), dice.randrange(len(content) + 1)))
        content = content[:at] + dice.choice(ODD_PARTS) + content[at:]
    return content


def rearrange_lines(dice: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    dice.shuffle(lines)
    return b"".join(lines[: dice.randint(1, len(lines))])


def other_line_ends(dice: random.Random, content: bytes) -> bytes:
    return content.replace(b"\n", dice.choice((b"\r\n", b"\r", b"\n\n", b"\0\n")))


def replace_value(dice: random.Random, content: bytes) -> bytes:
    """Put an odd value in the place of one, or an odd key; of lines of JSON, in one of them."""
    lines = content.splitlines(keepends=True)
    index = dice.randrange(len(lines))
    try:
        if lines[0].startswith(b"{") and lines[-1].startswith(b"{") and len(lines) > 1:
            lines[index] = json.dumps(_spoilt(dice, json.loads(lines[index]))).encode() + b"\n"
            return b"".join(lines)
        if content.lstrip().startswith(b"{"):
            return json.dumps(_spoilt(dice, json.loads(content))).encode()
        spoilt = _spoilt(dice, yaml.safe_load(content))
        return yaml.safe_dump(spoilt, allow_unicode=dice.random() < 0.5, width=10_000).encode()
    except Exception:  # PyYAML raises anything at what an earlier mutation made
        return insert(dice, content)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, cut, repeat, insert, insert, rearrange_lines, other_line_ends,
    replace_value, replace_value, replace_value, replace_value,
)  # fmt: skip


def mutated(content: bytes, seed: int) -> bytes:
    """Return a spoilt content: the same one for the same seed."""
    dice = random.Random(seed)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        content = dice.choice(MUTATIONS)(dice, content) or b"\n"
    return content


def _spoilt(dice: random.Random, document: Any) -> Any:
    holders = list(_holders(document))
    if not holders:
        return dice.choice(ODD_VALUES)
    holder, key = dice.choice(holders)
    if isinstance(holder, dict) and dice.random() < 0.2:
        holder[dice.choice(("", "x" * 2_000, "schema", "a.b[0]", "`", "\u202e"))] = holder.pop(key)
    elif dice.random() < 0.1:
        del holder[key]
    else:
        holder[key] = dice.choice(ODD_VALUES)
    return document


def _holders(document: Any) -> Any:
    if isinstance(document, dict | list):
        keys = document if isinstance(document, dict) else range(len(document))
        for key in keys:
            yield document, key
            yield from _holders(document[key])
