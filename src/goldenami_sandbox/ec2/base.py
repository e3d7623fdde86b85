"""What EC2 operations have in common: malformed ids, dry runs, filters, pages, client tokens.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from botocore import xform_name
from botocore.model import OperationNotFoundError
from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.ec2.exceptions import DryRunClientError
from moto.ec2.models import ec2_backends
from moto.ec2.responses._base_response import EC2BaseResponse

from goldenami_sandbox.checked import CheckedResponse
from goldenami_sandbox.ec2 import choices, ids, request_limits
from goldenami_sandbox.ec2.errors import bad_value, in_words, missing, token_reused
from goldenami_sandbox.ec2.listings import request
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.overriding import overrides

DRY_RUN_STATUS = 412  # moto: 400
READING = ("Describe", "Get", "List", "Search")
"""How operations begin that change nothing."""


class Ec2Base(CheckedResponse, EC2BaseResponse):
    """The store of the call's account and region, and the checks of every call."""

    _page_wish: request.Wish | None = None
    _dry_run = False

    @property
    def store(self) -> Ec2Store:
        """The call's account in the call's region."""
        return cast(Ec2Store, self.ec2_backend)

    def store_in(self, region: str) -> Ec2Store:
        """Return the call's account in another region.

        Raises:
            EC2ClientError: there is no such region.
        """
        try:
            return cast(Ec2Store, ec2_backends[self.current_account][region])
        except KeyError:
            raise bad_value(f"Invalid region: {region}") from None

    @overrides
    def get_region_from_url(self, request: Any, full_url: str) -> str:
        """Take the region of the signature; moto prefers one in the user agent."""
        authorization = request.headers.get("Authorization", "")
        if "Credential=" in authorization:
            return str(authorization.partition("Credential=")[2].split("/")[2])
        return str(super().get_region_from_url(request, full_url))

    @overrides
    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Answer with the wished part of a listing, and a dry run with AWS's status."""
        result: Any = action_result.result
        if isinstance(result, ServiceException):
            result.message = in_words(result.message)
        elif self._dry_run:
            action_result = ActionResult(DryRunClientError())
        elif self._page_wish is not None:
            action_result = ActionResult(request.answer(self._page_wish, result))
        status, headers, body = super().serialized(action_result)
        if isinstance(action_result.result, DryRunClientError):
            status = DRY_RUN_STATUS
        return status, headers, body

    def _prepare(self, operation: str) -> None:
        """Refuse what is missing or none, and take filters and page out of the parameters.

        A dry run of a changing operation ends here if moto would carry it out, which does so with
        some; what the sandbox does itself ends with its own checks, and what reads is read.

        Raises:
            EC2ClientError: one of them is wrong, or it is a dry run.
        """
        try:
            model = get_service_model("ec2").operation_model(operation)
        except OperationNotFoundError:
            return
        if model.input_shape is None:
            return
        _check_required(model.input_shape, self.params)
        ids.check(model.input_shape, self.params)
        request_limits.check(operation, self.params)
        choices.check(model.input_shape, self.params)
        self._page_wish = request.taken(operation, self.params)
        dry = "DryRun" in model.input_shape.members and bool(self._get_param("DryRun", False))
        function = getattr(type(self), xform_name(operation), None)
        own = getattr(function, "__module__", "").startswith(__package__)
        if dry and function and not own and not operation.startswith(READING):
            raise DryRunClientError
        self._dry_run = dry
        if dry and operation.startswith(READING):
            self.params.pop("DryRun")  # so that what does not exist is told first

    def once(self, operation: str, make: Callable[[], Any]) -> Any:
        """Return what ``make`` returns, or the first answer to a client token used before.

        https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html

        Raises:
            EC2ClientError: IdempotentParameterMismatch, for a token with other parameters.
        """
        token = self._get_param("ClientToken")
        if not token or self._get_param("DryRun", False):
            return make()
        parameters = {name: value for name, value in self.params.items() if name != "ClientToken"}
        before = self.store.client_tokens.get((operation, token))
        if before is None:
            before = (parameters, make())
            self.store.client_tokens[operation, token] = before
        if before[0] != parameters:
            raise token_reused()
        return before[1]


def _check_required(shape: Any, parameters: Mapping[str, Any]) -> None:
    """Refuse a request that lacks a parameter; of a structure that is empty, nothing is sent."""
    for name in shape.required_members:
        if name not in parameters and shape.members[name].type_name != "structure":
            raise missing(name)
