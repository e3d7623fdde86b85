"""Systems Manager: parameters and commands.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

from msgspec import Struct, field

from goldenami.aws.answers.interface import Answer, Page, Row, Text, listing, only, single


class Parameter(Row, frozen=True, kw_only=True):
    """A parameter as it is now."""

    name: Text
    type: Text
    value: Text
    version: int
    last_modified_date: datetime
    data_type: Text
    selector: str = ""  # absent if none was asked for


class Response(Struct, frozen=True, kw_only=True, rename={"headers": "HTTPHeaders"}):
    """How an answer came."""

    headers: dict[str, str]

    @property
    def date(self) -> datetime | None:
        """AWS's own time when it answered; None if the answer does not tell."""
        try:
            date = parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return None
        return date if date.tzinfo else None


class GetParameter(Answer, frozen=True, kw_only=True, rename="pascal"):
    """One parameter."""

    call: ClassVar[str] = "ssm:GetParameter"
    parameter: Parameter
    response: Response = field(name="ResponseMetadata")


class GetParameters(Answer, frozen=True, kw_only=True, rename="pascal"):
    """Several parameters: those that there are, and the names of the others."""

    call: ClassVar[str] = "ssm:GetParameters"
    parameters: tuple[Parameter, ...]
    invalid_parameters: tuple[Text, ...]


class GetParametersByPath(Page, frozen=True, kw_only=True):
    """A page of the parameters under a path."""

    call: ClassVar[str] = "ssm:GetParametersByPath"
    parameters: tuple[Parameter, ...]
    response: Response = field(name="ResponseMetadata")


class ParameterVersion(Row, frozen=True, kw_only=True):
    """A version of a parameter."""

    version: int
    type: Text
    value: Text
    last_modified_date: datetime
    last_modified_user: Text
    data_type: Text
    labels: tuple[Text, ...] = ()  # absent if it has none
    description: str = ""  # absent if it was written without one


GetParameterHistory = listing("ssm:GetParameterHistory", "Parameters", ParameterVersion)
PutParameter = single("ssm:PutParameter", "Version", int)
"""The version that was written."""

GetServiceSetting = single("ssm:GetServiceSetting", "ServiceSetting", only("SettingValue", str))
"""A setting of a region."""

SendCommand = single("ssm:SendCommand", "Command", only("CommandId", str))
"""The command that was sent."""


class GetCommandInvocation(Answer, frozen=True, kw_only=True, rename="pascal"):
    """How a command on an instance goes."""

    call: ClassVar[str] = "ssm:GetCommandInvocation"
    status: Text
    response_code: int = -1  # what SSM tells before the command has ended
    standard_output_content: str = ""  # absent if it printed nothing
    standard_error_content: str = ""  # the same


class LabelParameterVersion(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The labels that the version did not get."""

    call: ClassVar[str] = "ssm:LabelParameterVersion"
    invalid_labels: tuple[Text, ...] = ()  # absent if all are valid
