"""The world of a proof: the golden image of one region, and what the cases describe."""

from typing import Any

from msgspec import Struct

from goldenami.domain.names import PUBLISHED
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError
from goldenami.iam.authorization import resources
from goldenami.iam.authorization.resources import Resource, Scope
from goldenami.iam.proof.cases import Case, CaseImage, CasePrincipal, Cases, CaseVolume
from goldenami.iam.proof.variants import PLACEHOLDER, with_texts

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
        self._setting = setting
        self._golden = golden
        self._cases = cases
        self._scope = Scope(setting.partition, golden.region, setting.account)
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
        known = {
            "image": self._image,
            "snapshot": self._snapshot,
            "instance": self._instance,
            "launch-template": self._launch_template,
            "organizations-policy": self._organization_policy,
            "parameter": self._parameter,
            "role": self._role,
            "user": self._user,
            "volume": self._volume,
        }
        if kind in known:
            return known[kind](name)
        if kind in _OF_AUTO_SCALING:
            return None  # they need not exist: what a call says of them is all that counts
        if kind == "group":
            return resources.identity(self._scope.arn("iam", kind, name), {})
        if kind == "policy":
            return resources.identity(name, {})
        if kind in ("account", "organizationalunit", "root"):
            path = "ou" if kind == "organizationalunit" else kind
            return self._organizational(path, name)
        return resources.ec2(self._scope, kind, name) if kind else None

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

    def _golden_image(self) -> CaseImage:
        """Return the golden image as a case has it; only its owner sees that it is approved."""
        owner = self._golden.owner
        return CaseImage(
            owner=owner, approval="approved" if owner == self._setting.account else None
        )

    def _image(self, name: str) -> Resource | None:
        image, snapshots = self._cases.images.get(name), self._golden.snapshots
        if name == self._golden.id:
            image = self._golden_image()
        elif image is None:
            return None
        else:
            snapshots = (image.snapshot,)
        return resources.image(
            self._scope, name, self._tags(image, image.owner),
            owner=self._owner(image.owner), public=image.public,
            devices=[_device(snapshot, index) for index, snapshot in enumerate(snapshots)],
        )  # fmt: skip

    def _snapshot(self, name: str) -> Resource | None:
        golden = name in self._golden.snapshots
        snapshot = self._golden_image() if golden else self._cases.snapshots.get(name)
        if snapshot is None:
            return None
        tags = self._tags(snapshot, snapshot.owner)
        return resources.snapshot(self._scope, name, tags, owner=self._owner(snapshot.owner))

    def _instance(self, name: str) -> Resource | None:
        instance = self._cases.instances.get(name)
        if instance is None:
            return None
        return resources.instance(self._scope, name, instance.tags, volumes=instance.volumes)

    def _volume(self, name: str) -> Resource | None:
        volume = self._cases.volumes.get(name)
        return resources.ec2(self._scope, "volume", name, self._tags(volume)) if volume else None

    def _launch_template(self, name: str) -> Resource | None:
        template = self._cases.launch_templates.get(name)
        if template is None:
            return None
        data = self.filled(template, f"launch_templates.{name}")
        versions = dict.fromkeys(("$Default", "$Latest", "1"), data)
        return resources.launch_template(self._scope, name, {}, versions)

    def _parameter(self, name: str) -> Resource | None:
        if name != self._setting.parameter:
            return None
        return resources.parameter(self._scope, name, {}, self._golden.id)

    def _role(self, name: str) -> Resource | None:
        if name == self._placeholders.get("pipeline_role"):
            return resources.identity(self._setting.pipeline_role, {})
        return self._principal("role", name, self._cases.roles.get(name))

    def _user(self, name: str) -> Resource | None:
        return self._principal("user", name, self._cases.users.get(name, CasePrincipal()))

    def _principal(self, kind: str, name: str, principal: CasePrincipal | None) -> Resource | None:
        if principal is None:
            return None
        boundary = self.filled(principal.boundary, f"{kind}s.{name}") or None
        return resources.identity(self._scope.arn("iam", kind, name), {}, boundary=boundary)

    def _organization_policy(self, name: str) -> Resource:
        kind = self._cases.organization_policies.get(name, "SERVICE_CONTROL_POLICY")
        return self._organizational("policy", f"{kind.lower()}/{name}", kind)

    def _organizational(self, kind: str, name: str, policy_type: str | None = None) -> Resource:
        arn = self._scope.arn("organizations", kind, f"o-proof/{name}")
        return resources.organizational(arn, {}, policy_type)


def _device(snapshot: str, index: int) -> dict[str, Any]:
    """Return a device; the cases know the first one's name."""
    name = ROOT_DEVICE if index == 0 else f"/dev/sd{chr(ord('f') + index)}"
    return {"DeviceName": name, "Ebs": {"SnapshotId": snapshot, "VolumeType": "gp3"}}
