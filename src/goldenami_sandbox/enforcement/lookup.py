"""What there is in the sandbox, as authorization asks for it."""

from typing import cast

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends

from goldenami.iam.authorization import resources
from goldenami.iam.authorization.resources import Resource, ResourceLookup, Scope
from goldenami_sandbox.ec2 import image_aliases
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.enforcement import ec2_resources, iam_resources
from goldenami_sandbox.enforcement.caller import account_id, partition, tags_of
from goldenami_sandbox.organizations import store as organizations
from goldenami_sandbox.retention_rules import retention_rules

_ORGANIZATIONS = ("account", "organizationalunit", "organizations-policy", "root")
_AUTO_SCALING = ("autoScalingGroup", "launchConfiguration")
_NOTHING = {"devices": (), "versions": {}, "value": ""}
"""The details of what does not exist, of any kind."""


class SandboxLookup:
    """The resources of the account in which is decided.

    It is a `goldenami.iam.authorization.resources.ResourceLookup`.
    """

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return a resource that there is."""
        if kind in iam_resources.KINDS:
            return iam_resources.KINDS[kind](name)
        if kind in _ORGANIZATIONS:
            return _organizations(name)
        if kind in _AUTO_SCALING:
            return _auto_scaling(kind, name, region)
        if kind == "retention-rule":
            return _retention_rule(name, region)
        if region not in ec2_backends[account_id()]:
            return None
        if kind == "parameter":
            return _parameter(name, region)
        return ec2_resources.find(cast(Ec2Store, ec2_backends[account_id()][region]), kind, name)


class LenientLookup:
    """Finds everything, and remembers what does not exist.

    Args:
        lookup: finds what really exists.
    """

    def __init__(self, lookup: ResourceLookup) -> None:
        self._lookup = lookup
        self.missing: set[str] = set()

    def find(self, kind: str, name: str, region: str) -> Resource:
        """Return a resource, or a substitute whose ARN is put among the missing ones."""
        resource = self._lookup.find(kind, name, region)
        if resource is not None:
            return resource
        kind = kind.removeprefix("organizations-")
        missing = f"missing-{name.rpartition('/')[2]}"
        arn = Scope(partition(), "", "").arn("sandbox", kind, missing)
        self.missing.add(arn)
        return Resource(arn=arn, details=_NOTHING)


def _parameter(name: str, region: str) -> Resource | None:
    parameter = image_aliases.named(account_id(), region, name)
    if parameter is None:
        return None
    ssm = ssm_backends[account_id()][region]
    own = parameter.name
    tags = ssm._resource_tags["Parameter"].get(own, {})  # noqa: SLF001
    return resources.parameter(Scope(partition(), region, account_id()), own, tags, parameter.value)


def _retention_rule(name: str, region: str) -> Resource | None:
    of_account = retention_rules[account_id()]
    rule = of_account[region].rules.get(name) if region in of_account else None
    if rule is None:
        return None
    return resources.retention_rule(rule.arn, rule.tags, rule.resource_type)


def _auto_scaling(kind: str, name: str, region: str) -> Resource | None:
    backend = autoscaling_backends[account_id()][region]
    if kind == "launchConfiguration":
        configuration = backend.launch_configurations.get(name)
        return resources.auto_scaling(configuration.arn, {}) if configuration else None
    group = backend.autoscaling_groups.get(name)
    return resources.auto_scaling(group.arn, tags_of(group.tags)) if group else None


def _organizations(name: str) -> Resource | None:
    organization = organizations.organization_of(account_id())
    if organization is None:
        return None
    for entity in organization.entities:
        if entity.id == name:
            return resources.organizational(entity.arn, entity.tags)
    for policy in organization.policies:
        if policy.id == name:
            return resources.organizational(policy.arn, policy.tags, policy.type)
    return None
