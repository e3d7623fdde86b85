"""Who is bound by what: an enforcement file, or the part of a release file."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from goldenami.constraints import between
from goldenami.domain.tags import ApprovalTag
from goldenami.spec import types
from goldenami.spec.allowed import AllowedAmis, DeclarativePolicy
from goldenami.spec.part import Part


class Attaching(Part, frozen=True):
    """A mechanism that attaches policies: of which profile, and whether protections come along.

    What is left out is the whole enforcement's.

    Args:
        profile: the policy profile; `goldenami policy list` shows all.
        tag_protection: whether tags, parameters and golden images are kept for the pipeline role.
        guardrail_protection: whether the policies themselves, and the pipeline role, are kept for
            the pipeline role.
    """

    profile: str | None = None
    tag_protection: bool | None = None
    guardrail_protection: bool | None = None


class GroupPolicy(Attaching, frozen=True):
    """The policies as managed policies of the admin groups."""


class PermissionsBoundary(Attaching, frozen=True, kw_only=True):
    """The policies as the permissions boundary of these roles.

    Args:
        roles: names of the roles that are bound.
    """

    roles: types.Roles


class ServiceControlPolicy(Attaching, frozen=True, kw_only=True):
    """The policies as SCPs of roots (`r-…`), units (`ou-…`) or accounts.

    Args:
        targets: ids of the roots, units or accounts that are bound.
        size_limit: the organization's quota of an SCP in characters.
    """

    targets: types.Targets
    size_limit: Annotated[int, between(5_120, 10_240, "characters")] = 5_120


class Mechanisms(Part, frozen=True):
    """By which means golden images are enforced; any number together.

    The protections here are those of every mechanism that does not say otherwise.

    Args:
        group_policy: managed policies of the groups in `groups`: bind their users, and not roles.
        permissions_boundary: one boundary with all documents, for the roles that it names.
        scp: service control policies: bind everybody in the targets but the management account.
        allowed_amis: the account's Allowed AMIs setting.
        declarative_policy: the same setting for whole accounts, held by the organization.
        tag_protection: whether tags, parameters and golden images are kept for the pipeline role.
        guardrail_protection: whether the policies themselves, and the pipeline role, are kept for
            the pipeline role.
    """

    group_policy: bool | GroupPolicy = False
    permissions_boundary: PermissionsBoundary | None = None
    scp: ServiceControlPolicy | None = None
    allowed_amis: AllowedAmis | None = None
    declarative_policy: DeclarativePolicy | None = None
    tag_protection: bool = False
    guardrail_protection: bool = False


class Enforce(Part, frozen=True):
    """Who is bound, by which profile, and by which mechanisms: see `goldenami.spec.enforce`.

    Args:
        file: an enforcement file beside the release file that says all this instead.
        name: whose is what is attached; else the golden image's name, or the enforcement file's.
        groups: IAM groups whose users are bound.
        profile: the policy profile; `goldenami policy list` shows all.
        pipeline_role: the role that bakes and enforces, by name or ARN: no Deny binds it.
        mechanisms: by which means; without it the group policy alone.
    """

    file: str | None = None
    name: types.EnforcementName = ""
    groups: types.Groups = ()
    profile: str = "guardrail"
    pipeline_role: types.PipelineRole | None = None
    mechanisms: Mechanisms = Mechanisms(group_policy=True)

    @property
    def attaching(self) -> dict[str, Attaching]:
        """The mechanisms in use that attach policies, with what is left out filled in."""
        used = self.mechanisms
        mechanisms = {
            "group_policy": GroupPolicy() if used.group_policy is True else used.group_policy,
            "permissions_boundary": used.permissions_boundary,
            "scp": used.scp,
        }
        return {
            name: self._filled_in(attaching) for name, attaching in mechanisms.items() if attaching
        }

    def _filled_in(self, attaching: Attaching) -> Attaching:
        used = self.mechanisms

        def chosen(own: bool | None, common: bool) -> bool:
            return common if own is None else own

        return Attaching(
            profile=attaching.profile or self.profile,
            tag_protection=chosen(attaching.tag_protection, used.tag_protection),
            guardrail_protection=chosen(attaching.guardrail_protection, used.guardrail_protection),
        )


class EnforceSpec(Enforce, frozen=True, kw_only=True):
    """A whole enforcement file.

    Args:
        schema: which form of the file this is.
        owners: further accounts that own golden images.
        parameters: SSM parameters that golden images are published as, beside those under
            `/golden-ami/`, or paths that end in `/*`: they are kept for the pipeline role.
        approval_tag: the tag by which policies know a golden image.
        region: where calls are made that belong to no region; else the caller's.
    """

    refused_keys: ClassVar[Mapping[str, str]] = {"file": "an enforcement file points to no other"}

    schema: Literal["goldenami.enforce/v1"]
    owners: types.Accounts = ()
    parameters: tuple[str, ...] = ()
    approval_tag: types.Approval = ApprovalTag()
    region: types.RegionName | None = None
