"""What will launch instances in a region, each with the image it names.

An Auto Scaling group, a fleet or a node group names a version of a launch template, and that names
an image, or an SSM parameter that holds one.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from goldenami.aws import auto_scaling, parameters
from goldenami.aws.answers.launches import (
    DescribeAutoScalingGroups,
    DescribeFleets,
    DescribeSpotFleetRequests,
    TemplateConfig,
)
from goldenami.aws.answers.others import DescribeNodegroup, ListClusters, ListNodegroups
from goldenami.aws.errors import GONE, Tolerated
from goldenami.aws.launch_templates import (
    ImageReference,
    LaunchTemplates,
    of_overrides,
    of_template,
)
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject

_FLEETS_ALIVE = {"submitted", "active", "modifying"}


class Launches:
    """What will launch instances in a region.

    Args:
        regional: whose, and where.
        account: whose, by its id.
        images: looks images up.
    """

    def __init__(self, regional: RegionalAws, account: str, images: SeenImages) -> None:
        self._account = account
        self._regional = regional
        self._images = images
        self._templates = LaunchTemplates(regional)

    def launch_templates(self) -> Iterator[list[Subject]]:
        """Yield the launch templates: their default and latest version."""
        launching = []
        for version in self._templates.listed():
            name = f"{version.id}:{version.version}"
            launching.append(
                (self._subject(Kind.LAUNCH_TEMPLATE, name, version.name), version.reference)
            )
        yield self._with_images(launching)

    def launch_configurations(self) -> Iterator[list[Subject]]:
        """Yield the launch configurations, which new accounts no longer have."""
        yield self._with_images(
            (
                self._subject(Kind.LAUNCH_CONFIGURATION, configuration.launch_configuration_name),
                ImageReference(image=configuration.image_id),
            )
            for configuration in self._templates.configurations()
        )

    def auto_scaling_groups(self) -> Iterator[list[Subject]]:
        """Yield the Auto Scaling groups, once for each image that one can launch."""
        purpose = "reading Auto Scaling groups"
        launching = []
        for answer in self._regional.rows(DescribeAutoScalingGroups, purpose):
            group = auto_scaling.group(answer)
            for number, reference in enumerate(group.references):
                name = _nth(group.name, number)
                own = answer.tag_values
                subject = self._subject(Kind.AUTO_SCALING_GROUP, name, group.name, own)
                launching.append((subject, reference))
        yield self._with_images(launching)

    def fleets(self) -> Iterator[list[Subject]]:
        """Yield the EC2 fleets that can still launch something."""
        launching = []
        for fleet in self._regional.rows(DescribeFleets, "reading EC2 fleets"):
            if fleet.fleet_state not in _FLEETS_ALIVE:
                continue
            own = fleet.tag_values
            for number, reference in enumerate(_of_configs(fleet.launch_template_configs)):
                name = _nth(fleet.fleet_id, number)
                launching.append(
                    (self._subject(Kind.FLEET, name, own.get("Name", ""), own), reference)
                )
        yield self._with_images(launching)

    def spot_fleets(self) -> Iterator[list[Subject]]:
        """Yield the spot fleets that can still launch something."""
        launching = []
        for fleet in self._regional.rows(DescribeSpotFleetRequests, "reading spot fleets"):
            if fleet.spot_fleet_request_state not in _FLEETS_ALIVE:
                continue
            config = fleet.spot_fleet_request_config
            direct = of_overrides(config.launch_specifications)
            by_template = _of_configs(config.launch_template_configs)
            for number, reference in enumerate((*direct, *by_template)):
                name = _nth(fleet.spot_fleet_request_id, number)
                subject = self._subject(Kind.SPOT_FLEET, name, "", fleet.tag_values)
                launching.append((subject, reference))
        yield self._with_images(launching)

    def node_groups(self) -> Iterator[list[Subject]]:
        """Yield the EKS node groups; without a template of one's own, EKS chooses the image.

        A cluster or node group that is deleted while they are read is gone.
        """
        clusters = list(self._regional.rows(ListClusters, "listing EKS clusters"))
        launching = [
            read
            for cluster in clusters
            for name in self._node_group_names(cluster)
            if (read := self._node_group(cluster, name))
        ]
        yield self._with_images(launching)

    def _node_group_names(self, cluster: str) -> list[str]:
        purpose = f"listing the node groups of {cluster}"
        with Tolerated(GONE):
            return list(self._regional.rows(ListNodegroups, purpose, clusterName=cluster))
        return []

    def _node_group(self, cluster: str, name: str) -> tuple[Subject, ImageReference] | None:
        with Tolerated(GONE):
            group = self._regional.ask(
                DescribeNodegroup, f"reading node group {name}",
                clusterName=cluster, nodegroupName=name,
            ).part  # fmt: skip
            subject = self._subject(Kind.NODE_GROUP, f"{cluster}/{name}", name, group.tags)
            template = group.launch_template
            if template and (group.ami_type or "CUSTOM") == "CUSTOM":
                named = template.id or template.name
                return subject, ImageReference(template=named, version=template.version)
            why = f"EKS chooses it ({group.ami_type or 'its default'})"
            return subject, ImageReference(why=why)
        return None

    def _subject(
        self, kind: Kind, subject_id: str, name: str = "", own: Mapping[str, str] | None = None
    ) -> Subject:
        return Subject(
            kind=kind,
            account=self._account,
            region=self._regional.region,
            id=subject_id,
            name=name or subject_id,
            tags=own or {},
        )

    def _with_images(self, launching: Iterable[tuple[Subject, ImageReference]]) -> list[Subject]:
        """Return the subjects with their images, each parameter and image asked for once."""
        resolved = [
            (subject, self._templates.resolved(reference)) for subject, reference in launching
        ]
        named_in = {each.parameter for _, each in resolved if each.parameter}
        ids = parameters.image_ids(self._regional, named_in) if named_in else {}
        named = [(subject, _followed(each, ids)) for subject, each in resolved]
        seen = self._images.of({each.image for _, each in named if each.image})
        return [
            replace(
                subject,
                image=seen.get(each.image, ImageSeen()),
                facts={"unresolved": each.why} if each.why else {},
            )
            for subject, each in named
        ]


def _followed(reference: ImageReference, ids: Mapping[str, str]) -> ImageReference:
    """Follow a reference to an SSM parameter."""
    if not reference.parameter:
        return reference
    if reference.parameter in ids:
        return ImageReference(image=ids[reference.parameter])
    return ImageReference(why=f"there is no SSM parameter {reference.parameter}")


def _of_configs(configs: Iterable[TemplateConfig]) -> list[ImageReference]:
    """Return what the launch template configurations of a fleet launch."""
    references = []
    for config in configs:
        references.append(of_template(config.launch_template_specification))
        references += of_overrides(config.overrides)
    return list(dict.fromkeys(references))


def _nth(name: str, number: int) -> str:
    return f"{name}#{number + 1}" if number else name
