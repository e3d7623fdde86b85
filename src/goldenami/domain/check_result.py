"""What was looked at before a plan may be carried out."""

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
