"""Amazon Inspector: all its operations."""

from moto.inspector2.responses import Inspector2Response

from goldenami_sandbox.inspector.listings import InspectorListingsResponse
from goldenami_sandbox.inspector.on_demand_scans import OnDemandScansResponse
from goldenami_sandbox.inspector.sbom_exports import SbomExportsResponse

PATHS = (
    "coverage/list", "ondemand/scan", "ondemand/scan/status", "ondemand/scans",
    "sbomexport/create", "sbomexport/get", "sbomexport/cancel",
)  # fmt: skip
"""The paths of the operations that moto lacks."""


class InspectorResponse(
    InspectorListingsResponse,
    OnDemandScansResponse,
    SbomExportsResponse,
    Inspector2Response,
):
    """Answers Inspector's operations."""
