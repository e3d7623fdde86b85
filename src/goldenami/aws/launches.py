"""What will launch instances in a region, each with the image it names.

An Auto Scaling group, a fleet or a node group names a version of a launch template, and that names
an image, or an SSM parameter that holds one.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws import auto_scaling, parameters
from goldenami.aws.answers.launches import (
    DescribeAutoScalingGroups,
    DescribeFleets,
    DescribeSpotFleetRequests,
    TemplateConfig,
)
from goldenami.aws.answers.others import DescribeNodegroup, ListClusters, ListNodegroups
from goldenami.aws.errors import unless_gone
from goldenami.aws.launch_templates import (
    ImageReference,
    LaunchTemplates,
    of_overrides,
    of_template,
)
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import RegionalAws
from goldenami.domain import names
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject

_FLEETS_ALIVE = {"submitted", "active", "modifying"}
_GROUP_ENDING = "Delete in progress"
_NODE_GROUP_ENDING = "DELETING"


class _Launch(Struct, frozen=True):
    """What launches something, and by which of its references.

    ``spare`` is whether everything that it launches is named elsewhere, so that what is named here
    need not have an image.
    """

    subject: Subject
    reference: ImageReference
    spare: bool = False


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
        yield self._with_images(
            _Launch(
                self._subject(
                    Kind.LAUNCH_TEMPLATE, f"{version.id}:{version.version}", version.name
                ),
                version.reference,
            )
            for version in self._templates.listed()
        )

    def launch_configurations(self) -> Iterator[list[Subject]]:
        """Yield the launch configurations, which new accounts no longer have."""
        launches = []
        for configuration in self._templates.configurations():
            name, arn = (
                configuration.launch_configuration_name,
                configuration.launch_configuration_arn,
            )
            subject = self._subject(Kind.LAUNCH_CONFIGURATION, name, arn=arn)
            why = "" if configuration.image_id else "it names no image"
            launches.append(_Launch(subject, ImageReference(image=configuration.image_id, why=why)))
        yield self._with_images(launches)

    def auto_scaling_groups(self) -> Iterator[list[Subject]]:
        """Yield the Auto Scaling groups, once for each image that one can launch."""
        launches: list[_Launch] = []
        for answer in self._regional.rows(DescribeAutoScalingGroups, "reading Auto Scaling groups"):
            if answer.status == _GROUP_ENDING:
                continue
            group = auto_scaling.group(answer)
            subject = self._subject(
                Kind.AUTO_SCALING_GROUP, group.name, group.name, answer.tag_values,
                arn=answer.auto_scaling_group_arn,
            )  # fmt: skip
            launches += _each(subject, group.references, group.spare)
        yield self._with_images(launches)

    def fleets(self) -> Iterator[list[Subject]]:
        """Yield the EC2 fleets that can still launch something."""
        launches: list[_Launch] = []
        for fleet in self._regional.rows(DescribeFleets, "reading EC2 fleets"):
            if fleet.fleet_state in _FLEETS_ALIVE:
                own = fleet.tag_values
                subject = self._subject(Kind.FLEET, fleet.fleet_id, own.get("Name", ""), own)
                configs = fleet.launch_template_configs
                launches += _each(subject, _of_configs(configs), _spare(configs))
        yield self._with_images(launches)

    def spot_fleets(self) -> Iterator[list[Subject]]:
        """Yield the spot fleets that can still launch something."""
        launches: list[_Launch] = []
        for fleet in self._regional.rows(DescribeSpotFleetRequests, "reading spot fleets"):
            if fleet.spot_fleet_request_state in _FLEETS_ALIVE:
                config = fleet.spot_fleet_request_config
                subject = self._subject(
                    Kind.SPOT_FLEET, fleet.spot_fleet_request_id, own=fleet.tag_values
                )
                direct = [_direct(each.image_id) for each in config.launch_specifications]
                configs = config.launch_template_configs
                references = dict.fromkeys((*direct, *_of_configs(configs)))
                launches += _each(subject, references, _spare(configs))
        yield self._with_images(launches)

    def node_groups(self) -> Iterator[list[Subject]]:
        """Yield the EKS node groups; without a template of one's own, EKS chooses the image.

        A cluster or node group that is deleted while they are read is gone.
        """
        launches: list[_Launch | None] = []
        for cluster in list(self._regional.rows(ListClusters, "listing EKS clusters")):
            names_there = unless_gone(partial(self._node_group_names, cluster)) or ()
            groups = (partial(self._node_group, cluster, name) for name in names_there)
            launches += map(unless_gone, groups)
        yield self._with_images(launch for launch in launches if launch)

    def _node_group_names(self, cluster: str) -> list[str]:
        purpose = f"listing the node groups of {cluster}"
        return list(self._regional.rows(ListNodegroups, purpose, clusterName=cluster))

    def _node_group(self, cluster: str, name: str) -> _Launch | None:
        group = self._regional.ask(
            DescribeNodegroup, f"reading node group {name}",
            clusterName=cluster, nodegroupName=name,
        ).part  # fmt: skip
        if group.status == _NODE_GROUP_ENDING:
            return None
        subject = self._subject(
            Kind.NODE_GROUP, f"{cluster}/{name}", name, group.tags, arn=group.nodegroup_arn
        )
        template = group.launch_template
        if template and (group.ami_type or "CUSTOM") == "CUSTOM":
            return _Launch(
                subject,
                ImageReference(
                    template=template.id or template.name,
                    by_name=not template.id,
                    version=template.version,
                ),
            )
        why = f"EKS chooses it ({group.ami_type or 'its default'})"
        return _Launch(subject, ImageReference(why=why))

    def _subject(
        self,
        kind: Kind,
        subject_id: str,
        name: str = "",
        own: Mapping[str, str] | None = None,
        *,
        arn: str = "",
    ) -> Subject:
        return Subject(
            kind=kind,
            account=self._account,
            region=self._regional.region,
            id=subject_id,
            arn=arn,
            name=name or subject_id,
            tags=own or {},
        )

    def _with_images(self, launches: Iterable[_Launch]) -> list[Subject]:
        """Return the subjects with their images, each parameter and image asked for once."""
        resolved = [(launch, self._templates.resolved(launch.reference)) for launch in launches]
        named_in = {each.parameter for _, each in resolved if each.parameter}
        ids = parameters.image_ids(self._regional, named_in) if named_in else {}
        followed = [(launch, _followed(launch, each, ids)) for launch, each in resolved]
        seen = self._images.of({each.image for _, each in followed if each.image})
        return [
            replace(
                launch.subject,
                image=seen.get(each.image, ImageSeen()),
                facts={"unresolved": each.why} if each.why else {},
            )
            for launch, each in followed
            if each.image or each.why or launch.subject.kind is Kind.LAUNCH_TEMPLATE
        ]


def _followed(launch: _Launch, reference: ImageReference, ids: Mapping[str, str]) -> ImageReference:
    """Follow a reference to an SSM parameter, and say why there is no image in the end.

    A template may leave its image to others, and one that is spare need not have any.
    """
    parameter = reference.parameter
    if parameter:
        if names.AMI_ID.fullmatch(ids.get(parameter, "")):
            return ImageReference(image=ids[parameter])
        missing = f"there is no SSM parameter {parameter}"
        why = f"SSM parameter {parameter} holds no image id" if parameter in ids else missing
        return ImageReference(why=why)
    if reference.image or reference.why or launch.spare:
        return reference
    if launch.subject.kind is Kind.LAUNCH_TEMPLATE:
        return reference
    return ImageReference(why=f"{launch.reference.words} names no image")


def _each(
    subject: Subject, references: Iterable[ImageReference], spare: Iterable[ImageReference]
) -> Iterator[_Launch]:
    """Yield a subject once for each image that it can launch; one without any launches nothing."""
    every = list(references) or [ImageReference(why="it names nothing to launch from")]
    for number, reference in enumerate(every):
        nth = replace(subject, id=f"{subject.id}#{number + 1}") if number else subject
        yield _Launch(nth, reference, reference in spare)


def _direct(image_id: str) -> ImageReference:
    """Return what a launch specification of a spot fleet, which has no template, launches."""
    return ImageReference(image=image_id, why="" if image_id else "it names no image")


def _of_configs(configs: Iterable[TemplateConfig]) -> list[ImageReference]:
    """Return what the launch template configurations of a fleet launch."""
    references = []
    for config in configs:
        references.append(of_template(config.launch_template_specification))
        references += of_overrides(config.overrides)
    return list(dict.fromkeys(references))


def _spare(configs: Iterable[TemplateConfig]) -> set[ImageReference]:
    """Return the templates in whose place every override brings an image."""
    used: dict[ImageReference, bool] = {}
    for config in configs:
        reference = of_template(config.launch_template_specification)
        spare = bool(config.overrides) and all(each.image_id for each in config.overrides)
        used[reference] = used.get(reference, False) or not spare
    return {reference for reference, is_used in used.items() if not is_used}
