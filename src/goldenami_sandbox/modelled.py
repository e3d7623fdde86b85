"""Services whose requests are checked by their model before they are carried out."""

from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.utils import get_service_model

from goldenami_sandbox import constraints
from goldenami_sandbox.checked import CheckedResponse
from goldenami_sandbox.overriding import overrides


class ModelledResponse(CheckedResponse):
    """Refuses what breaks a constraint of the service's model.

    A service says which of its operations are checked, and what its ValidationException tells.
    """

    checked_operations: tuple[str, ...] = ()
    """The operations that are checked; none for all."""
    validation: Mapping[str, str] = {}
    """What a ValidationException tells beside its message."""

    def _prepare(self, operation: str) -> None:
        if operation is None or (
            self.checked_operations and operation not in self.checked_operations
        ):
            return
        shape = get_service_model(self.boto3_service_name).operation_model(operation).input_shape
        if shape is not None and (wrong := constraints.refusal(shape, self.parameters())):
            raise ModelledError("ValidationException", wrong, **self.validation)

    def parameters(self) -> dict[str, Any]:
        """Return the request's parameters in boto3's shape."""
        return dict(self.params)


class ModelledError(ServiceException):
    """An error of a service, as its model has it.

    Args:
        code: its name in the model.
        message: for people.
        members: what else the model says that it tells.
    """

    @overrides
    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(code, message)
        vars(self).update(members)
