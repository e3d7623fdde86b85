"""Every error a user can meet, and the exit code it ends in.

::

    GoldenamiError            1  something failed
    ├── UsageError            2  the command line is wrong
    │   ├── SpecError         2  a release or waiver file is wrong: file, place, fix
    │   │   └── PolicyError   2  a policy document says what IAM, or the evaluator, does not know
    │   ├── UnknownActionError    2  the service authorization reference has no such action
    │   └── UnknownResourceError  2  a call names a resource that does not exist
    ├── AwsError              1  AWS refused or could not be reached
    │   └── UnreadableAnswerError 1  what came is not a whole answer of the operation
    ├── LeftAloneError        1  a remediation leaves a thing alone, which is no failure
    ├── WorkerLostError       1  a process ended before it had judged what it was given
    ├── BakeError             1  a bake failed: what was undone and what is left is in its notes
    │   ├── GateError         1  the image does not pass what its release asks of it
    │   └── SlowError         1  what was begun is under way, and not ready by its deadline
    ├── IncompleteError       3  a region, an account or a page could not be read
    ├── RefusedError          4  refused for safety: nothing approved, a lock-out, a foreign policy
    │   ├── UndecidableError  4  AWS does not say how it would decide this, and nobody may guess
    │   └── LeaseLostError    4  another run holds the right to do this: what stands is in its notes
    ├── FindingsError        10  the audit found something, or what is attached has drifted
    └── InterruptedRunError 130  Ctrl-C: the run can be resumed, and the notes say how

Only ``cli`` turns an error into an exit; nothing else calls ``sys.exit``.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_QUOTED = re.compile(r"(?<!\w)(?:`[^`]{161,}`|'[^']{161,}')(?!\w)")
_HEAD, _TAIL = 800, 400


def cut(text: str) -> str:
    """Return a text whose quotations are short, and which is not long itself."""
    text = _QUOTED.sub(lambda quoted: f"{quoted[0][:101]}…{quoted[0][-41:]}", text)
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]} … {text[-_TAIL:]}"


class GoldenamiError(Exception):
    """Base of all errors that are shown to the user as one message.

    Args:
        message: what went wrong, with its place, in one sentence.
        fix: what to do about it, in one sentence.
        notes: further lines: every problem of a list, ids left behind, the command that resumes.
    """

    exit_code = 1

    def __init__(self, message: str, *, fix: str = "", notes: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.notes = tuple(notes)

    @property
    def with_fix(self) -> str:
        """What is wrong and what to do about it, as an item of a list says it."""
        return f"{self.message} (fix: {self.fix})" if self.fix else self.message

    def __str__(self) -> str:
        lines = [self.message, *(f"  - {note}" for note in self.notes)]
        if self.fix:
            lines.append(f"Fix: {self.fix}")
        return "\n".join(lines)


class UsageError(GoldenamiError):
    """The command line asks for something that does not exist or does not fit together.

    What it quotes of a file may be anything, and is cut.
    """

    exit_code = 2

    def __init__(self, message: str, *, fix: str = "", notes: Iterable[str] = ()) -> None:
        super().__init__(cut(message), fix=cut(fix), notes=[cut(note) for note in notes])


class FileProblem(NamedTuple):
    """What is wrong in a line of a file, and what to do about it.

    Args:
        path: the file.
        line: the line, from 1.
        key: what stands there (``base.volumes[0].iops``), empty for the file as a whole.
        words: what is wrong.
        fix: what to do, empty if the words say it.
        order: what problems of one file are told by: the line, and the number of the key.
    """

    path: str
    line: int
    key: str
    words: str
    fix: str = ""
    order: tuple[int, int] = (0, 0)

    @property
    def text(self) -> str:
        """Place and words: ``release.yaml:12: base.volumes[0].iops: …``."""
        return ": ".join(filter(None, (f"{self.path}:{self.line}", self.key, self.words)))

    @property
    def with_fix(self) -> str:
        """The same and what to do about it, as an item of a list says it."""
        return f"{self.text} ({self.fix})" if self.fix else self.text


class SpecError(UsageError):
    """A file the user wrote is wrong; the message names file, line and key.

    ``problems`` are all of them, where lines are known.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        notes: Iterable[str] = (),
        problems: Iterable[FileProblem] = (),
    ) -> None:
        super().__init__(message, fix=fix, notes=notes)
        self.problems = tuple(problems)


class PolicyError(SpecError):
    """A policy document has an element, operator or variable that is not known, or no sense."""


class UnknownActionError(UsageError):
    """An action that the service authorization reference does not have."""


class UnknownResourceError(UsageError):
    """A call names a resource that is not there: ``kind`` (``image``) and ``name``."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name}")
        self.kind = kind
        self.name = name


class AwsError(GoldenamiError):
    """AWS refused a call or could not be reached.

    ``code`` is the AWS error code (``UnauthorizedOperation``), empty if no answer came;
    ``encoded`` is what AWS encodes of a denial, which says nothing to people.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        notes: Iterable[str] = (),
        code: str = "",
        encoded: str = "",
    ) -> None:
        super().__init__(message, fix=fix, notes=notes)
        self.code = code
        self.encoded = encoded


class UnreadableAnswerError(AwsError):
    """An answer was cut, damaged or somebody else's, again and again; nothing follows from it.

    The message names operation, region and size, and nothing of what came. ``tried`` is whether it
    was asked for several times already.
    """

    def __init__(self, message: str, *, fix: str = "", tried: bool = False) -> None:
        super().__init__(message, fix=fix, code="UnreadableAnswer")
        self.tried = tried


class LeftAloneError(GoldenamiError):
    """Nothing is done with a thing; the message says why.

    ``unread`` is whether that is because something could not be read.
    """

    def __init__(self, message: str, *, unread: bool = False) -> None:
        super().__init__(message)
        self.unread = unread


class WorkerLostError(GoldenamiError):
    """A process ended before it had judged what it was given."""


class BakeError(GoldenamiError):
    """A bake failed; the notes say what was undone and what is left, by id."""


class GateError(BakeError):
    """An image, or its instance, does not pass what its release asks of it.

    What helps makes another image, so that this build cannot go on with it.
    """


class SlowError(BakeError):
    """What was begun is under way, and not ready by its deadline: nothing of it is undone."""


class IncompleteError(GoldenamiError):
    """Not everything could be read, so nothing can be said about the whole."""

    exit_code = 3


class RefusedError(GoldenamiError):
    """Going on would be unsafe, so nothing was changed."""

    exit_code = 4


class UndecidableError(RefusedError):
    """A request that AWS's documentation does not say how to decide."""


class LeaseLostError(RefusedError):
    """Another run holds the right to do this: nothing more was begun, and nothing undone."""


class FindingsError(GoldenamiError):
    """Everything was read, and something is not as it should be."""

    exit_code = 10


class InterruptedRunError(GoldenamiError):
    """The user pressed Ctrl-C; the journal has what was done so far."""

    exit_code = 130
