"""A launch that is only tried, as services try what they would launch later."""

from collections.abc import Mapping
from typing import Any

from moto.ec2.exceptions import DryRunClientError, EC2ClientError
from moto.utilities.utils import get_partition

from goldenami_sandbox.ec2.launch import LaunchesResponse


class LaunchTrialResponse(LaunchesResponse):
    """RunInstances as a dry run of another operation's."""

    @classmethod
    def trial(
        cls, account: str, region: str, parameters: Mapping[str, Any]
    ) -> EC2ClientError | None:
        """Return why RunInstances would refuse one instance by these parameters, None if not."""
        launch = cls()
        launch.automated_parameter_parsing = True
        launch.params = {**parameters, "MinCount": 1, "MaxCount": 1, "DryRun": True}
        launch.uri_match, launch.partition = {}, get_partition(region)
        launch.current_account, launch.region = account, region
        try:
            launch.run_instances()
        except DryRunClientError:
            return None
        except EC2ClientError as error:
            return error
        raise AssertionError("a dry run has launched something")
