import pytest

from goldenami.domain.platforms import is_windows


@pytest.mark.parametrize(
    ("platform", "details", "windows"),
    [
        ("", "", False),
        ("", "Linux/UNIX", False),
        ("", "Red Hat Enterprise Linux", False),
        ("", "Linux with SQL Server Web", False),
        ("windows", "", True),
        ("Windows", "Windows", True),
        ("windows", "Windows with SQL Server Enterprise", True),
        ("", "Windows", True),
        ("", "Windows BYOL", True),
        ("", "Windows with SQL Server Web", True),
    ],
)
def test_windows_is_told_by_the_platform_or_by_its_details(
    platform: str, details: str, windows: bool
) -> None:
    assert is_windows(platform, details) == windows
