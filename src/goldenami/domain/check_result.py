"""What was looked at before a plan may be carried out."""

from collections.abc import Iterator, Mapping

from msgspec import Struct


class CheckResult(Struct, frozen=True, kw_only=True):
    """The outcome of checks that change nothing, one sentence each; a sum of them is one too.

    Args:
        fine: what is as it must be.
        wrong: what stands against the plan.
        unknown: what could not be found out, and does not stand against it.
    """

    fine: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __add__(self, other: "CheckResult") -> "CheckResult":
        return CheckResult(
            fine=self.fine + other.fine,
            wrong=self.wrong + other.wrong,
            unknown=self.unknown + other.unknown,
        )


def together(parts: Mapping[str, CheckResult]) -> CheckResult:
    """Return what was looked at of several parts, each sentence with the part that it is of.

    What holds of all of them is said once, without a part.
    """
    return CheckResult(
        fine=tuple(_sentences({part: result.fine for part, result in parts.items()})),
        wrong=tuple(_sentences({part: result.wrong for part, result in parts.items()})),
        unknown=tuple(_sentences({part: result.unknown for part, result in parts.items()})),
    )


def _sentences(parts: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    common = set[str].intersection(*map(set, parts.values()))
    yield from (line for line in next(iter(parts.values())) if line in common)
    for part, lines in parts.items():
        yield from (f"{part}: {line}" for line in lines if line not in common)
