"""What a file enforces, rendered for infrastructure code: what `goldenami enforce` would attach."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from goldenami.aws.session import Aws
from goldenami.iam.profiles import Profile
from goldenami.iam.render import PolicyDocument
from goldenami.iam.values import Values
from goldenami.infrastructure.enforcement import (
    BOUNDARY,
    DECLARATIVE,
    GROUPS,
    SCP,
    EnforcementCode,
    MechanismDocuments,
)
from goldenami.spec import EnforceFile
from goldenami.spec.enforcement import Enforce
from goldenami.workflows.enforce import allowed_amis, rendering
from goldenami.workflows.enforce.organization_policies import declarative_document


class RenderedCode(Struct, frozen=True, kw_only=True):
    """What is enforced as data, and what to know of it.

    Args:
        code: what either kind of code is made of.
        notes: how much room documents have, and which profile took another's place.
        warnings: of the profiles that were rendered.
    """

    code: EnforcementCode
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def enforcement(
    session: Callable[[], Aws], file: EnforceFile, overrides: Mapping[str, Any]
) -> RenderedCode:
    """Render what every mechanism of a file attaches and sets.

    Args:
        session: asked for AWS only if something is neither in the file nor in ``overrides``.
        file: what is enforced.
        overrides: values by the names of `goldenami.iam.values`.

    Raises:
        RefusedError: nothing is approved, or a document is too large.
        UsageError: a profile needs a value that is missing.
    """
    chosen = dict(overrides)
    if not {"account", "partition"} <= set(chosen):
        chosen = {"account": session().account, "partition": session().partition, **chosen}
    account, enforce = chosen["account"], file.enforce
    holders = _holders(enforce, tuple(chosen.get("groups", enforce.groups)))
    profiles = {name: rendering.main_profile(each) for name, each in enforce.attaching.items()}
    if "snapshots" not in chosen and any("snapshots" in each.needs for each in profiles.values()):
        golden = rendering.golden_images(session(), file.approval_tag, file.release)
        chosen["snapshots"] = rendering.snapshots(golden)
    bakes = file.is_of_release or bool(chosen.get("snapshots"))
    attached, notes, warnings = list[MechanismDocuments](), list[str](), list[str]()
    for mechanism, profile in profiles.items():
        own = {"owners": rendering.owners(profile, file, account, bakes=bakes), **chosen}
        values = rendering.values_of(session, file, profile, own)
        rendered = rendering.fitting(enforce, mechanism, values)
        documents = rendered.documents
        if mechanism == BOUNDARY:  # a role has but one
            documents = (rendering.boundary(documents),)
        attached.append(
            MechanismDocuments(name=mechanism, documents=documents, holders=holders[mechanism])
        )
        notes += rendered.notes
        warnings += [each.warning for each in rendered.profiles[:1] if each.warning]
    owners = tuple(dict.fromkeys((account, *file.owners)))
    if declarative := enforce.mechanisms.declarative_policy:
        attached.append(
            MechanismDocuments(
                name=DECLARATIVE,
                documents=(declarative_document(declarative, owners),),
                holders=declarative.targets,
            )
        )
    allowed = enforce.mechanisms.allowed_amis
    code = EnforcementCode(
        mechanisms=tuple(attached),
        allowed_amis=allowed,
        criteria=tuple(allowed_amis.criteria(allowed, owners)) if allowed else (),
        owners=owners,
        snapshots=frozenset(chosen.get("snapshots", ())),
        partition=chosen["partition"],
        account=account,
    )
    return RenderedCode(code=code, notes=tuple(notes), warnings=tuple(dict.fromkeys(warnings)))


def of_profile(
    profile: Profile, documents: Iterable[PolicyDocument], values: Values
) -> RenderedCode:
    """Return a profile's documents, with those of its companions, attached to groups."""
    groups = MechanismDocuments(name=GROUPS, documents=tuple(documents), holders=values.groups)
    code = EnforcementCode(mechanisms=(groups,), partition=values.partition, account=values.account)
    return RenderedCode(code=code, warnings=(profile.warning,) if profile.warning else ())


def _holders(enforce: Enforce, groups: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    used = enforce.mechanisms
    return {
        GROUPS: groups,
        BOUNDARY: used.permissions_boundary.roles if used.permissions_boundary else (),
        SCP: used.scp.targets if used.scp else (),
    }
