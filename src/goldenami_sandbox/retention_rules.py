"""Recycle Bin: the rules by which deleted images and snapshots are kept for a while.

moto lacks the service. EC2 asks `retention` when something is deleted, and keeps it itself.
https://docs.aws.amazon.com/recyclebin/latest/APIReference/Welcome.html
https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html
https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html#recycle-bin-quotas
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.moto_api._internal import mock_random

from goldenami_sandbox import clock
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.modelled import ModelledError
from goldenami_sandbox.overriding import overrides

IMAGE, SNAPSHOT, VOLUME = "EC2_IMAGE", "EBS_SNAPSHOT", "EBS_VOLUME"
MOST_DAYS: Mapping[str, int] = {IMAGE: 365, SNAPSHOT: 365, VOLUME: 7}
RULES = 250
RULES_OF_A_TAG = 5
_LOCKED, _PENDING_UNLOCK, _UNLOCKED = "locked", "pending_unlock", "unlocked"

TagFilter = Mapping[str, str]
"""``ResourceTagKey``, and ``ResourceTagValue`` unless any value will do."""


@dataclass
class RetentionRule:
    """A rule of one region, for the resources of one kind.

    Without ``resource_tags`` it is a region-level rule, which may have ``excluded_tags``.
    """

    id: str
    arn: str
    resource_type: str
    days: int
    description: str | None
    resource_tags: Sequence[TagFilter]
    excluded_tags: Sequence[TagFilter]
    readiness: Countdown
    tags: dict[str, str] = field(default_factory=dict)
    unlock_delay_days: int | None = None
    unlocked_at: datetime | None = None

    @property
    def lock_state(self) -> str | None:
        """Its lock; None if it was never locked."""
        if self.unlock_delay_days is None:
            return None
        if self.unlocked_at is None:
            return _LOCKED
        return _PENDING_UNLOCK if clock.now() < self.unlocked_at else _UNLOCKED

    @property
    def fixed(self) -> bool:
        """Whether it can be neither changed nor deleted."""
        return self.lock_state in (_LOCKED, _PENDING_UNLOCK)

    def retains(self, tags: Mapping[str, str]) -> bool:
        """Say whether it keeps a resource with these tags when it is deleted."""
        if not self.readiness.ended:
            return False
        if self.resource_tags:
            return _any_of(self.resource_tags, tags)
        return not _any_of(self.excluded_tags, tags)

    def described(self) -> dict[str, Any]:
        """Return the rule as GetRule does; what AWS leaves out is None."""
        pending = self.lock_state == _PENDING_UNLOCK
        return self.summary() | {
            "ResourceType": self.resource_type,
            "ResourceTags": list(self.resource_tags),
            "ExcludeResourceTags": list(self.excluded_tags),
            "Status": "available" if self.readiness.ended else "pending",
            "LockConfiguration": _lock_configuration(self.unlock_delay_days),
            "LockEndTime": self.unlocked_at if pending else None,
        }

    def summary(self) -> dict[str, Any]:
        """Return the rule as ListRules does."""
        return {
            "Identifier": self.id,
            "Description": self.description,
            "RetentionPeriod": {
                "RetentionPeriodValue": self.days,
                "RetentionPeriodUnit": "DAYS",
            },
            "LockState": self.lock_state,
            "RuleArn": self.arn,
        }


class RetentionRulesStore(BaseBackend):
    """The rules that one account has in one region."""

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rules: dict[str, RetentionRule] = {}

    def create(self, parameters: Mapping[str, Any]) -> RetentionRule:
        """Make a rule. The first of a kind is pending for a while.

        Args:
            parameters: of CreateRule.

        Raises:
            ModelledError: the request breaks a rule, or a quota has no room.
        """
        if len(self.rules) >= RULES:
            raise _quota_exceeded(f"An account can have {RULES} retention rules in a Region.")
        kind, delay_days = parameters["ResourceType"], _delay_days(parameters)
        first = all(rule.resource_type != kind for rule in self.rules.values())
        rule_id = mock_random.get_random_string(11)
        rule = RetentionRule(
            rule_id,
            f"arn:{self.partition}:rbin:{self.region_name}:{self.account_id}:rule/{rule_id}",
            kind,
            parameters["RetentionPeriod"]["RetentionPeriodValue"],
            parameters.get("Description"),
            parameters.get("ResourceTags") or (),
            parameters.get("ExcludeResourceTags") or (),
            Countdown(steps=1 if first else 0),
            {tag["Key"]: tag["Value"] for tag in parameters.get("Tags") or ()},
        )
        self._check(rule)
        if delay_days is not None:
            lock(rule, delay_days)
        self.rules[rule_id] = rule
        return rule

    def update(self, rule: RetentionRule, parameters: Mapping[str, Any]) -> None:
        """Change a rule; what is in the bin already stays as long as it was to stay.

        Raises:
            ModelledError: the rule is locked, or the request breaks a rule.
        """
        _check_unlocked(rule)
        if parameters.get("ResourceType", rule.resource_type) != rule.resource_type:
            raise invalid("The resource type of a retention rule can't be updated.")
        before = vars(rule).copy()
        rule.description = parameters.get("Description", rule.description)
        rule.resource_tags = parameters.get("ResourceTags", rule.resource_tags)
        rule.excluded_tags = parameters.get("ExcludeResourceTags", rule.excluded_tags)
        rule.days = parameters.get("RetentionPeriod", {}).get("RetentionPeriodValue", rule.days)
        try:
            self._check(rule)
        except ModelledError:
            vars(rule).update(before)
            raise

    def delete(self, rule: RetentionRule) -> None:
        """Forget a rule; what is in the bin stays there.

        Raises:
            ModelledError: the rule is locked.
        """
        _check_unlocked(rule)
        del self.rules[rule.id]

    def rule(self, rule_id: str) -> RetentionRule:
        """Return a rule by its id, or by its ARN.

        Raises:
            ModelledError: there is none.
        """
        rule = self.rules.get(rule_id.rpartition("/")[2])
        if rule is None or rule_id not in (rule.id, rule.arn):
            raise ModelledError(
                "ResourceNotFoundException",
                f"The retention rule {rule_id} does not exist.",
                Reason="RULE_NOT_FOUND",
            )
        return rule

    def _check(self, rule: RetentionRule) -> None:
        most = MOST_DAYS[rule.resource_type]
        if rule.days > most:
            raise invalid(
                f"The retention period of a rule for {rule.resource_type} must be between 1 and "
                f"{most} days."
            )
        if rule.resource_tags and rule.excluded_tags:
            raise invalid("Exclusion tags can't be specified for tag-level retention rules.")
        others = [other for other in self.rules.values() if other.id != rule.id]
        for tag in rule.resource_tags:
            if sum(tag in other.resource_tags for other in others) >= RULES_OF_A_TAG:
                raise _quota_exceeded(
                    f"A tag can be added to at most {RULES_OF_A_TAG} retention rules."
                )


def lock(rule: RetentionRule, unlock_delay_days: int) -> None:
    """Lock a rule.

    Raises:
        ModelledError: it is locked, or it is none that can be.
    """
    _check_unlocked(rule)
    if rule.resource_tags or rule.excluded_tags:
        raise invalid("Only Region-level retention rules without exclusion tags can be locked.")
    rule.unlock_delay_days, rule.unlocked_at = unlock_delay_days, None


def unlock(rule: RetentionRule) -> None:
    """Let a rule be changed again after its unlock delay.

    Raises:
        ModelledError: it is not locked.
    """
    if rule.lock_state != _LOCKED or rule.unlock_delay_days is None:
        raise _conflict(f"The retention rule {rule.id} is not locked.")
    rule.unlocked_at = clock.now() + timedelta(days=rule.unlock_delay_days)


def retention(
    account_id: str, region: str, resource_type: str, tags: Mapping[str, str]
) -> timedelta | None:
    """Return how long the bin keeps what is deleted: by the longest of the rules that match.

    Args:
        account_id: whose it is.
        region: where it is.
        resource_type: ``EC2_IMAGE`` or ``EBS_SNAPSHOT``.
        tags: of the resource.

    Returns:
        None if it is deleted for good.
    """
    if region not in retention_rules[account_id]:
        return None
    matching = [
        rule.days
        for rule in retention_rules[account_id][region].rules.values()
        if rule.resource_type == resource_type and rule.retains(tags)
    ]
    return timedelta(days=max(matching)) if matching else None


def invalid(message: str, reason: str = "INVALID_PARAMETER_VALUE") -> ModelledError:
    """A request that breaks a rule of the service."""
    return ModelledError("ValidationException", message, Reason=reason)


def _any_of(filters: Iterable[TagFilter], tags: Mapping[str, str]) -> bool:
    return any(
        each["ResourceTagKey"] in tags
        and each.get("ResourceTagValue", "") in ("", tags[each["ResourceTagKey"]])
        for each in filters
    )


def _delay_days(parameters: Mapping[str, Any]) -> int | None:
    configuration = parameters.get("LockConfiguration")
    return configuration["UnlockDelay"]["UnlockDelayValue"] if configuration else None


def _lock_configuration(delay_days: int | None) -> dict[str, Any] | None:
    if delay_days is None:
        return None
    return {"UnlockDelay": {"UnlockDelayValue": delay_days, "UnlockDelayUnit": "DAYS"}}


def _check_unlocked(rule: RetentionRule) -> None:
    if rule.fixed:
        raise _conflict(f"The retention rule {rule.id} is in the state {rule.lock_state}.")


def _conflict(message: str) -> ModelledError:
    return ModelledError("ConflictException", message, Reason="INVALID_RULE_STATE")


def _quota_exceeded(message: str) -> ModelledError:
    return ModelledError("ServiceQuotaExceededException", message, Reason="SERVICE_QUOTA_EXCEEDED")


retention_rules = BackendDict(RetentionRulesStore, "rbin")
