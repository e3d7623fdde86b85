"""User data as its bytes tell: whether an instance would carry it out at all.

A form that cloud-init does not know is a warning in a log of the instance, and nothing else.
https://docs.cloud-init.io/en/latest/explanation/format.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
"""

import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import yaml

from goldenami import files
from goldenami.errors import SpecError
from goldenami.spec.model import Release
from goldenami.validation import Problem, Rule

LIMIT_BYTES = 16 * 1024
_UNPACKED_BYTES = 2**20
_GZIP = b"\x1f\x8b"
_MIME, _MIME_BYTES = b"mime-version:", 4096
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SCRIPT, _CONFIG = b"#!", b"#cloud-config"
_FORMS = (
    _SCRIPT, _CONFIG, b"#cloud-boothook", b"#include", b"#part-handler", b"#upstart-job",
    b"## template:",
)  # fmt: skip
_WINDOWS = (b"<powershell", b"<script", b"<persist", b"<runas")
_OTHERS = (b"{", b"[")
"""How what other agents than cloud-init read begins: Ignition's JSON, Bottlerocket's TOML."""


def path_of(user_data: str, folder: Path) -> Path | None:
    """Return the file that ``base.user_data`` names, or None if the script stands there itself."""
    inline = "\n" in user_data or user_data.startswith("#")
    return None if inline else folder / user_data


def read(user_data: str, folder: Path) -> bytes:
    """Return what ``base.user_data`` says or names.

    Raises:
        SpecError: it names a file that cannot be read.
    """
    path = path_of(user_data, folder)
    return files.read_bytes(path) if path else user_data.encode()


def rule(folder: Path) -> Rule[Release]:
    """Return the rule of a release file that lies in ``folder``."""
    return partial(_problems, folder)


def _problems(folder: Path, release: Release) -> Iterator[Problem]:
    if release.base.user_data is None:
        return
    try:
        lines = [*problems(read(release.base.user_data, folder))]
    except SpecError as error:
        lines = [error.with_fix]
    for line in lines:
        yield Problem("$.base.user_data", line)


def problems(content: bytes) -> Iterator[str]:
    """Yield why no instance could ever carry user data out."""
    if len(content) > LIMIT_BYTES:
        packed = content.startswith(_GZIP)
        help_ = "" if packed else " (cloud-init takes it packed by gzip as well)"
        yield f"EC2 takes at most 16 KiB of user data, this has {len(content):,} bytes{help_}"
    try:
        plain = _unpacked(content)
    except zlib.error as error:
        yield f"it begins as gzip does, and cannot be unpacked: {error}"
        return
    if why := _misfit(plain):
        yield why


def warnings(content: bytes) -> Iterator[str]:
    """Yield what is odd about user data that is not wrong."""
    plain = _unpacked(content)
    if plain.lstrip().startswith(_OTHERS):
        yield "base.user_data is none of cloud-init's: only an agent of its own carries it out"
    if not plain.startswith(_SCRIPT) or b"\r\n" not in plain:
        return
    lf = "save the script with LF line ends (`sed -i 's/\\r$//'`)"
    if plain.partition(b"\n")[0].endswith(b"\r"):
        yield f"base.user_data has CRLF line ends, which cloud-init alone takes away: {lf}"
    else:
        yield f"base.user_data has CRLF at the end of some lines, which the shell reads: {lf}"


def _unpacked(content: bytes) -> bytes:
    """Return what cloud-init makes of packed user data, or its first MiB.

    Raises:
        zlib.error: it is no gzip.
    """
    if not content.startswith(_GZIP):
        return content
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    plain = unpacking.decompress(content, _UNPACKED_BYTES)
    if not (unpacking.eof or unpacking.unconsumed_tail):
        raise zlib.error("its end is missing")
    return plain


def _misfit(plain: bytes) -> str:
    """Return why nothing would carry user data out, empty if something may."""
    text = plain.lstrip().lower()
    if not text:
        return "it is empty: leave the key out"
    if plain.startswith(_BYTE_ORDER_MARKS):
        return "it begins with a byte order mark, which cloud-init does not know: save it without"
    if text.startswith(_WINDOWS):
        return "it is user data of Windows, which goldenami does not bake"
    if text.startswith(_SCRIPT) and not plain.startswith(_SCRIPT):
        return "something stands before its `#!`, so that no kernel runs it: let it be the first"
    if _MIME in plain[:_MIME_BYTES].lower() or text.startswith(_OTHERS):
        return ""
    if not text.startswith(_FORMS):
        return (
            "it is no form that cloud-init knows, so that nothing would carry it out: begin a "
            "script with `#!/bin/bash`, a configuration with `#cloud-config`"
        )
    return _broken_config(plain) if text.split(b"\n", 1)[0].strip() == _CONFIG else ""


def _broken_config(plain: bytes) -> str:
    try:
        config = yaml.safe_load(plain)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return f"it is no YAML, which a #cloud-config has to be: line {line}: {error.problem}"
    except (yaml.YAMLError, ValueError):
        return "it is no YAML, which a #cloud-config has to be"
    return "" if isinstance(config, dict) else "it is a #cloud-config without any key"
