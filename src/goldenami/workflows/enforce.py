"""Enforcement: find the golden images, render, compare with what is attached, apply, read back."""

import difflib
import json
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct, structs

from goldenami.aws import iam
from goldenami.aws.session import Aws
from goldenami.aws.waits import Doing, until
from goldenami.domain import tags
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.errors import RefusedError, UsageError
from goldenami.iam.profiles import Profile, load_profiles, profile_named
from goldenami.iam.render import Document
from goldenami.spec import ReleaseFile
from goldenami.spec.model import Enforce
from goldenami.workflows import rendering
from goldenami.workflows.execute import Execution

VERIFY_TIMEOUT_S = 60.0


class Change(Struct, frozen=True, kw_only=True):
    """What happens to one managed policy, and how its document differs."""

    policy: str
    kind: Literal["create", "update", "keep", "remove"]
    diff: str = ""
    attach: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Tell whether everything is as it should be."""
        return self.kind == "keep" and not self.attach and not self.detach


class Enforcement(Struct, frozen=True, kw_only=True):
    """An enforcement that was checked and can be applied."""

    changes: tuple[Change, ...]
    plan: Plan

    @property
    def nothing_to_do(self) -> bool:
        """Tell whether what is attached is what should be."""
        return all(one.nothing for one in self.changes)


def prepare(aws: Aws, file: ReleaseFile, *, remove: bool = False) -> Enforcement:
    """Compare what should be attached with what is, and plan the difference.

    Raises:
        UsageError: the release file has no ``enforce`` part, or names no known profile.
        RefusedError: a group is missing, a policy of the same name is not goldenami's, a document
            is too large, a quota is full, nothing is approved. Nothing was changed.
        IncompleteError: a region could not be read.
    """
    enforce, region = _enforce(file), file.release.build_region
    profile = profile_named(enforce.profile)
    attached = _attached(aws, region, enforce.groups)
    wanted = () if remove else _wanted(aws, file, profile)
    arns = {_arn(aws, document.name): document for document in wanted}
    present = {arn for names in attached.values() for arn in names if arn.startswith(_arn(aws, ""))}
    if remove:  # also those that somebody detached by hand
        present |= {_arn(aws, name) for name in load_profiles()}
    now = {arn: iam.managed_policy(aws, region, arn) for arn in sorted(present | set(arns))}
    _refuse(aws, region, enforce, attached, arns, now)
    changes, actions = [], []
    for arn, policy in now.items():
        if arn in arns:
            change, steps = _bring_about(region, arn, arns[arn], policy, attached)
        elif policy is not None and policy.ours:
            change, steps = _take_away(region, policy, attached)
        else:
            continue  # not there, or named like ours and somebody else's
        changes.append(change)
        actions += steps
    title = f"{'remove' if remove else 'enforce'} {profile.name} on {', '.join(enforce.groups)}"
    notes = () if remove else tuple(_notes(aws, region, profile, enforce))
    return Enforcement(
        changes=tuple(changes), plan=Plan(title=title, actions=tuple(actions), notes=notes)
    )


def apply(aws: Aws, prepared: Enforcement, *, tell: Tell = silent) -> None:
    """Carry a prepared enforcement out; its last actions read everything back."""
    Execution(aws, handlers={"verify:policy": verify}, tell=tell).run(prepared.plan)


def verify(doing: Doing) -> dict[str, Any]:
    """Wait until a policy's default version and attachments read back as they were written."""
    wanted = json.loads(doing.parameters["Document"])
    groups = set(doing.parameters["Groups"])

    def look() -> dict[str, Any] | None:
        policy = iam.managed_policy(doing.aws, doing.region, doing.parameters["PolicyArn"])
        right = policy and policy.document == wanted and groups <= set(policy.groups)
        return {} if right else None

    return until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=doing.parameters["PolicyArn"])


def _enforce(file: ReleaseFile) -> Enforce:
    if file.release.enforce is None:
        raise UsageError(
            f"{file.path}: there is no `enforce` part",
            fix="add one: `enforce: {groups: [ec2-admin-group]}`",
        )
    return file.release.enforce


def _wanted(aws: Aws, file: ReleaseFile, profile: Profile) -> tuple[Document, ...]:
    members = rendering.chain(profile)
    given = {}
    if not (rendering.tests_owner_alone(profile) and file.release.audit.owners):
        # Whatever the profile tests: with nothing approved it would deny every launch.
        given["snapshots"] = rendering.snapshots(rendering.golden_images(aws, file))
    values = rendering.values(lambda: aws, file, profile, given)
    return tuple(document for one in members for document in rendering.documents(one, values))


def _arn(aws: Aws, document: str) -> str:
    return f"arn:{aws.partition}:iam::{aws.account}:policy/goldenami-{document}"


def _attached(aws: Aws, region: str, groups: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found = {group: iam.attached(aws, region, group) for group in groups}
    missing = [group for group, names in found.items() if names is None]
    if missing:
        raise RefusedError(
            f"there is no IAM group {', '.join(missing)} in account {aws.account}; nothing was "
            "changed",
            fix="create it, or name the right one under enforce.groups",
        )
    return {group: names or {} for group, names in found.items()}


def _refuse(
    aws: Aws,
    region: str,
    enforce: Enforce,
    attached: dict[str, dict[str, str]],
    arns: dict[str, Document],
    now: dict[str, iam.ManagedPolicy | None],
) -> None:
    problems = [
        f"{arn} exists and was not made by goldenami (it has no tag {tags.POLICY})"
        for arn in arns
        if (policy := now[arn]) is not None and not policy.ours
    ]
    quota = iam.attachments_per_group(aws, region)
    for group in enforce.groups:
        ours = {arn for arn, policy in now.items() if policy and policy.ours}
        would_have = (set(attached[group]) - ours) | set(arns)
        if len(would_have) > quota:
            problems.append(
                f"group {group} would have {len(would_have)} managed policies, of {quota} allowed"
            )
    if problems:
        raise RefusedError(
            "enforcement refused, and nothing was changed",
            notes=problems,
            fix="rename or delete the other policy, or free an attachment of the group",
        )


def _bring_about(
    region: str,
    arn: str,
    document: Document,
    policy: iam.ManagedPolicy | None,
    attached: dict[str, dict[str, str]],
) -> tuple[Change, list[Action]]:
    text = document.json(minify=True)
    missing = tuple(group for group, names in attached.items() if arn not in names)
    same = policy is not None and policy.document == document.policy
    change = Change(
        policy=arn,
        kind="keep" if same else "update" if policy else "create",
        diff="" if same else _diff(policy, document),
        attach=missing,
    )
    steps: list[Action] = []
    if policy is None:
        steps.append(_create(region, arn, document.name, text))
    elif not same:
        steps += [_delete_version(region, arn, one.id) for one in policy.prunable]
        steps.append(_new_version(region, arn, text))
    for group in missing:
        steps.append(_group_call("AttachGroupPolicy", "attach", region, arn, group))
    if steps:
        steps.append(_verification(region, arn, text, tuple(attached)))
    return change, _in_order(steps)


def _take_away(
    region: str, policy: iam.ManagedPolicy, attached: dict[str, dict[str, str]]
) -> tuple[Change, list[Action]]:
    mine = tuple(group for group, names in attached.items() if policy.arn in names)
    steps = [
        _group_call("DetachGroupPolicy", "detach", region, policy.arn, group) for group in mine
    ]
    elsewhere = [*(one for one in policy.groups if one not in mine), *policy.others]
    if not elsewhere:
        old = [one for one in policy.versions if not one.default]
        steps += [_delete_version(region, policy.arn, one.id) for one in old]
        steps.append(
            Action(
                id=f"delete {policy.arn}",
                summary=f"delete {policy.arn}",
                call="iam:DeletePolicy",
                region=region,
                parameters={"PolicyArn": policy.arn},
                permissions=("iam:DeletePolicy",),
            )
        )
    kept = f"it stays attached to {', '.join(elsewhere)}" if elsewhere else ""
    change = Change(
        policy=policy.arn, kind="keep" if elsewhere else "remove", detach=mine, diff=kept
    )
    return change, _in_order(steps)


def _create(region: str, arn: str, name: str, text: str) -> Action:
    return Action(
        id=f"create {arn}",
        summary=f"create {arn}",
        call="iam:CreatePolicy",
        region=region,
        parameters={
            "PolicyName": arn.rpartition("/")[2],
            "PolicyDocument": text,
            "Description": f"goldenami profile document {name}",
            "Tags": tags.to_aws({tags.POLICY: name}),
        },
        permissions=("iam:CreatePolicy", "iam:TagPolicy"),
    )


def _new_version(region: str, arn: str, text: str) -> Action:
    return Action(
        id=f"update {arn}",
        summary=f"make a new default version of {arn}",
        call="iam:CreatePolicyVersion",
        region=region,
        parameters={"PolicyArn": arn, "PolicyDocument": text, "SetAsDefault": True},
        permissions=("iam:CreatePolicyVersion",),
    )


def _delete_version(region: str, arn: str, version: str) -> Action:
    return Action(
        id=f"prune {arn} {version}",
        summary=f"delete version {version} of {arn}",
        call="iam:DeletePolicyVersion",
        region=region,
        parameters={"PolicyArn": arn, "VersionId": version},
        permissions=("iam:DeletePolicyVersion",),
    )


def _group_call(operation: str, verb: str, region: str, arn: str, group: str) -> Action:
    return Action(
        id=f"{verb} {arn} {group}",
        summary=f"{verb} {arn} {'to' if verb == 'attach' else 'from'} group {group}",
        call=f"iam:{operation}",
        region=region,
        parameters={"GroupName": group, "PolicyArn": arn},
        permissions=(f"iam:{operation}",),
    )


def _verification(region: str, arn: str, text: str, groups: tuple[str, ...]) -> Action:
    return Action(
        id=f"verify {arn}",
        summary=f"read {arn} back",
        call="verify:policy",
        region=region,
        parameters={"PolicyArn": arn, "Document": text, "Groups": groups},
        permissions=(
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
        ),
    )


def _in_order(steps: list[Action]) -> list[Action]:
    """Make each step wait for the one before it."""
    return [
        structs.replace(step, after=(steps[index - 1].id,) if index else ())
        for index, step in enumerate(steps)
    ]


def _diff(policy: iam.ManagedPolicy | None, document: Document) -> str:
    """Show how a document differs; of a new one its statements, which say what they do."""
    if policy is None:
        return "\n".join(
            f"+ {one['Effect']} {one.get('Sid', '')}" for one in document.policy["Statement"]
        )
    before = json.dumps(policy.document, indent=2).splitlines()
    after = document.json().splitlines()
    return "\n".join(difflib.unified_diff(before, after, "attached", "rendered", lineterm="", n=2))


def _notes(aws: Aws, region: str, profile: Profile, enforce: Enforce) -> Iterator[str]:
    if profile.warning:
        yield profile.warning
    yield (
        "a group holds users only: roles and SSO sessions are not bound by what is attached to it"
    )
    if enforce.pipeline_role is None:
        yield (
            "no enforce.pipeline_role: nobody in these groups can bake any more, and no role is "
            "exempt where the same documents bind roles"
        )
        return
    name = enforce.pipeline_role.rpartition("/")[2]
    if not iam.role_exists(aws, region, name):
        yield f"the pipeline role {name} does not exist: whoever creates it will be exempt"
