"""EC2 with all its mends."""

from moto.ec2.responses import EC2Response

from goldenami_sandbox.mends.allowed_settings import AllowedImagesResponse
from goldenami_sandbox.mends.ebs import EbsResponse
from goldenami_sandbox.mends.image_creation import ImageCreationResponse
from goldenami_sandbox.mends.image_listing import ImageListingResponse
from goldenami_sandbox.mends.image_sharing import ImageSharingResponse
from goldenami_sandbox.mends.instance_status import InstanceStatusResponse
from goldenami_sandbox.mends.launch_template_versions import LaunchTemplateVersionsResponse
from goldenami_sandbox.mends.launches import LaunchesResponse
from goldenami_sandbox.mends.regions import RegionsResponse
from goldenami_sandbox.mends.root_replacement import RootReplacementResponse
from goldenami_sandbox.mends.snapshots import SnapshotsResponse
from goldenami_sandbox.mends.tags import TagsResponse


class Ec2Response(
    ImageCreationResponse,
    ImageListingResponse,
    ImageSharingResponse,
    AllowedImagesResponse,
    SnapshotsResponse,
    LaunchesResponse,
    LaunchTemplateVersionsResponse,
    InstanceStatusResponse,
    RootReplacementResponse,
    RegionsResponse,
    EbsResponse,
    TagsResponse,
    EC2Response,
):
    """Answers EC2's operations: the mended ones, and moto's own for the rest."""
