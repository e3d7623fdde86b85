"""Mechanism ``allowed_amis``: which images of others the account may find and launch, by region.

It keeps a setting of each region and no policy, so it is no part of the engine.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import structs

from goldenami.aws import allowed_images, parameters, regions
from goldenami.aws.action import ActionContext
from goldenami.aws.allowed_images import AllowedImagesSetting, RefusedInstance
from goldenami.aws.parallel import ahead, in_regions
from goldenami.aws.session import Aws, RegionalAws
from goldenami.aws.waits import until
from goldenami.domain import prefixes
from goldenami.domain.plan import Action
from goldenami.spec import EnforceFile
from goldenami.spec.allowed import AllowedAmis, ScanCriterion, WatermarkCriterion
from goldenami.workflows.enforce import ownership
from goldenami.workflows.enforce.interface import (
    EnforceContext,
    MechanismPlan,
    PolicyChange,
    joined,
)
from goldenami.workflows.enforce.reconcile import in_order

VERIFY_TIMEOUT_S = 120.0
DISABLED = "disabled"
SETTING = "Allowed AMIs"
READING = "reading the Allowed AMIs settings"
NOTE = (
    "Allowed AMIs never restrict the account's own images: they complement the policies and do "
    "not replace them"
)


RECORD = prefixes.ALLOWED_AMIS
"""The parameter of a region that says whose its setting is, since a setting takes no tags."""

Criteria = list[dict[str, Any]]


def plan(context: EnforceContext) -> MechanismPlan:
    """Compare the setting of each region with what it should be.

    It is taken away by ``--remove`` alone, and only where its criteria are those of the file (or,
    if it has none, the golden owners).

    Raises:
        IncompleteError: a region could not be read.
    """
    desired = context.enforce.mechanisms.allowed_amis
    if not (desired or context.remove):
        return MechanismPlan()
    settings = desired or AllowedAmis()
    where, at = _regions(context.aws, settings), context.aws.in_region
    answers = in_regions(where, lambda region: _setting(at(region)))
    # what the file does not name need not be readable; that it is not is told
    current = answers.complete(READING) if desired else answers.read
    expected = criteria(settings, context.owners)
    if not context.remove:
        plans = [
            _applied(context, region, setting, settings.state, expected)
            for region, setting in current.items()
        ]
        claims = ownership.claims(context, _names(current))
        return joined([*plans, claims, MechanismPlan(notes=(NOTE,))])
    others = {
        region: each
        for region, each in current.items()
        if ownership.stays(context, each.recorded, named=True)
    }
    plans = [
        _removed(region, each, expected) for region, each in current.items() if region not in others
    ]
    unread = ", ".join(answer.region for answer in answers.unread)
    notes = (f"Allowed AMIs settings could not be looked for in {unread}",) if unread else ()
    return joined([*plans, ownership.kept(_names(others)), MechanismPlan(notes=notes)])


def refused_instances(aws: Aws, file: EnforceFile) -> list[RefusedInstance]:
    """Return every instance whose image could not be launched again, in every region asked for.

    The regions are those of ``enforce.mechanisms.allowed_amis``, all enabled ones by default.

    Raises:
        IncompleteError: a region could not be read.
    """
    where = _regions(aws, file.enforce.mechanisms.allowed_amis or AllowedAmis())
    answers = in_regions(where, lambda region: allowed_images.refused(aws.in_region(region)))
    refused = answers.complete("looking for what Allowed AMIs would refuse")
    return [instance for instances in refused.values() for instance in instances]


def criteria(desired: AllowedAmis, owners: tuple[str, ...]) -> Criteria:
    """Return the one criterion that images of others have to meet, as EC2 takes it."""
    criterion: dict[str, Any] = {"ImageProviders": list(desired.providers or owners)}
    if desired.names:
        criterion["ImageNames"] = list(desired.names)
    if (days := desired.created_within_days) is not None:
        criterion["CreationDateCondition"] = {"MaximumDaysSinceCreated": days}
    if (days := desired.deprecated_within_days) is not None:
        criterion["DeprecationTimeCondition"] = {"MaximumDaysSinceDeprecated": days}
    if desired.watermarks:
        criterion["ImageWatermarks"] = [_watermark(each) for each in desired.watermarks]
    if desired.scan:
        criterion["ScanResultCondition"] = _scan(desired.scan)
    return [criterion]


def _watermark(desired: WatermarkCriterion) -> dict[str, Any]:
    return _given(
        WatermarkKey=desired.key,
        SourceImageRegion=desired.region,
        MaximumDaysSinceWatermarkCreated=desired.attached_within_days,
        MaximumDaysSinceSourceImageCreated=desired.source_created_within_days,
    )


def _scan(desired: ScanCriterion) -> dict[str, Any]:
    """Return what a scan has to have found.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ScanResultConditionRequest.html
    """
    fixed = desired.fixed_within_days
    return _given(
        MaximumSeverityLabel=desired.severity,
        MaxDaysSinceLastFindingScan=desired.scanned_within_days,
        MaxDaysSinceInformationalFixAvailable=fixed.informational,
        MaxDaysSinceLowFixAvailable=fixed.low,
        MaxDaysSinceMediumFixAvailable=fixed.medium,
        MaxDaysSinceHighFixAvailable=fixed.high,
        MaxDaysSinceCriticalFixAvailable=fixed.critical,
    )


def _given(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def verify(doing: ActionContext) -> dict[str, Any]:
    """Wait until the setting of a region reads back as it was written."""
    state = doing.parameters["AllowedImagesSettingsState"]
    expected = json.loads(doing.parameters["ImageCriteria"])

    def look() -> dict[str, Any] | None:
        current = allowed_images.setting(doing.regional)
        return {} if current.state == state and same(current.criteria, expected) else None

    return until(
        doing, look,
        timeout_s=VERIFY_TIMEOUT_S,
        thing="the Allowed AMIs setting",
        fix="see whether a declarative policy of the organization or somebody else sets it",
    )  # fmt: skip


def same(criteria: Criteria, others: Criteria) -> bool:
    """Tell whether two lists of criteria mean the same: AWS keeps no order in them."""

    def comparable(criterion: dict[str, Any]) -> str:
        unordered = {
            key: sorted(value, key=_in_order) if isinstance(value, list) else value
            for key, value in criterion.items()
        }
        return json.dumps(unordered, sort_keys=True)

    return sorted(map(comparable, criteria)) == sorted(map(comparable, others))


def _in_order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _regions(aws: Aws, settings: AllowedAmis) -> tuple[str, ...]:
    return tuple(regions.enabled(aws)) if settings.regions == "all" else settings.regions


def _setting(regional: RegionalAws) -> AllowedImagesSetting:
    setting = ahead(partial(allowed_images.setting, regional))
    record = parameters.values(regional, [RECORD], READING)
    return structs.replace(setting(), recorded=record.get(RECORD, ""))


def _names(current: Mapping[str, AllowedImagesSetting]) -> dict[str, str]:
    """Return whose the settings are that say anything, by words for each."""
    return {
        _title(region): setting.recorded
        for region, setting in current.items()
        if setting.recorded or setting.state != DISABLED or setting.criteria
    }


def _applied(
    context: EnforceContext,
    region: str,
    setting: AllowedImagesSetting,
    state: str,
    expected: Criteria,
) -> MechanismPlan:
    steps = _written(region, setting, state, expected)
    if setting.managed_by != "account" and steps:
        return MechanismPlan(
            problems=(
                f"{region}: a declarative policy of the organization manages Allowed AMIs: "
                "use enforce.mechanisms.declarative_policy",
            )
        )
    diff = ""
    if steps:
        before = f"- {setting.state} {json.dumps(setting.criteria)}"
        diff = f"{before}\n+ {state} {json.dumps(expected)}"
    if setting.recorded != context.name:
        # recorded first: what was set by a run that stopped is known to be this enforcement's
        record = _step(
            region, "record", "ssm:PutParameter",
            f"record in {RECORD} that the Allowed AMIs setting is `{context.name}`'s",
            Name=RECORD, Value=context.name, Type="String", Overwrite=True,
            Description="goldenami: the enforcement that has set Allowed AMIs here",
        )  # fmt: skip
        steps = [record, *steps]
    change = PolicyChange(
        policy=SETTING, region=region, kind="update" if steps else "keep", diff=diff
    )
    return MechanismPlan(changes=(change,), actions=in_order(steps))


def _removed(region: str, setting: AllowedImagesSetting, expected: Criteria) -> MechanismPlan:
    if setting.state == DISABLED and not setting.criteria:
        return MechanismPlan()
    if setting.managed_by != "account" or not same(setting.criteria, expected):
        note = f"{region}: the Allowed AMIs setting is not goldenami's, and stays"
        return MechanismPlan(notes=(note,))
    steps = _written(region, setting, DISABLED, [])
    if setting.recorded:
        forget = f"delete {RECORD}"
        steps.append(_step(region, "forget", "ssm:DeleteParameter", forget, Name=RECORD))
    change = PolicyChange(policy=SETTING, region=region, kind="remove")
    return MechanismPlan(changes=(change,), removals=in_order(steps))


def _title(region: str) -> str:
    return f"{SETTING} {region}"


def _written(
    region: str, setting: AllowedImagesSetting, state: str, criteria: Criteria
) -> list[Action]:
    """Return the steps that make a setting so; it is never in force without its criteria."""
    steps = []
    if not same(setting.criteria, criteria):
        steps.append(
            _step(
                region, "criteria", "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
                "set the criteria of Allowed AMIs" if criteria else "clear Allowed AMIs' criteria",
                ImageCriteria=criteria,
            )
        )  # fmt: skip
    if state == DISABLED and setting.state != DISABLED:
        disable = "ec2:DisableAllowedImagesSettings"
        steps.insert(0, _step(region, "state", disable, "disable Allowed AMIs"))
    elif setting.state != state:
        enable, summary = "ec2:EnableAllowedImagesSettings", f"set Allowed AMIs to {state}"
        steps.append(_step(region, "state", enable, summary, AllowedImagesSettingsState=state))
    if steps:
        verify = _step(
            region, "verify", "verify:allowed-images", "read the Allowed AMIs setting back",
            AllowedImagesSettingsState=state, ImageCriteria=json.dumps(criteria),
        )  # fmt: skip
        steps.append(structs.replace(verify, permissions=("ec2:GetAllowedImagesSettings",)))
    return steps


def _step(region: str, id_: str, call: str, summary: str, **parameters: Any) -> Action:
    return Action(
        id=f"{id_} {region}", summary=summary, call=call, region=region, parameters=parameters
    )
