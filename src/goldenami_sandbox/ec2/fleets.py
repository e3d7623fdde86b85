"""CreateFleet, and the default of RequestSpotFleet, without which moto fails.

Otherwise than in moto: an instant fleet launches with the caller's permission of RunInstances, and
tells what it could not launch in its answer, which is no error then; other fleets launch by a role
of EC2's own.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-prerequisites.html
"""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.fleets import Fleets
from moto.ec2.responses.spot_fleets import SpotFleets

from goldenami_sandbox.calls import Call
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.trial import LaunchTrialResponse
from goldenami_sandbox.overriding import overrides

_INSTANCE = ("ImageId", "InstanceType", "SubnetId")
"""What an override changes of the launch."""


class FleetsResponse(Ec2Base, Fleets, SpotFleets):
    """New fleets."""

    @overrides
    def request_spot_fleet(self) -> ActionResult:
        """Make a fleet of the cheapest instances, if nothing else is wished.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SpotFleetRequestConfigData.html
        """
        self._get_param("SpotFleetRequestConfig").setdefault("AllocationStrategy", "lowestPrice")
        self.error_on_dryrun()
        return super().request_spot_fleet()

    @overrides
    def create_fleet(self) -> ActionResult:
        """Make a fleet of what can be launched."""
        if self._get_param("Type") != "instant" or self._get_param("DryRun", False):
            return super().create_fleet()
        possible, errors = [], []
        for config in self._get_param("LaunchTemplateConfigs", []):
            overrides = []
            for override in config.get("Overrides") or [{}]:
                template = config["LaunchTemplateSpecification"]
                if error := self._error(template, override):
                    errors.append(error)
                else:
                    overrides.append(override)
            if overrides:
                possible.append({**config, "Overrides": [each for each in overrides if each]})
        if not possible:
            self.params["TargetCapacitySpecification"] = {"TotalTargetCapacity": 0}
        self.params["LaunchTemplateConfigs"] = possible
        answer: Any = super().create_fleet().result
        return ActionResult({**answer, "Errors": errors})

    def _error(self, template: Mapping[str, Any], override: Mapping[str, Any]) -> Any:
        """Return why an instance cannot be launched, as the answer tells it; None if it can."""
        from goldenami_sandbox.enforcement.guard import authorized

        changes = {name: override[name] for name in _INSTANCE if name in override}
        parameters = {"LaunchTemplate": dict(template), "MinCount": 1, "MaxCount": 1, **changes}
        key = self.get_access_key()
        reason: Any = authorized(Call("ec2", "RunInstances", self.region, key, parameters, "ec2"))
        reason = reason or LaunchTrialResponse.trial(self.current_account, self.region, parameters)
        if reason is None:
            return None
        what = {"LaunchTemplateSpecification": template, "Overrides": override}
        return {
            "LaunchTemplateAndOverrides": what,
            "Lifecycle": "on-demand",
            "ErrorCode": reason.code,
            "ErrorMessage": reason.message,
        }
