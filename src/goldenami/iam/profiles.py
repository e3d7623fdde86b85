"""Policy profiles: the files under ``policies/`` that say what a policy does and needs."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from msgspec import Struct

from goldenami import resources, yamlfile
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError, UsageError
from goldenami.validation import Problem

DEFAULT = "guardrail"

Need = Literal["account", "owners", "pipeline_role", "snapshots"]
"""A field of :class:`goldenami.iam.values.Values` that may be empty."""


Promise = Literal[
    "golden",  # golden images can be launched
    "golden-further",  # also by fleets, spot requests, launch templates, and with tags
    "pipeline",  # the pipeline role can do its work
    "foreign-image",  # images of others cannot be launched
    "unapproved-image",  # nor own images that are not approved
    "others-snapshot",  # nor volumes from snapshots of others that a launch names
    "foreign-snapshot",  # nor volumes from own snapshots that are not golden
    "listed-snapshot",  # nor volumes from any snapshot but those of golden images
    "root-replacement",  # nor can a root volume be replaced
    "untestable-launch",  # nor is anything launched that no condition key can test
    "auto-scaling",  # nor do Auto Scaling groups launch what was not tested
    "approval-tag",  # nobody else writes or removes the approval tag
    "bookkeeping",  # nor any other tag by which goldenami decides
    "lifecycle",  # nobody else takes golden images away, or brings them back
    "shared-image",  # nor gives up an image that another account shares
    "parameters",  # nor changes what is published, and the records of builds
    "build-instances",  # nor touches the instances that images are made of
    "guardrail",  # nobody else takes the policies away
    "pipeline-role",  # nor changes or passes the pipeline role
]
"""What a profile claims, in topics of proof cases."""


class DocumentTemplate(Struct, frozen=True, forbid_unknown_fields=True):
    """One policy document: its name, and its file under ``templates/policies``."""

    name: str
    template: str


class OpenWay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way around a profile that no policy can close.

    Args:
        name: a few words; cases name it.
        why: what keeps a policy from closing it.
        helps: what helps against it.
        calls: the calls that go it.
    """

    name: str
    why: str
    helps: str
    calls: tuple[str, ...] = ()


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to enforce golden images.

    Args:
        name: the file's name without ``.yaml``.
        title: one line for lists.
        description: what the documents do, and what they do not do.
        warning: shown whenever the profile is used; empty if there is nothing to warn of.
        needs: the values it cannot be rendered without.
        optional: the values that change it if the caller has them.
        documents: what it renders.
        tag: the approval tag if the caller gives none.
        attach_with: the profiles whose documents belong to it.
        when_too_large: the profile that takes its place when a document exceeds its limit.
        proves: what must hold where it is attached; `goldenami policy prove` tests it.
        open: the ways around it that are known.
    """

    name: str
    title: str
    description: str
    warning: str
    needs: tuple[Need, ...]
    optional: tuple[Need | Literal["parameters", "tag"], ...]
    documents: tuple[DocumentTemplate, ...]
    tag: ApprovalTag = ApprovalTag()
    attach_with: tuple[str, ...] = ()
    when_too_large: str | None = None
    proves: tuple[Promise, ...] = ()
    open: tuple[OpenWay, ...] = ()


@cache
def load_profiles(folder: Path | None = None) -> Mapping[str, Profile]:
    """Return the profiles by name, in alphabetical order; their files are read once a process.

    Args:
        folder: where their YAML files lie; the ``policies/`` that comes with goldenami if None.

    Raises:
        SpecError: a file is no profile, or names another profile that does not exist.
    """
    folder = folder or resources.folder("policies")
    paths = sorted(folder.glob("*.yaml"), key=lambda path: path.stem)
    profiles = {path.stem: _load(path) for path in paths}
    for profile in profiles.values():
        other = (profile.when_too_large,) if profile.when_too_large else ()
        for key, names in (("attach_with", profile.attach_with), ("when_too_large", other)):
            for name in names:
                if name not in profiles:
                    raise SpecError(
                        f"{folder / profile.name}.yaml: {key}: there is no profile `{name}`",
                        fix=_suggestion(name, profiles),
                    )
    return profiles


def profile_named(name: str) -> Profile:
    """Return the profile of this name.

    Raises:
        UsageError: there is none.
    """
    known = load_profiles()
    if name not in known:
        raise UsageError(f"there is no profile `{name}`", fix=_suggestion(name, known))
    return known[name]


def _load(path: Path) -> Profile:
    def checked(profile: Profile) -> Iterator[Problem]:
        if profile.name != path.stem:
            fix = f"write `name: {path.stem}`, or rename the file"
            yield Problem("$.name", f"`{profile.name}` is not the file's name", fix)
        if not profile.documents:
            fix = "name at least one document and its template"
            yield Problem("$.documents", "a profile without documents enforces nothing", fix)

    return yamlfile.load(path, Profile, [checked])


def _suggestion(name: str, known: Mapping[str, Profile]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"profiles: {', '.join(known)}"
