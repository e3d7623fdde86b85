"""What was looked at of several parts: what holds of all is said once, the rest with its part."""

from goldenami.domain.check_result import CheckResult, together


def test_what_holds_of_all_parts_is_said_once_and_the_rest_with_its_part() -> None:
    arm = CheckResult(fine=("a", "b"), wrong=("no type",), unknown=("x",))
    x86 = CheckResult(fine=("a", "c"), unknown=("x",))
    assert together({"arm64": arm, "x86_64": x86}) == CheckResult(
        fine=("a", "arm64: b", "x86_64: c"), wrong=("arm64: no type",), unknown=("x",)
    )


def test_what_was_looked_at_of_one_part_is_as_it_was() -> None:
    result = CheckResult(fine=("a",), wrong=("b",), unknown=("c",))
    assert together({"": result}) == result
