"""What Inspector's operations have in common: the store, and the checks by its model."""

import json
from collections.abc import Mapping
from typing import Any

from moto.inspector2.models import inspector2_backends
from moto.inspector2.responses import Inspector2Response

from goldenami_sandbox.inspector.store import InspectorStore
from goldenami_sandbox.modelled import ModelledResponse


class InspectorBase(ModelledResponse, Inspector2Response):
    """The store of the call's account and region."""

    checked_operations: tuple[str, ...] = (
        "StartOnDemandScan", "GetOnDemandScanStatus", "ListOnDemandScans", "CreateSbomExport",
        "GetSbomExport", "CancelSbomExport",
    )  # fmt: skip
    validation: Mapping[str, str] = {"reason": "FIELD_VALIDATION_FAILED"}

    @property
    def store(self) -> InspectorStore:
        """The call's account in the call's region."""
        store = inspector2_backends[self.current_account][self.region]
        assert isinstance(store, InspectorStore)  # noqa: S101  for the type checker
        return store

    def parameters(self) -> dict[str, Any]:
        """Return the request's parameters in boto3's shape."""
        return dict(json.loads(self.body or "{}"))
