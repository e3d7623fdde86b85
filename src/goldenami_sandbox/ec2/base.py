"""What EC2 operations have in common."""

from collections.abc import Callable
from typing import Any, cast

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.exceptions import DryRunClientError
from moto.ec2.models import ec2_backends
from moto.ec2.responses._base_response import EC2BaseResponse

from goldenami_sandbox.ec2.errors import bad_value, token_reused
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.listing import page
from goldenami_sandbox.overriding import overrides

DRY_RUN_STATUS = 412  # moto: 400


class Ec2Base(EC2BaseResponse):
    """The store of the call's account and region, dry runs, client tokens and pages."""

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
        """Answer a dry run with AWS's status."""
        status, headers, body = super().serialized(action_result)
        if isinstance(action_result.result, DryRunClientError):
            status = DRY_RUN_STATUS
        return status, headers, body

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

    def paged(self, key: str, items: list[Any], default_size: int | None = None) -> ActionResult:
        """Answer with the page of ``items`` that the request asks for."""
        size = self._get_int_param("MaxResults", default_size)
        page_items, token = page(items, size, self._get_param("NextToken"))
        return ActionResult({key: page_items, "NextToken": token or None})
