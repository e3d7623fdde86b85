"""EC2: all its operations."""

from moto.ec2.responses import EC2Response

from goldenami_sandbox.ec2.allowed_images_calls import AllowedImagesResponse
from goldenami_sandbox.ec2.ancestry import AncestryResponse
from goldenami_sandbox.ec2.fleets import FleetsResponse
from goldenami_sandbox.ec2.image_creation import ImageCreationResponse
from goldenami_sandbox.ec2.image_reference_calls import ImageReferencesResponse
from goldenami_sandbox.ec2.image_scans_calls import ImageScansResponse
from goldenami_sandbox.ec2.images import ImageListingResponse, ImageSharingResponse
from goldenami_sandbox.ec2.instances import InstanceStatusResponse
from goldenami_sandbox.ec2.launch_templates import LaunchTemplateVersionsResponse
from goldenami_sandbox.ec2.public_access import PublicAccessResponse
from goldenami_sandbox.ec2.recycle_bin_calls import RecycleBinResponse
from goldenami_sandbox.ec2.regions import RegionsResponse
from goldenami_sandbox.ec2.snapshot_lock_calls import SnapshotLocksResponse
from goldenami_sandbox.ec2.tags import TagsResponse
from goldenami_sandbox.ec2.transitions import TransitionsResponse
from goldenami_sandbox.ec2.trial import LaunchTrialResponse
from goldenami_sandbox.ec2.usage_reports import UsageReportsResponse
from goldenami_sandbox.ec2.volumes import EbsResponse, RootReplacementResponse
from goldenami_sandbox.ec2.watermark_calls import WatermarksResponse


class Ec2Response(
    ImageCreationResponse,
    ImageListingResponse,
    ImageSharingResponse,
    WatermarksResponse,
    AncestryResponse,
    ImageReferencesResponse,
    UsageReportsResponse,
    AllowedImagesResponse,
    ImageScansResponse,
    PublicAccessResponse,
    SnapshotLocksResponse,
    RecycleBinResponse,
    FleetsResponse,
    LaunchTrialResponse,
    TransitionsResponse,
    LaunchTemplateVersionsResponse,
    InstanceStatusResponse,
    RootReplacementResponse,
    RegionsResponse,
    EbsResponse,
    TagsResponse,
    EC2Response,
):
    """Answers EC2's operations: the ones that differ, and moto's own for the rest."""
