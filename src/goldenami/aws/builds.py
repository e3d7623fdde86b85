"""What says that builds have made it, by its tags: `domain.identity` tells whether it is so."""

from goldenami.aws import images
from goldenami.aws.answers import ec2
from goldenami.aws.regional import RegionalAws
from goldenami.domain import tags
from goldenami.domain.image import Image
from goldenami.domain.instance import ALIVE, Instance

__all__ = ["ALIVE", "Instance", "images_of", "instances"]


def instances(
    regional: RegionalAws, key: str = "", value: str = "", *, alive: bool = True
) -> list[Instance]:
    """Return the instances of bakes in a region, with this tag if one is named.

    Without ``alive``, those that were terminated within the last hour or so are among them.

    A base instance that was launched on its own has no ``goldenami:spec`` and is left out.
    """
    pages = regional.listed(
        ec2.DescribeInstances, "looking for a build's instance",
        Filters=[
            *([{"Name": f"tag:{key}", "Values": [value]}] if key else []),
            {"Name": f"tag:{tags.ROLE}", "Values": [one.value for one in tags.Role]},
            {"Name": "tag-key", "Values": [tags.SPEC]},
            *([{"Name": "instance-state-name", "Values": list(ALIVE)}] if alive else []),
        ],
    )  # fmt: skip
    return [_instance(regional.region, one) for page in pages for one in page.instances]


def images_of(regional: RegionalAws, build: str) -> list[Image]:
    """Return the images that a build has made in a region, in any state."""
    return [one for one in images.produced(regional) if one.tags.get(tags.BUILD) == build]


def _instance(region: str, answer: ec2.InstanceAnswer) -> Instance:
    return Instance(
        region=region,
        id=answer.instance_id,
        state=answer.state.name,
        tags=answer.tag_values,
        image_id=answer.image_id,
        token=answer.client_token,
        launched=answer.launch_time,
        key_name=answer.key_name,
        groups=tuple((group.group_id, group.group_name) for group in answer.security_groups),
    )
