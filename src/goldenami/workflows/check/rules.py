"""What `goldenami check` asks of a file beside what every command that reads it asks.

Each of these is told by the command that would meet it too, later, and one at a time.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from goldenami import files, jsonfile
from goldenami.bake.packer_template import shipped_templates
from goldenami.constraints import UnsoundError
from goldenami.domain.arns import partition_of
from goldenami.domain.audit.rules import BY_ID
from goldenami.domain.audit.waivers import Waiver, WaiverFile
from goldenami.errors import SpecError, UsageError
from goldenami.iam.profiles import profile_named
from goldenami.spec.enforcement import Enforce, EnforceSpec
from goldenami.spec.model import Release
from goldenami.validation import Problem, Rule, closest

Problems = Iterator[Problem]


def of_release(folder: Path, named: list[Path]) -> tuple[Rule[Release], ...]:
    """Return the further rules of a release file that lies in ``folder``.

    ``named`` takes the waiver file that it names, if that can be read.
    """

    def waivers(release: Release) -> Problems:
        if release.audit.waivers is None:
            return
        path = folder / release.audit.waivers
        try:
            files.read_bytes(path)
        except SpecError as error:
            yield Problem("$.audit.waivers", error.message, error.fix)
        else:
            named.append(path)

    def template(release: Release) -> Problems:
        return _template(folder, release)

    def profiles(release: Release) -> Problems:
        if release.enforce and release.enforce.file is None:
            yield from _profiles("$.enforce", release.enforce)

    return waivers, template, profiles, _partition


def of_enforcement() -> tuple[Rule[EnforceSpec], ...]:
    """Return the further rules of an enforcement file."""
    return (lambda spec: _profiles("$", spec),)


def _profiles(parent: str, enforce: Enforce) -> Problems:
    """Refuse profiles that do not exist, and those that lack the pipeline's role."""
    used = {
        f"{parent}.mechanisms.{name}.profile": getattr(mechanism, "profile", None)
        for name in enforce.attaching
        if (mechanism := getattr(enforce.mechanisms, name))
    }
    for key, name in {f"{parent}.profile": enforce.profile, **used}.items():
        if name is None:
            continue
        try:
            profile = profile_named(name)
        except UsageError as error:
            yield Problem(key, error.message, error.fix)
        else:
            if "pipeline_role" in profile.needs and not enforce.pipeline_role:
                where = f"{parent}.pipeline_role".removeprefix("$.")
                yield Problem(key, f"the profile `{name}` needs {where}")


def _partition(release: Release) -> Problems:
    """Refuse what is in another partition than the build region: no account reaches into two."""
    home = partition_of(release.build_region)
    for index, region in enumerate(release.regions):
        if partition_of(region) != home:
            words = f"`{region}` is of {partition_of(region)}, and {release.build_region} of {home}"
            yield Problem(f"$.regions[{index}]", words, "let each partition have a file of its own")
    for key, name in _arns(release):
        with suppress(UnsoundError):
            if name and name.startswith("arn:") and name.split(":")[1] != home:
                words = f"`{name}` is of another partition than {release.build_region}, which is of"
                yield Problem(key, f"{words} {home}")


def _arns(release: Release) -> Iterator[tuple[str, str | None]]:
    """Yield what may be given by its ARN, with its key."""
    for key, names in (
        ("organizations", release.share.organizations),
        ("organizational_units", release.share.organizational_units),
    ):
        yield from ((f"$.share.{key}[{index}]", name) for index, name in enumerate(names))
    for index, volume in enumerate(release.base.volumes):
        yield f"$.base.volumes[{index}].kms_key", volume.kms_key
    for region, distribution in release.distribute.items():
        yield f"$.distribute.{region}.kms_key", distribution.kms_key
    for index, copies in enumerate(release.copies):
        for region, name in copies.kms_keys.items():
            yield f"$.copies[{index}].kms_keys.{region}", name
    if release.sbom:
        yield "$.sbom.kms_key", release.sbom.kms_key
    if release.enforce:
        yield "$.enforce.pipeline_role", release.enforce.pipeline_role


def _template(folder: Path, release: Release) -> Problems:
    """Refuse a Packer template that is not there; of JSON, one that is none, too."""
    name, key = release.bake.template, "$.bake.template"
    if release.bake.method != "packer" or name in shipped_templates():
        return
    path = folder / name
    if files.is_folder(path):
        if not any(path.glob("*.pkr.hcl")) and not any(path.glob("*.pkr.json")):
            yield Problem(key, f"no `*.pkr.hcl` is in the folder {path}")
        return
    try:
        content = files.read_bytes(path)
    except SpecError as error:
        fix = f"name one of {', '.join(shipped_templates())}, or a file beside this one"
        yield Problem(key, error.message, fix)
        return
    if path.suffix == ".json":
        yield from _json_template(path, content, release)


def _json_template(path: Path, content: bytes, release: Release) -> Problems:
    try:
        template = jsonfile.parse(files.decoded(content, path))
    except SpecError as error:
        yield Problem("$.bake.template", error.message)
        return
    except ValueError as error:
        yield Problem("$.bake.template", f"{path}: no JSON: {error}")
        return
    if path.name.endswith(".pkr.json"):
        return
    several = template.get("builders") if isinstance(template, dict) else None
    if not isinstance(several, list) or not several:
        yield Problem("$.bake.template", f"{path} has no `builders`")
        return
    names = [
        str(builder.get("name") or builder.get("type", ""))
        for builder in several
        if isinstance(builder, dict)
    ]
    only = release.bake.only
    if only and only not in names:
        close = closest(only, names)
        fix = f"did you mean `{close}`?" if close else f"it has {', '.join(names)}"
        yield Problem("$.bake.only", f"{path} has no builder `{only}`", fix)
    elif not only and len(names) > 1:
        words = f"{path} has {len(names)} builders, and a release is one image"
        yield Problem(
            "$.bake.template", words, f"name the one to run: `bake: {{only: {names[0]}}}`"
        )


def known_rule(file: WaiverFile) -> Problems:
    """Refuse waivers of rules that the audit does not have: they cover nothing."""
    for index, waiver in _sound(file):
        if waiver.rule is not None and waiver.rule not in BY_ID:
            close = closest(waiver.rule, BY_ID)
            fix = f"did you mean `{close}`?" if close else f"the rules are {', '.join(BY_ID)}"
            yield Problem(f"$.waivers[{index}].rule", f"the audit has no rule `{waiver.rule}`", fix)


def expired(file: WaiverFile, today: date) -> Problems:
    """Tell which waivers cover nothing any more."""
    for index, waiver in _sound(file):
        if waiver.expires < today:
            yield Problem(
                f"$.waivers[{index}].expires",
                f"the day has passed: {waiver.coverage} is a finding again",
                f"mend what {waiver.owner} had waived, or agree on another day",
            )


def _sound(file: WaiverFile) -> Iterator[tuple[int, Waiver]]:
    """Yield the waivers with nothing wrong of their own; the others' problems are known."""
    with suppress(UnsoundError):
        for index, waiver in enumerate(file.waivers):
            with suppress(UnsoundError):
                _ = waiver.rule, waiver.expires < date.min, waiver.coverage, str(waiver.owner)
                yield index, waiver
