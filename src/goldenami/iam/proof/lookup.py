"""The world of a proof: the golden image of one region, and what the cases describe."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from goldenami.domain.names import PUBLISHED
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError
from goldenami.iam.authorization import resources
from goldenami.iam.authorization.resources import Resource, Scope
from goldenami.iam.proof.cases import (
    PLACEHOLDER,
    Case,
    CaseImage,
    CaseInstance,
    CasePrincipal,
    Cases,
    CaseSnapshot,
    CaseVolume,
    with_texts,
)

ROOT_DEVICE = "/dev/xvda"
_OF_AUTO_SCALING = ("autoScalingGroup", "launchConfiguration")
_OF_OWN_IMAGES = ("approval-tag", "bookkeeping", "lifecycle")


class GoldenImage(Struct, frozen=True, kw_only=True):
    """A golden image: a real one, or one that stands for those a policy lists."""

    region: str
    id: str
    owner: str
    snapshots: tuple[str, ...]


class ProofSetting(Struct, frozen=True, kw_only=True):
    """Where a proof takes place.

    Args:
        account: the account's id.
        partition: its partition.
        owners: the accounts that own golden images, the most usual one first.
        tag: the approval tag.
        golden: the golden images, at least one.
        groups: the groups that are guarded; without one, cases about a group are left out.
        parameter: the SSM parameter that an image is published as.
        pipeline_role: the ARN of the pipeline's role; without it, cases about it are left out.
    """

    account: str
    partition: str
    owners: tuple[str, ...]
    tag: ApprovalTag
    golden: tuple[GoldenImage, ...]
    groups: tuple[str, ...] = ()
    parameter: str = PUBLISHED.replace("*", "web-base")
    pipeline_role: str = ""


class ProofLookup:
    """A setting with one golden image in it: a `ResourceLookup`."""

    def __init__(self, setting: ProofSetting, golden: GoldenImage, cases: Cases) -> None:
        self._setting, self._golden, self._cases = setting, golden, cases
        self._scope = Scope(setting.partition, golden.region, setting.account)
        # Only its owner sees that a golden image is approved.
        approval = "approved" if golden.owner == setting.account else None
        image = CaseImage(owner=golden.owner, approval=approval)
        self._described: Mapping[str, tuple[Mapping[str, Any], Callable[[str, Any], Resource]]] = {
            "image": ({**cases.images, golden.id: image}, self._image),
            "instance": (cases.instances, self._instance),
            "launch-template": (cases.launch_templates, self._launch_template),
            "parameter": ({setting.parameter: golden.id}, self._parameter),
            "role": (cases.roles, partial(self._principal, "role")),
            "snapshot": (cases.snapshots | dict.fromkeys(golden.snapshots, image), self._snapshot),
            "volume": (cases.volumes, self._volume),
        }
        key = setting.tag.key
        self._placeholders = {
            "account": setting.account,
            "golden": golden.id,
            "golden_snapshot": golden.snapshots[0],
            "parameter": setting.parameter,
            "partition": setting.partition,
            "region": golden.region,
            "tag_key": key,
            "tag_key_in_other_case": key.swapcase(),
            "tag_value": setting.tag.value,
        }
        if setting.groups:
            self._placeholders["group"] = setting.groups[0]
        if setting.pipeline_role:
            self._placeholders["pipeline_role"] = setting.pipeline_role.rpartition("/")[2]
            self._placeholders["pipeline_role_arn"] = setting.pipeline_role

    def filled(self, value: Any, case: str) -> Any:
        """Return a case's parameters with every ``<placeholder>`` filled in.

        Raises:
            SpecError: a placeholder is not known; the case is named.
        """
        return with_texts(
            value, lambda text: PLACEHOLDER.sub(lambda name: self._filling(name[1], case), text)
        )

    def applies(self, case: Case) -> bool:
        """Tell whether a case can be tried: one may need a group, or a golden image of one's own.

        What another account shares can be neither deregistered nor stripped of its tags here.
        """
        needs = str(case.parameters)
        own = self._golden.owner == self._setting.account
        if "<group>" in needs and not self._setting.groups:
            return False
        if "<pipeline_role" in needs and not self._setting.pipeline_role:
            return False
        return own or "<golden" not in needs or case.topic not in _OF_OWN_IMAGES

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return what a case names."""
        if kind == "role" and name == self._placeholders.get("pipeline_role"):
            return resources.identity(self._setting.pipeline_role, {})
        if kind in self._described:
            described, resource = self._described[kind]
            return resource(name, described[name]) if name in described else None
        if kind in _OF_AUTO_SCALING:
            return None  # they need not exist: what a call says of them is all that counts
        return self._undescribed(kind, name) if kind else None

    def _undescribed(self, kind: str, name: str) -> Resource:
        """Return what is there whether or not a file of cases tells of it."""
        match kind:
            case "user":
                return self._principal(kind, name, self._cases.users.get(name, CasePrincipal()))
            case "group":
                return resources.identity(self._scope.arn("iam", kind, name), {})
            case "policy":
                return resources.identity(name, {})
            case "organizations-policy":
                of = self._cases.organization_policies.get(name, "SERVICE_CONTROL_POLICY")
                return self._organizational("policy", f"{of.lower()}/{name}", of)
            case "account" | "root":
                return self._organizational(kind, name)
            case "organizationalunit":
                return self._organizational("ou", name)
            case _:
                return resources.ec2(self._scope, kind, name)

    def _filling(self, name: str, case: str) -> str:
        if name not in self._placeholders:
            raise SpecError(
                f"case `{case}`: `<{name}>` is not known",
                fix=f"there are {', '.join(f'<{known}>' for known in self._placeholders)}",
            )
        return self._placeholders[name]

    def _owner(self, owner: str) -> str:
        known = {"self": self._setting.account, "golden": self._setting.owners[0]}
        return known.get(owner, owner)

    def _tags(self, case: CaseVolume, owner: str = "self") -> dict[str, str]:
        """Tags of what another account owns are seen if they were written in this account.

        Those of the cases are: a tag on a public image is the account's own. But the tags that
        the golden account wrote are not visible elsewhere.
        """
        if owner == "golden" and self._owner(owner) != self._setting.account:
            return {}
        if case.approval is None:
            return case.tags
        value = self._setting.tag.value if case.approval == "approved" else case.approval
        return {**case.tags, self._setting.tag.key: value}

    def _image(self, name: str, image: CaseImage) -> Resource:
        snapshots = self._golden.snapshots if name == self._golden.id else (image.snapshot,)
        return resources.image(
            self._scope, name, self._tags(image, image.owner),
            owner=self._owner(image.owner), public=image.public,
            devices=[_device(snapshot, index) for index, snapshot in enumerate(snapshots)],
        )  # fmt: skip

    def _snapshot(self, name: str, snapshot: CaseSnapshot) -> Resource:
        tags = self._tags(snapshot, snapshot.owner)
        return resources.snapshot(self._scope, name, tags, owner=self._owner(snapshot.owner))

    def _instance(self, name: str, instance: CaseInstance) -> Resource:
        return resources.instance(self._scope, name, instance.tags, volumes=instance.volumes)

    def _volume(self, name: str, volume: CaseVolume) -> Resource:
        return resources.ec2(self._scope, "volume", name, self._tags(volume))

    def _launch_template(self, name: str, template: dict[str, Any]) -> Resource:
        data = self.filled(template, f"launch_templates.{name}")
        versions = dict.fromkeys(("$Default", "$Latest", "1"), data)
        return resources.launch_template(self._scope, name, {}, versions)

    def _parameter(self, name: str, value: str) -> Resource:
        return resources.parameter(self._scope, name, {}, value)

    def _principal(self, kind: str, name: str, principal: CasePrincipal) -> Resource:
        boundary = self.filled(principal.boundary, f"{kind}s.{name}") or None
        return resources.identity(self._scope.arn("iam", kind, name), {}, boundary=boundary)

    def _organizational(self, kind: str, name: str, policy_type: str | None = None) -> Resource:
        arn = self._scope.arn("organizations", kind, f"o-proof/{name}")
        return resources.organizational(arn, {}, policy_type)


def _device(snapshot: str, index: int) -> dict[str, Any]:
    """Return a device; the cases know the first one's name."""
    name = ROOT_DEVICE if index == 0 else f"/dev/sd{chr(ord('f') + index)}"
    return {"DeviceName": name, "Ebs": {"SnapshotId": snapshot, "VolumeType": "gp3"}}
