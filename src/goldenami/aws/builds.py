"""What says that builds have made it, by its tags: `domain.identity` tells whether it is so."""

from goldenami.aws.instances import described
from goldenami.aws.session import RegionalAws
from goldenami.domain import tags
from goldenami.domain.instance import ALIVE, Instance


def instances(
    regional: RegionalAws, key: str = "", value: str = "", *, alive: bool = True
) -> list[Instance]:
    """Return the instances of bakes in a region, with this tag if one is named.

    Without ``alive``, those that were terminated within the last hour or so are among them.

    A base instance that was launched on its own has no ``goldenami:spec`` and is left out.
    """
    return described(
        regional,
        "looking for a build's instance",
        Filters=[
            *([{"Name": f"tag:{key}", "Values": [value]}] if key else []),
            {"Name": f"tag:{tags.ROLE}", "Values": [role.value for role in tags.InstanceRole]},
            {"Name": "tag-key", "Values": [tags.SPEC]},
            *([{"Name": "instance-state-name", "Values": list(ALIVE)}] if alive else []),
        ],
    )


def base_instances(regional: RegionalAws) -> list[Instance]:
    """Return the base instances of a region that are there, of bakes or launched on their own."""
    return described(
        regional,
        "listing base instances",
        Filters=[
            {"Name": f"tag:{tags.ROLE}", "Values": ["base"]},
            {"Name": "instance-state-name", "Values": list(ALIVE)},
        ],
    )
