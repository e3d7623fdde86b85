"""Inspector's exports of what software an image has."""

from typing import ClassVar, Literal

from goldenami.aws.answers.interface import Answer, Text

IN_PROGRESS, SUCCEEDED = "IN_PROGRESS", "SUCCEEDED"


class CreateSbomExport(Answer, frozen=True, kw_only=True, rename="camel"):
    """An export that was begun.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_CreateSbomExport.html
    """

    call: ClassVar[str] = "inspector2:CreateSbomExport"
    report_id: Text


class GetSbomExport(Answer, frozen=True, kw_only=True, rename="camel"):
    """How an export goes.

    https://docs.aws.amazon.com/inspector/v2/APIReference/API_GetSbomExport.html
    """

    call: ClassVar[str] = "inspector2:GetSbomExport"
    report_id: Text
    status: Literal["IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELLED"]
    error_code: str = ""  # absent unless it failed
    error_message: str = ""  # the same
