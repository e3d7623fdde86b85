"""Which operating system an image or an instance runs, as far as EC2 tells."""

_WINDOWS = "windows"


def is_windows(platform: str, details: str) -> bool:
    """Say whether something runs Windows.

    ``Platform`` is only there for Windows, and not always; the details also name what comes with
    it or by which licence it runs: ``Windows with SQL Server Web``, ``Windows BYOL``.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html

    Args:
        platform: the member ``Platform``, which may be empty.
        details: the member ``PlatformDetails``, which may be empty.
    """
    return platform.lower() == _WINDOWS or details.lower().startswith(_WINDOWS)
