"""SSM with its mends: parameters and Run Command."""

from typing import Any, cast

from moto.ssm import urls

from goldenami_sandbox.run_command import RunCommandResponse
from goldenami_sandbox.ssm_parameters import ParametersResponse, ParameterStore


class SsmStore(ParameterStore):
    """moto's SSM store, mended."""

    @property
    def _url_module(self) -> Any:
        return urls


class SsmResponse(ParametersResponse, RunCommandResponse):
    """Answers SSM's operations: the mended ones, and moto's own for the rest."""

    @property
    def ssm_backend(self) -> SsmStore:
        """The store, after the checks that are due."""
        store = cast(SsmStore, super().ssm_backend)
        store.check()
        return store
