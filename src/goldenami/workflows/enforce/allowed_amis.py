"""Mechanism ``allowed_amis``: which images of others the account may find and launch, by region.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
"""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from goldenami.aws import allowed_images, parameters, regions
from goldenami.aws.action import ActionContext
from goldenami.aws.allowed_images import AllowedImagesSetting
from goldenami.aws.parallel import RegionAnswers, in_regions
from goldenami.aws.waits import until
from goldenami.domain import prefixes
from goldenami.domain.plan import Action
from goldenami.spec.model import AllowedAmis, ImageCriteria
from goldenami.workflows.enforce import ownership
from goldenami.workflows.enforce.interface import (
    Change,
    EnforceContext,
    MechanismPlan,
    in_order,
    joined,
)

VERIFY_TIMEOUT_S = 120.0
DISABLED = "disabled"
READING = "reading the Allowed AMIs settings"
NOTE = (
    "Allowed AMIs never restrict the account's own images: they complement the policies and do "
    "not replace them"
)


RECORD = prefixes.ALLOWED_AMIS
"""The parameter of a region that says whose its setting is, since a setting takes no tags."""


class _Now(Struct, frozen=True):
    """A region's setting as it is, and the enforcement that it is recorded for."""

    setting: AllowedImagesSetting
    name: str = ""


def part(context: EnforceContext) -> MechanismPlan:
    """Compare the setting of each region with what it should be.

    It is taken away by ``--remove`` alone, and only where its criteria are those of the file (or,
    if it has none, the golden owners).

    Raises:
        IncompleteError: a region could not be read.
    """
    wanted = context.enforce.mechanisms.allowed_amis
    if context.remove:
        return _dropped(context, wanted)
    if wanted is None:
        return MechanismPlan()
    now = _settings(context, wanted).complete(READING)
    right = criteria(wanted, context.owners)
    claims = ownership.claims(context, _recorded(now))
    parts = [_brought_about(context, region, one, right) for region, one in now.items()]
    return joined([*parts, claims, MechanismPlan(notes=(NOTE,))])


def _recorded(now: Mapping[str, _Now]) -> dict[str, str]:
    """Return whose the settings are that say anything, by words for each."""
    return {
        f"Allowed AMIs {region}": one.name
        for region, one in now.items()
        if one.name or one.setting.state != DISABLED or one.setting.criteria
    }


def criteria(wanted: ImageCriteria, owners: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the one criterion that images of others have to meet, as EC2 takes it."""
    found: dict[str, Any] = {"ImageProviders": list(wanted.providers or owners)}
    if wanted.names:
        found["ImageNames"] = list(wanted.names)
    if wanted.created_within_days is not None:
        found["CreationDateCondition"] = {"MaximumDaysSinceCreated": wanted.created_within_days}
    if wanted.deprecated_within_days is not None:
        days = wanted.deprecated_within_days
        found["DeprecationTimeCondition"] = {"MaximumDaysSinceDeprecated": days}
    return [found]


def verify(doing: ActionContext) -> dict[str, Any]:
    """Wait until the setting of a region reads back as it was written."""
    state = doing.parameters["AllowedImagesSettingsState"]
    wanted = json.loads(doing.parameters["ImageCriteria"])

    def look() -> dict[str, Any] | None:
        now = allowed_images.setting(doing.aws.in_region(doing.region))
        return {} if now.state == state and same(now.criteria, wanted) else None

    return until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing="the Allowed AMIs setting")


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Tell whether two lists of criteria mean the same: AWS keeps no order in them."""

    def comparable(criterion: dict[str, Any]) -> str:
        found = {
            key: sorted(value) if isinstance(value, list) else value
            for key, value in criterion.items()
        }
        return json.dumps(found, sort_keys=True)

    return sorted(map(comparable, one)) == sorted(map(comparable, other))


def _settings(context: EnforceContext, wanted: AllowedAmis) -> RegionAnswers[_Now]:
    aws = context.aws
    where = regions.enabled(aws) if wanted.regions == "all" else wanted.regions

    def look(region: str) -> _Now:
        regional = aws.in_region(region)
        recorded = parameters.values(regional, [RECORD], READING)
        return _Now(allowed_images.setting(regional), recorded.get(RECORD, ""))

    return in_regions(where, look)


def _dropped(context: EnforceContext, wanted: AllowedAmis | None) -> MechanismPlan:
    """What the release file does not name need not be readable; that it is not is told."""
    answers = _settings(context, wanted or AllowedAmis())
    now = answers.complete(READING) if wanted else answers.read
    unread = ", ".join(one.region for one in answers.unread)
    notes = (f"Allowed AMIs settings could not be looked for in {unread}",) if unread else ()
    right = criteria(wanted or AllowedAmis(), context.owners)
    others = {
        region: one for region, one in now.items() if ownership.stays(context, one.name, named=True)
    }
    gone = [_removed(region, one, right) for region, one in now.items() if region not in others]
    return joined([*gone, ownership.left(_recorded(others)), MechanismPlan(notes=notes)])


def _brought_about(
    context: EnforceContext, region: str, before: _Now, criteria: list[dict[str, Any]]
) -> MechanismPlan:
    wanted, now = context.enforce.mechanisms.allowed_amis or AllowedAmis(), before.setting
    right = now.state == wanted.state and same(now.criteria, criteria)
    if now.managed_by != "account" and not right:
        return MechanismPlan(
            problems=(
                f"{region}: a declarative policy of the organization manages Allowed AMIs: "
                "use enforce.mechanisms.declarative_policy",
            )
        )
    steps = []
    if before.name != context.name:
        steps.append(_record(region, context.name))
    if not same(now.criteria, criteria):
        steps.append(_replace(region, criteria))
    if now.state != wanted.state:
        steps.append(_enable(region, wanted.state))
    if not right:
        steps.append(_verification(region, wanted.state, criteria))
    change = Change(
        policy=f"Allowed AMIs {region}",
        kind="update" if steps else "keep",
        diff="" if right else _diff(now, wanted.state, criteria),
    )
    return MechanismPlan(changes=(change,), actions=in_order(steps))


def _removed(region: str, before: _Now, criteria: list[dict[str, Any]]) -> MechanismPlan:
    now = before.setting
    if now.state == DISABLED and not now.criteria:
        return MechanismPlan()
    if now.managed_by != "account" or not same(now.criteria, criteria):
        return MechanismPlan(
            notes=(f"{region}: the Allowed AMIs setting is not goldenami's, and stays",)
        )
    off = [_disable(region)] if now.state != DISABLED else []
    steps = [*off, _replace(region, []), _verification(region, DISABLED, [])]
    if before.name:
        steps.append(_forget(region))
    change = Change(policy=f"Allowed AMIs {region}", kind="remove")
    return MechanismPlan(changes=(change,), removals=in_order(steps))


def _diff(now: AllowedImagesSetting, state: str, criteria: list[dict[str, Any]]) -> str:
    return (
        f"- {now.state} {json.dumps(now.criteria)}\n"
        f"+ {state} {json.dumps(criteria)}"
    )  # fmt: skip


def _replace(region: str, criteria: list[dict[str, Any]]) -> Action:
    return Action(
        id=f"criteria {region}",
        summary="set the criteria of Allowed AMIs" if criteria else "clear Allowed AMIs' criteria",
        call="ec2:ReplaceImageCriteriaInAllowedImagesSettings",
        region=region,
        parameters={"ImageCriteria": criteria},
        permissions=("ec2:ReplaceImageCriteriaInAllowedImagesSettings",),
    )


def _record(region: str, name: str) -> Action:
    return Action(
        id=f"record {region}",
        summary=f"record in {RECORD} that the Allowed AMIs setting is `{name}`'s",
        call="ssm:PutParameter",
        region=region,
        parameters={
            "Name": RECORD,
            "Value": name,
            "Type": "String",
            "Overwrite": True,
            "Description": "goldenami: the enforcement that has set Allowed AMIs here",
        },
        permissions=("ssm:PutParameter",),
    )


def _forget(region: str) -> Action:
    return Action(
        id=f"forget {region}",
        summary=f"delete {RECORD}",
        call="ssm:DeleteParameter",
        region=region,
        parameters={"Name": RECORD},
        permissions=("ssm:DeleteParameter",),
    )


def _enable(region: str, state: str) -> Action:
    return Action(
        id=f"state {region}",
        summary=f"set Allowed AMIs to {state}",
        call="ec2:EnableAllowedImagesSettings",
        region=region,
        parameters={"AllowedImagesSettingsState": state},
        permissions=("ec2:EnableAllowedImagesSettings",),
    )


def _disable(region: str) -> Action:
    return Action(
        id=f"state {region}",
        summary="disable Allowed AMIs",
        call="ec2:DisableAllowedImagesSettings",
        region=region,
        permissions=("ec2:DisableAllowedImagesSettings",),
    )


def _verification(region: str, state: str, criteria: list[dict[str, Any]]) -> Action:
    return Action(
        id=f"verify {region}",
        summary="read the Allowed AMIs setting back",
        call="verify:allowed-images",
        region=region,
        parameters={
            "AllowedImagesSettingsState": state,
            "ImageCriteria": json.dumps(criteria),
        },
        permissions=("ec2:GetAllowedImagesSettings",),
    )
