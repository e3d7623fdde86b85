"""Checks that come before an operation of a service is carried out."""

from collections.abc import Callable

from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

from goldenami_sandbox.overriding import overrides


class CheckedResponse(BaseResponse):
    """Answers a request with the error of its checks, if one of them refuses it."""

    _prepare: Callable[[str], None]
    """Checks a request of an operation, which a service says how to do."""

    @overrides
    def call_action(self) -> TYPE_RESPONSE:
        """Check what every operation has in common before it is carried out."""
        try:
            self._prepare(self._get_action())
        except ServiceException as error:
            status, headers, body = self.serialized(ActionResult(error))
            return status, headers | {"status": str(status)}, body
        return super().call_action()
