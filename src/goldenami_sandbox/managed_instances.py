"""Which instances Systems Manager manages, and DescribeInstanceInformation, which moto lacks.

An instance is managed once its agent has registered: it runs, and the role of its instance profile,
or the account's default host management role in that region, allows what the agent calls. Every
image of the sandbox has an agent, and every network a way to Systems Manager.
https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.iam.models import Role
from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.utilities.utils import get_partition

from goldenami.iam.evaluator.decide import decide
from goldenami.iam.evaluator.request import Request
from goldenami_sandbox.ec2.launch import LaunchState
from goldenami_sandbox.enforcement.caller import Caller, deciding_in, principal_of, store
from goldenami_sandbox.enforcement.policies import policies_of
from goldenami_sandbox.listing import page

DEFAULT_MANAGEMENT = "/ssm/managed-instance/default-ec2-instance-management-role"
default_roles: dict[tuple[str, str], str] = {}
"""The default host management role of an account and region, as a path and a name."""
AGENT_VERSION = "3.3.3050.0"
_REGISTERING = ("ssm:UpdateInstanceInformation",)
_LISTENING = (
    ("ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel"),
    ("ec2messages:GetMessages", "ec2messages:AcknowledgeMessage"),
)
"""The agent listens by either of them."""
_SIZES = range(5, 51)

Described = Mapping[str, Any]
_FIELDS: Mapping[str, Callable[[Described], str]] = {
    "AgentVersion": lambda described: described["AgentVersion"],
    "InstanceIds": lambda described: described["InstanceId"],
    "PingStatus": lambda described: described["PingStatus"],
    "PlatformTypes": lambda described: described["PlatformType"],
    "ResourceType": lambda described: described["ResourceType"],
}
_FIELDS_OF_NONE = ("ActivationIds", "AssociationStatus", "IamRole", "SourceIds", "SourceTypes")
"""What no instance of the sandbox has: activations, associations, IoT cores."""


def is_windows(instance: Instance) -> bool:
    """Say whether an instance runs Windows."""
    return (instance.platform or "").lower() == "windows"


def is_managed(account: str, region: str, instance: Instance) -> bool:
    """Say whether the agent of an instance takes commands."""
    state = instance.instance_state
    registered = not isinstance(state, LaunchState) or state.registered
    return instance.state == "running" and registered and _may_register(account, region, instance)


def _may_register(account: str, region: str, instance: Instance) -> bool:
    partition = get_partition(region)
    with deciding_in(account, partition):
        arn = f"arn:{partition}:ec2:{region}:{account}:instance/{instance.id}"
        return any(_lets_register(role, arn) for role in _roles(account, region, instance))


def _roles(account: str, region: str, instance: Instance) -> Iterator[Role]:
    ec2 = ec2_backends[account][region]
    association = ec2.iam_instance_profile_associations.get(instance.id)
    if association is not None:
        yield from association.iam_instance_profile.roles
    name = default_roles.get((account, region), "").rpartition("/")[2]
    yield from (role for role in store().roles.values() if role.name == name)


def _lets_register(role: Role, instance_arn: str) -> bool:
    caller = Caller(role.arn, principal_of(role), role)
    policies = policies_of(caller)

    def allowed(action: str, resource: str) -> bool:
        request = Request(principal=caller.principal, action=action, resource=resource)
        return decide(policies, request).allowed

    return all(allowed(action, instance_arn) for action in _REGISTERING) and any(
        all(allowed(action, "*") for action in actions) for actions in _LISTENING
    )


class ManagedInstancesResponse(SimpleSystemManagerResponse):
    """DescribeInstanceInformation, and the setting of default host management."""

    def describe_instance_information(self) -> ActionResult:
        """List the managed instances; one that was stopped has lost its connection."""
        size = self._get_param("MaxResults")
        if size is not None and size not in _SIZES:
            raise ValidationException(
                f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy "
                "constraint: Member must have value between 5 and 50",
            )
        wishes = [
            *(
                (wish["key"], wish["valueSet"])
                for wish in self._listed("InstanceInformationFilterList")
            ),
            *((wish["Key"], wish["Values"]) for wish in self._listed("Filters")),
        ]
        matching = [
            described
            for described in self._managed_instances()
            if all(self._matches(described, key, values) for key, values in wishes)
        ]
        return paged("InstanceInformationList", matching, size or 50, self._get_param("NextToken"))

    def get_service_setting(self) -> ActionResult:
        """Tell which role manages instances by default."""
        role = default_roles.get(self._place, "$None")
        return self._setting(self._get_param("SettingId"), role)

    def update_service_setting(self) -> ActionResult:
        """Set the role that manages instances by default."""
        self._setting(self._get_param("SettingId"), "")
        default_roles[self._place] = self._get_param("SettingValue")
        return ActionResult({})

    def reset_service_setting(self) -> ActionResult:
        """Let no role manage instances by default."""
        answer = self._setting(self._get_param("SettingId"), "$None")
        default_roles.pop(self._place, None)
        return answer

    @property
    def _place(self) -> tuple[str, str]:
        return self.current_account, self.region

    def _setting(self, setting: str, value: str) -> ActionResult:
        account, region = self._place
        name = DEFAULT_MANAGEMENT
        arn = f"arn:aws:ssm:{region}:{account}:servicesetting{name}"
        if setting not in (name, arn):
            raise SSMException("ServiceSettingNotFound", f"Setting {setting} does not exist.")
        status = "Default" if value == "$None" else "Customized"
        described = {
            "SettingId": name, "SettingValue": value, "ARN": arn, "Status": status,
            "LastModifiedDate": utcnow(), "LastModifiedUser": "System",
        }  # fmt: skip
        return ActionResult({"ServiceSetting": described})

    def _listed(self, name: str) -> Sequence[Mapping[str, Any]]:
        return self._get_param(name) or []

    def _matches(self, described: Described, key: str, values: Sequence[str]) -> bool:
        if key in _FIELDS:
            return _FIELDS[key](described) in values
        if key in _FIELDS_OF_NONE:
            return False
        tags = ec2_backends[self.current_account][self.region].tags.get(described["InstanceId"], {})
        if key == "tag-key":
            return not tags.keys().isdisjoint(values)
        if key.startswith("tag:"):
            return tags.get(key.removeprefix("tag:")) in values
        raise SSMException("InvalidInstanceInformationFilterValue", f"{key} is no filter.")

    def _managed_instances(self) -> Iterator[Described]:
        account, region = self._place
        for instance in ec2_backends[account][region].all_instances():
            managed = is_managed(account, region, instance)
            stopped = instance.state == "stopped" and _may_register(account, region, instance)
            if managed or stopped:
                yield _described(instance, "Online" if managed else "ConnectionLost")


def _described(instance: Instance, ping_status: str) -> Described:
    windows = is_windows(instance)
    return {
        "InstanceId": instance.id,
        "PingStatus": ping_status,
        "LastPingDateTime": utcnow(),
        "AgentVersion": AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": "Windows" if windows else "Linux",
        "PlatformName": "Microsoft Windows Server" if windows else "Amazon Linux",
        "PlatformVersion": "2023",
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip,
        "ComputerName": "ip-" + (instance.private_ip or "").replace(".", "-"),
    }


def paged(key: str, described: Sequence[Described], size: int, token: str | None) -> ActionResult:
    """Return a page of a listing as Systems Manager has them.

    Raises:
        SSMException: InvalidNextToken.
    """
    if token and not token.removeprefix("page-").isdigit():
        raise SSMException("InvalidNextToken", "The specified token is not valid.")
    items, following = page(described, size, token)
    return ActionResult({key: items} | ({"NextToken": following} if following else {}))
