"""What each key of the users' files is for, as the docstrings of their types say."""

import inspect
import re
from collections.abc import Mapping

from msgspec import Struct, structs

_KEY = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)$", re.MULTILINE)


def of(kind: type[Struct]) -> Mapping[str, str]:
    """Return what each key of a part of a file is for, by the name that it has in the file.

    Args:
        kind: the type of the part. The section ``Args`` of its docstring, and of those of its
            bases, has a line for each field.

    Raises:
        KeyError: a field has none.
    """
    texts = {
        name: " ".join(words.split())
        for base in reversed(kind.__mro__)
        for name, words in _KEY.findall(inspect.cleandoc(base.__doc__ or "").partition("Args:")[2])
    }
    return {field.encode_name: texts[field.name] for field in structs.fields(kind)}


def summary(kind: type[Struct]) -> str:
    """Return what a part of a file is: its docstring without the sections."""
    text, _, _ = inspect.cleandoc(kind.__doc__ or "").partition("\nArgs:")
    return " ".join(text.split())
