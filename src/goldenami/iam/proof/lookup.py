"""The world of a proof: the golden image of one region, and what the cases describe."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from goldenami.domain.names import PUBLISHED
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Value
from goldenami.iam.proof.cases import Case, CasePrincipal, Cases

_PLACEHOLDER = re.compile(r"<(\w+)>")
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
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda found: self._filling(found[1], case), value)
        if isinstance(value, Mapping):
            return {self.filled(key, case): self.filled(one, case) for key, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one, case) for one in value]
        return value

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
        found = {
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
        if kind in found:
            return found[kind](name)
        if kind in _OF_AUTO_SCALING:
            return None  # they need not exist: what a call says of them is all that counts
        if kind == "group":
            return Resource(arn=self._arn("iam", f"{kind}/{name}"))
        if kind == "policy":
            return Resource(arn=name)
        if kind in ("account", "organizationalunit", "root"):
            path = "ou" if kind == "organizationalunit" else kind
            return Resource(arn=self._arn("organizations", f"{path}/o-proof/{name}"))
        return Resource(arn=self._arn("ec2", f"{kind}/{name}")) if kind else None

    def _filling(self, name: str, case: str) -> str:
        if name not in self._placeholders:
            raise SpecError(
                f"case `{case}`: `<{name}>` is not known",
                fix=f"there are {', '.join(f'<{one}>' for one in self._placeholders)}",
            )
        return self._placeholders[name]

    def _arn(self, service: str, resource: str) -> str:
        setting = self._setting
        if service in ("iam", "organizations"):
            return f"arn:{setting.partition}:{service}::{setting.account}:{resource}"
        account = "" if resource.startswith(("image/", "snapshot/")) else setting.account
        return f"arn:{setting.partition}:{service}:{self._golden.region}:{account}:{resource}"

    def _owner(self, owner: str) -> str:
        known = {"self": self._setting.account, "golden": self._setting.owners[0]}
        return known.get(owner, owner)

    def _tags(self, owner: str, approval: str | None, tags: Mapping[str, str]) -> dict[str, Value]:
        """Tags of what another account owns are seen if they were written in this account.

        Those of the cases are: a tag on a public image is the account's own. But the tags that
        the golden account wrote are not visible elsewhere.
        """
        if owner == "golden" and self._owner(owner) != self._setting.account:
            return {}
        found = dict(tags)
        if approval is not None:
            approving = self._setting.tag.value
            found[self._setting.tag.key] = approving if approval == "approved" else approval
        return {
            f"{service}:ResourceTag/{key}": value
            for service in ("aws", "ec2")
            for key, value in found.items()
        }

    def _image(self, name: str) -> Resource | None:
        if name == self._golden.id:
            return self._golden_image()
        image = self._cases.images.get(name)
        if image is None:
            return None
        keys: dict[str, Value] = {
            "ec2:ImageID": name,
            "ec2:ImageType": "machine",
            "ec2:Owner": self._owner(image.owner),
            "ec2:Public": str(image.public).lower(),
            "ec2:RootDeviceType": "ebs",
        }
        return Resource(
            arn=self._arn("ec2", f"image/{name}"),
            keys=keys | self._tags(image.owner, image.approval, image.tags),
            details={"devices": [_device(image.snapshot)]},
        )

    def _golden_image(self) -> Resource:
        golden = self._golden
        keys: dict[str, Value] = {
            "ec2:ImageID": golden.id,
            "ec2:ImageType": "machine",
            "ec2:Owner": golden.owner,
            "ec2:Public": "false",
            "ec2:RootDeviceType": "ebs",
        }
        return Resource(
            arn=self._arn("ec2", f"image/{golden.id}"),
            keys=keys | self._golden_tags(),
            details={
                "devices": [
                    _device(snapshot, index) for index, snapshot in enumerate(golden.snapshots)
                ]
            },
        )

    def _golden_tags(self) -> dict[str, Value]:
        mine = self._golden.owner == self._setting.account
        return self._tags("self", "approved", {}) if mine else {}

    def _snapshot(self, name: str) -> Resource | None:
        arn = self._arn("ec2", f"snapshot/{name}")
        if name in self._golden.snapshots:
            return Resource(arn=arn, keys={"ec2:Owner": self._golden.owner} | self._golden_tags())
        snapshot = self._cases.snapshots.get(name)
        if snapshot is None:
            return None
        keys: dict[str, Value] = {"ec2:Owner": self._owner(snapshot.owner), "ec2:SnapshotID": name}
        return Resource(
            arn=arn, keys=keys | self._tags(snapshot.owner, snapshot.approval, snapshot.tags)
        )

    def _instance(self, name: str) -> Resource | None:
        instance = self._cases.instances.get(name)
        if instance is None:
            return None
        return Resource(
            arn=self._arn("ec2", f"instance/{name}"),
            keys=self._tags("self", None, instance.tags),
            details={"volumes": list(instance.volumes)},
        )

    def _volume(self, name: str) -> Resource | None:
        volume = self._cases.volumes.get(name)
        if volume is None:
            return None
        keys = self._tags("self", volume.approval, volume.tags)
        return Resource(arn=self._arn("ec2", f"volume/{name}"), keys=keys)

    def _launch_template(self, name: str) -> Resource | None:
        data = self._cases.launch_templates.get(name)
        if data is None:
            return None
        filled = self.filled(data, f"launch_templates.{name}")
        return Resource(
            arn=self._arn("ec2", f"launch-template/{name}"),
            details={"versions": {"$Default": filled, "$Latest": filled, "1": filled}},
        )

    def _parameter(self, name: str) -> Resource | None:
        if name != self._setting.parameter:
            return None
        arn = self._arn("ssm", f"parameter/{name.removeprefix('/')}")
        return Resource(arn=arn, details={"value": self._golden.id})

    def _role(self, name: str) -> Resource | None:
        if name == self._placeholders.get("pipeline_role"):
            return Resource(arn=self._setting.pipeline_role)
        return self._bound("role", name, self._cases.roles.get(name))

    def _user(self, name: str) -> Resource | None:
        return self._bound("user", name, self._cases.users.get(name, CasePrincipal()))

    def _bound(self, kind: str, name: str, holder: CasePrincipal | None) -> Resource | None:
        if holder is None:
            return None
        boundary = self.filled(holder.boundary, f"{kind}s.{name}")
        keys = {"iam:PermissionsBoundary": boundary} if boundary else {}
        return Resource(arn=self._arn("iam", f"{kind}/{name}"), keys=keys)

    def _organization_policy(self, name: str) -> Resource:
        kind = self._cases.organization_policies.get(name, "SERVICE_CONTROL_POLICY")
        return Resource(
            arn=self._arn("organizations", f"policy/o-proof/{kind.lower()}/{name}"),
            keys={"organizations:PolicyType": kind},
        )


def _device(snapshot: str, index: int = 0) -> dict[str, Any]:
    """Return a device; the cases know the first one's name."""
    name = ROOT_DEVICE if index == 0 else f"/dev/sd{chr(ord('f') + index)}"
    return {"DeviceName": name, "Ebs": {"SnapshotId": snapshot, "VolumeType": "gp3"}}
