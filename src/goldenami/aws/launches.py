"""What will launch instances in a region, each with the image it names.

An Auto Scaling group, a fleet or a node group names a version of a launch template, and that names
an image, or an SSM parameter that holds one.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.aws import auto_scaling, parameters
from goldenami.aws.calls import pages
from goldenami.aws.errors import explained
from goldenami.aws.launch_templates import Reference, Templates, of_overrides, of_template
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject

_FLEETS_ALIVE = {"submitted", "active", "modifying"}


class Launches:
    """What will launch instances in a region.

    Args:
        aws: whose.
        account: whose, by its id.
        region: where.
        images: looks images up.
    """

    def __init__(self, aws: Aws, account: str, region: str, images: SeenImages) -> None:
        self._aws = aws
        self._account = account
        self._region = region
        self._images = images
        self._templates = Templates(aws, region)

    def launch_templates(self) -> Iterator[list[Subject]]:
        """Yield the launch templates: their default and latest version."""
        found = []
        for one in self._templates.listed():
            name = f"{one.id}:{one.version}"
            found.append((self._subject(Kind.LAUNCH_TEMPLATE, name, one.name), one.reference))
        yield self._with_images(found)

    def launch_configurations(self) -> Iterator[list[Subject]]:
        """Yield the launch configurations, which new accounts no longer have."""
        yield self._with_images(
            (
                self._subject(Kind.LAUNCH_CONFIGURATION, one["LaunchConfigurationName"]),
                Reference(image=one["ImageId"]),
            )
            for one in self._templates.configurations()
        )

    def auto_scaling_groups(self) -> Iterator[list[Subject]]:
        """Yield the Auto Scaling groups, once for each image that one can launch."""
        told = self._listed(
            "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups",
            "reading Auto Scaling groups",
        )  # fmt: skip
        found = []
        for one in told:
            group, own = auto_scaling.group(one), tags.from_aws(one.get("Tags"))
            for number, reference in enumerate(group.references):
                name = _nth(group.name, number)
                subject = self._subject(Kind.AUTO_SCALING_GROUP, name, group.name, own)
                found.append((subject, reference))
        yield self._with_images(found)

    def fleets(self) -> Iterator[list[Subject]]:
        """Yield the EC2 fleets that can still launch something."""
        told = self._listed("ec2", "describe_fleets", "Fleets", "reading EC2 fleets")
        found = []
        for one in told:
            if one.get("FleetState", "active") not in _FLEETS_ALIVE:
                continue
            own = tags.from_aws(one.get("Tags"))
            for number, reference in enumerate(_of_configs(one.get("LaunchTemplateConfigs", ()))):
                name = _nth(one["FleetId"], number)
                found.append((self._subject(Kind.FLEET, name, own.get("Name", ""), own), reference))
        yield self._with_images(found)

    def spot_fleets(self) -> Iterator[list[Subject]]:
        """Yield the spot fleets that can still launch something."""
        told = self._listed(
            "ec2", "describe_spot_fleet_requests", "SpotFleetRequestConfigs", "reading spot fleets"
        )
        found = []
        for one in told:
            if one.get("SpotFleetRequestState", "active") not in _FLEETS_ALIVE:
                continue
            config, own = one["SpotFleetRequestConfig"], tags.from_aws(one.get("Tags"))
            direct = of_overrides(config.get("LaunchSpecifications", ()))
            by_template = _of_configs(config.get("LaunchTemplateConfigs", ()))
            for number, reference in enumerate((*direct, *by_template)):
                name = _nth(one["SpotFleetRequestId"], number)
                found.append((self._subject(Kind.SPOT_FLEET, name, "", own), reference))
        yield self._with_images(found)

    def node_groups(self) -> Iterator[list[Subject]]:
        """Yield the EKS node groups; without a template of one's own, EKS chooses the image."""
        clusters = self._listed("eks", "list_clusters", "clusters", "listing EKS clusters")
        yield self._with_images(
            self._node_group(cluster, name)
            for cluster in list(clusters)
            for name in self._listed(
                "eks", "list_nodegroups", "nodegroups", "listing node groups", clusterName=cluster
            )
        )

    def _node_group(self, cluster: str, name: str) -> tuple[Subject, Reference]:
        with explained(f"reading node group {name}", self._region):
            client = self._aws.client("eks", self._region)
            told = client.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        subject = self._subject(
            Kind.NODE_GROUP, f"{cluster}/{name}", name, dict(told.get("tags", {}))
        )
        template = told.get("launchTemplate")
        if template and told.get("amiType", "CUSTOM") == "CUSTOM":
            named = template.get("id") or template["name"]
            version = str(template.get("version", "$Default"))
            return subject, Reference(template=named, version=version)
        return subject, Reference(why=f"EKS chooses it ({told.get('amiType', 'its default')})")

    def _listed(
        self, service: str, operation: str, key: str, doing: str, **parameters: str
    ) -> Iterator[Any]:
        return pages(self._aws, service, operation, key, self._region, doing, **parameters)

    def _subject(
        self, kind: Kind, subject_id: str, name: str = "", own: Mapping[str, str] | None = None
    ) -> Subject:
        return Subject(
            kind=kind,
            account=self._account,
            region=self._region,
            id=subject_id,
            name=name or subject_id,
            tags=own or {},
        )

    def _with_images(self, found: Iterable[tuple[Subject, Reference]]) -> list[Subject]:
        """Return the subjects with their images, each parameter and image asked for once."""
        resolved = [(one, self._templates.resolved(reference)) for one, reference in found]
        named_in = {each.parameter for _, each in resolved if each.parameter}
        ids = parameters.image_ids(self._aws, self._region, named_in) if named_in else {}
        named = [(one, _followed(each, ids)) for one, each in resolved]
        seen = self._images.of({each.image for _, each in named if each.image})
        return [
            replace(
                one,
                image=seen.get(each.image, ImageSeen()),
                facts={"unresolved": each.why} if each.why else {},
            )
            for one, each in named
        ]


def _followed(reference: Reference, ids: Mapping[str, str]) -> Reference:
    """Follow a reference to an SSM parameter."""
    if not reference.parameter:
        return reference
    if reference.parameter in ids:
        return Reference(image=ids[reference.parameter])
    return Reference(why=f"there is no SSM parameter {reference.parameter}")


def _of_configs(configs: Iterable[Mapping[str, Any]]) -> list[Reference]:
    """Return what the launch template configurations of a fleet launch."""
    found = []
    for config in configs:
        found.append(of_template(config.get("LaunchTemplateSpecification", {})))
        found += of_overrides(config.get("Overrides", ()))
    return list(dict.fromkeys(found))


def _nth(name: str, number: int) -> str:
    return f"{name}#{number + 1}" if number else name
