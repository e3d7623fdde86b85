"""One image is the same to the sandbox's enforcement, to a proof, and to an explanation."""

from typing import Any

from goldenami.domain.image import Image
from goldenami.domain.tags import ApprovalTag
from goldenami.iam.authorization.resources import Resource, ResourceLookup, Scope
from goldenami.iam.proof.cases import CaseImage, Cases
from goldenami.iam.proof.lookup import GoldenImage, ProofLookup, ProofSetting
from goldenami.workflows.explain import ImageLookup
from goldenami_sandbox.enforcement.lookup import SandboxLookup
from goldenami_sandbox.identity import ACCOUNT_ID

REGION = "us-east-1"
TAGS = {"goldenami:status": "approved", "Team": "web"}


def image_in(lookup: ResourceLookup, image_id: str) -> tuple[Resource, list[str]]:
    """Return an image without its devices, and their snapshots."""
    image = lookup.find("image", image_id, REGION)
    assert image
    snapshots = [device["Ebs"]["SnapshotId"] for device in image.details["devices"]]
    return Resource(arn=image.arn, keys=image.keys), snapshots


def explained(image_id: str, snapshot: str) -> ImageLookup:
    image = Image(
        region=REGION, id=image_id, name="web", owner=ACCOUNT_ID, state="available",
        architecture="x86_64", tags=TAGS, snapshots=(snapshot,),
    )  # fmt: skip
    return ImageLookup(image, Scope("aws", REGION, ACCOUNT_ID))


def proved(image_id: str, snapshot: str) -> ProofLookup:
    golden = GoldenImage(region=REGION, id="ami-golden", owner=ACCOUNT_ID, snapshots=("snap-1",))
    setting = ProofSetting(
        account=ACCOUNT_ID, partition="aws", owners=(ACCOUNT_ID,), tag=ApprovalTag(),
        golden=(golden,),
    )  # fmt: skip
    return ProofLookup(
        setting, golden, Cases(images={image_id: CaseImage(tags=TAGS, snapshot=snapshot)})
    )


def test_a_proof_an_explanation_and_the_sandbox_see_the_same_image(ec2: Any, bake: Any) -> None:
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    image_id = bake(TagSpecifications=[{"ResourceType": "image", "Tags": tags}])
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    lookups: list[ResourceLookup] = [
        SandboxLookup(),
        explained(image_id, snapshot["SnapshotId"]),
        proved(image_id, snapshot["SnapshotId"]),
    ]
    first, *others = (image_in(lookup, image_id) for lookup in lookups)
    assert others == [first, first]
