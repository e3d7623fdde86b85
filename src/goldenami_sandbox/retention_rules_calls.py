"""Recycle Bin's operations on rules.

https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_Operations.html
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from goldenami_sandbox import retention_rules
from goldenami_sandbox.modelled import ModelledResponse
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.retention_rules import RetentionRule, RetentionRulesStore, invalid

PAGE_SIZE = 1000
_RESERVED = "aws:"


class RetentionRulesResponse(ModelledResponse):
    """Answers Recycle Bin's operations."""

    validation: Mapping[str, str] = {"Reason": "INVALID_PARAMETER_VALUE"}

    @overrides
    def __init__(self) -> None:
        super().__init__(service_name="rbin")
        self.automated_parameter_parsing = True

    @property
    def store(self) -> RetentionRulesStore:
        """The call's account in the call's region."""
        return retention_rules.retention_rules[self.current_account][self.region]

    @property
    def rule(self) -> RetentionRule:
        """The rule that the request names.

        Raises:
            ModelledError: there is none.
        """
        return self.store.rule(self._get_param("Identifier") or self._get_param("ResourceArn"))

    def create_rule(self) -> ActionResult:
        """Make a rule."""
        _check_tags(self._get_param("Tags", []))
        rule = self.store.create(self.parameters())
        tags = [{"Key": key, "Value": value} for key, value in rule.tags.items()]
        return ActionResult(rule.described() | {"Tags": tags})

    def get_rule(self) -> ActionResult:
        """Tell of a rule."""
        return ActionResult(self.rule.described())

    def list_rules(self) -> ActionResult:
        """List the rules for one kind of resource."""
        matching = [
            rule.summary()
            for rule in self.store.rules.values()
            if rule.resource_type == self._get_param("ResourceType") and self._wanted(rule)
        ]
        start = _start(self._get_param("NextToken"))
        end = start + self._get_param("MaxResults", PAGE_SIZE)
        token = b64encode(str(end).encode()).decode() if end < len(matching) else None
        return ActionResult({"Rules": matching[start:end], "NextToken": token})

    def update_rule(self) -> ActionResult:
        """Change a rule."""
        rule = self.rule
        self.store.update(rule, self.parameters())
        return ActionResult(rule.described())

    def delete_rule(self) -> ActionResult:
        """Delete a rule."""
        self.store.delete(self.rule)
        return EmptyResult()

    def lock_rule(self) -> ActionResult:
        """Lock a rule."""
        rule = self.rule
        delay = self._get_param("LockConfiguration")["UnlockDelay"]
        retention_rules.lock(rule, delay["UnlockDelayValue"])
        return ActionResult(rule.described())

    def unlock_rule(self) -> ActionResult:
        """Unlock a rule."""
        rule = self.rule
        retention_rules.unlock(rule)
        return ActionResult(rule.described())

    def tag_resource(self) -> ActionResult:
        """Tag a rule."""
        tags = self._get_param("Tags")
        _check_tags(tags)
        self.rule.tags |= {tag["Key"]: tag["Value"] for tag in tags}
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """Take tags off a rule."""
        rule = self.rule
        for key in self._get_param("TagKeys"):
            rule.tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """Tell the tags of a rule."""
        own = self.rule.tags.items()
        return ActionResult({"Tags": [{"Key": key, "Value": value} for key, value in own]})

    def _wanted(self, rule: RetentionRule) -> bool:
        state = self._get_param("LockState")
        return (
            state in (None, rule.lock_state)
            and all(tag in rule.resource_tags for tag in self._get_param("ResourceTags", []))
            and all(tag in rule.excluded_tags for tag in self._get_param("ExcludeResourceTags", []))
        )


def _check_tags(tags: list[dict[str, Any]]) -> None:
    for tag in tags:
        if tag["Key"].lower().startswith(_RESERVED):
            raise invalid(f"Tag keys can't begin with {_RESERVED}: {tag['Key']}")


def _start(token: str | None) -> int:
    try:
        return int(b64decode(token)) if token else 0
    except ValueError:
        raise invalid(f"The page token {token} is not valid.", "INVALID_PAGE_TOKEN") from None
