"""Auto Scaling: what is refused before anything is launched: names, sizes, zones and pages.

Otherwise than in moto, which makes a group of a name in place of the one that has it, takes any
sizes and zones, and fails at groups that are not there.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
"""

from collections.abc import Collection
from typing import Any

from botocore.model import OperationNotFoundError
from moto.autoscaling.responses import AutoScalingResponse as MotoResponse
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.checked import CheckedResponse
from goldenami_sandbox.listing import page
from goldenami_sandbox.overriding import overrides

GROUP, CONFIGURATION = "AutoScalingGroupName", "LaunchConfigurationName"
MOST_RECORDS, MOST_INSTANCES = 100, 50
_CREATED = {
    "CreateAutoScalingGroup": (
        GROUP,
        "AutoScalingGroup",
        "A group with the name {} already exists",
    ),
    "CreateLaunchConfiguration": (
        CONFIGURATION,
        "Launch Configuration",
        "A launch configuration already exists with the name {}",
    ),
}
_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def invalid(message: str) -> EC2ClientError:
    """What Auto Scaling refuses."""
    return EC2ClientError("ValidationError", message)


class GroupsResponse(CheckedResponse, MotoResponse):
    """The checks of every call, and the lists."""

    @overrides
    def delete_launch_configuration(self) -> ActionResult:
        """Delete a launch configuration that no group uses."""
        name = self._get_param(CONFIGURATION)
        if name not in self.autoscaling_backend.launch_configurations:
            raise invalid("Launch configuration name not found - null")
        for group in self.autoscaling_backend.autoscaling_groups.values():
            templates = group.launch_template or group.mixed_instances_policy
            if not templates and group.launch_config.name == name:  # moto keeps the former one
                raise EC2ClientError(
                    "ResourceInUse",
                    f"Cannot delete launch configuration {name} because it is attached to "
                    f"AutoScalingGroup {group.name}",
                )
        return super().delete_launch_configuration()

    @overrides
    def set_desired_capacity(self) -> ActionResult:
        """Change how many instances a group has, within its sizes."""
        group = self.autoscaling_backend.autoscaling_groups[self._get_param(GROUP)]
        capacity = self._get_int_param("DesiredCapacity")
        for name, limit, beyond in (
            ("above max", group.max_size, capacity > int(group.max_size or 0)),
            ("below min", group.min_size, capacity < int(group.min_size or 0)),
        ):
            if beyond:
                raise invalid(
                    f"New SetDesiredCapacity value {capacity} is {name} value {limit} for the "
                    "AutoScalingGroup."
                )
        return super().set_desired_capacity()

    @overrides
    def describe_auto_scaling_groups(self) -> ActionResult:
        """List groups."""
        self._check_page(MOST_RECORDS, self.autoscaling_backend.autoscaling_groups)
        return super().describe_auto_scaling_groups()

    @overrides
    def describe_launch_configurations(self) -> ActionResult:
        """List launch configurations."""
        self._check_page(MOST_RECORDS, self.autoscaling_backend.launch_configurations)
        return super().describe_launch_configurations()

    @overrides
    def describe_auto_scaling_instances(self) -> ActionResult:
        """List the groups' instances, of which moto makes one page."""
        self._check_page(MOST_INSTANCES)
        answer: Any = super().describe_auto_scaling_instances().result
        size = self._get_int_param("MaxRecords") or MOST_INSTANCES
        try:
            some, token = page(answer["AutoScalingInstances"], size, self._get_param("NextToken"))
        except EC2ClientError:
            raise _bad_token() from None
        return ActionResult({"AutoScalingInstances": some, "NextToken": token or None})

    def _prepare(self, operation: str) -> None:
        """Refuse groups that are not there, names that are taken, and sizes and zones.

        Raises:
            EC2ClientError: one of them is wrong.
        """
        try:
            shape: Any = get_service_model("autoscaling").operation_model(operation).input_shape
        except OperationNotFoundError:
            return
        name = self._get_param(GROUP)
        groups = self.autoscaling_backend.autoscaling_groups
        if operation in _CREATED:
            self._check_new(operation)
        elif GROUP in shape.required_members and name not in groups:
            raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        if operation in ("CreateAutoScalingGroup", "UpdateAutoScalingGroup"):
            self._check_sizes(groups.get(name))
            self._check_zones()

    def _check_new(self, operation: str) -> None:
        parameter, what, why = _CREATED[operation]
        store, name = self.autoscaling_backend, self._get_param(parameter)
        taken = store.autoscaling_groups if parameter == GROUP else store.launch_configurations
        if name in taken:
            message = f"{what} by this name already exists - {why.format(name)}"
            raise EC2ClientError("AlreadyExists", message)

    def _check_sizes(self, group: Any) -> None:
        """Refuse bounds that are none, also against those that a group keeps."""
        before = (group.min_size, group.max_size) if group else (0, 0)
        least, most = (
            self._get_int_param(size, kept) for size, kept in zip(_SIZES[:2], before, strict=True)
        )
        if least > most:
            raise invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
        capacity = self._get_int_param("DesiredCapacity")
        if capacity is not None and not least <= capacity <= most:
            raise invalid(
                f"Desired capacity:{capacity} must be between the specified min size:{least} "
                f"and max size:{most}"
            )

    def _check_zones(self) -> None:
        ec2 = self.autoscaling_backend.ec2_backend
        known = {zone.name for zone in ec2.describe_availability_zones()}
        if wrong := [
            zone for zone in self._get_param("AvailabilityZones", []) if zone not in known
        ]:
            raise invalid(f"Invalid availability zones: [{', '.join(wrong)}]")
        subnets = str(self._get_param("VPCZoneIdentifier") or "").split(",")
        try:
            for subnet in filter(None, map(str.strip, subnets)):
                ec2.get_subnet(subnet)
        except EC2ClientError as error:
            raise invalid(error.message) from None

    def _check_page(self, most: int, names: Collection[str] | None = None) -> None:
        """Refuse a page that is too large, and a token that no page gave."""
        size, token = self._get_int_param("MaxRecords"), self._get_param("NextToken")
        if size is not None and not 1 <= size <= most:
            bound = "less than or equal to" if size > most else "greater than or equal to"
            raise invalid(
                f"1 validation error detected: Value '{size}' at 'maxRecords' failed to satisfy "
                f"constraint: Member must have value {bound} {most if size > most else 1}"
            )
        if token and names is not None and token not in names:
            raise _bad_token()


def _bad_token() -> EC2ClientError:
    return EC2ClientError("InvalidNextToken", "The token is not valid.")
