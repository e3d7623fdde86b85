"""Auto Scaling: what a group would launch is tried before it is taken, and when it is launched.

Otherwise than in moto, which takes any template, and fails at a launch configuration that is not
there. A group whose launch fails later stays as small as it is.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-launch-template.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.groups import GROUP, GroupsResponse, invalid
from goldenami_sandbox.overriding import overrides, replace

Described = dict[str, Any]
_LAUNCHES = {"LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy"}
_IDENTIFIERS = {"LaunchTemplateId", "LaunchTemplateName"}


def launches(desired: Described) -> Iterator[Described]:
    """Yield what a configuration launches, each as RunInstances takes it."""
    if template := desired.get("LaunchTemplate"):
        yield {"LaunchTemplate": template}
    policy = desired.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    base = policy.get("LaunchTemplateSpecification")
    for override in (policy.get("Overrides") or [{}]) if base else ():
        template = override.get("LaunchTemplateSpecification", base)
        own = {name: override[name] for name in ("ImageId", "InstanceType") if name in override}
        yield {"LaunchTemplate": template, **own}


class GroupLaunchesResponse(GroupsResponse):
    """What launches, in the calls that name it."""

    @overrides
    def create_launch_configuration(self) -> ActionResult:
        """Make a launch configuration of an image that there is."""
        image = self._get_param("ImageId")
        names = ("ImageId", "InstanceType", "KeyName", "BlockDeviceMappings")
        parameters = {name: self._get_param(name) for name in names if self._get_param(name)}
        if image and (error := self._trial(parameters)):
            of_image = error.code.startswith("InvalidAMIID.")
            raise invalid(f"AMI {image} is invalid: {error.message}" if of_image else error.message)
        return super().create_launch_configuration()

    @overrides
    def create_auto_scaling_group(self) -> ActionResult:
        """Make a group of something that can be launched."""
        self.check_launches(self.params)
        answer = super().create_auto_scaling_group()
        group = self.autoscaling_backend.autoscaling_groups[self._get_param(GROUP)]
        group.health_check_grace_period = self._get_int_param("HealthCheckGracePeriod", 0)
        return answer

    @overrides
    def update_auto_scaling_group(self) -> ActionResult:
        """Change a group to something that can be launched."""
        self.check_launches(self.params)
        group = self.autoscaling_backend.autoscaling_groups[self._get_param(GROUP)]
        policy = group.mixed_instances_policy
        answer = super().update_auto_scaling_group()
        if not _LAUNCHES & self.params.keys():  # moto forgets the policy then
            group.mixed_instances_policy = policy
        return answer

    def check_launches(self, desired: Described) -> None:
        """Refuse a configuration that nothing could be launched by."""
        name = desired.get("LaunchConfigurationName")
        if name and name not in self.autoscaling_backend.launch_configurations:
            raise invalid(
                "Launch configuration name not found - A launch configuration with the name: "
                f"{name} does not exist"
            )
        for launch in launches(desired):
            if len(_IDENTIFIERS & launch["LaunchTemplate"].keys()) != 1:
                raise invalid(
                    "Valid requests must contain either launchTemplateId or LaunchTemplateName"
                )
            if error := self._trial(launch):
                message = f"You must use a valid fully-formed launch template. {error.message}"
                raise invalid(message)

    def _trial(self, parameters: Described) -> EC2ClientError | None:
        return Ec2Response.trial(self.current_account, self.region, parameters)


_launch = FakeAutoScalingGroup.replace_autoscaling_group_instances


def _launch_if_possible(
    group: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]
) -> None:
    parameters = {"ImageId": group.image_id, "InstanceType": group.instance_type}
    if Ec2Response.trial(group.account_id, group.region, parameters) is None:
        with suppress(EC2ClientError):  # a quota, which no dry run looks at
            _launch(group, count_needed, propagated_tags)


def install() -> None:
    """Let groups launch only what can be launched."""
    replace(FakeAutoScalingGroup, "replace_autoscaling_group_instances", _launch_if_possible)
