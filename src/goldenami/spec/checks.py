"""What a release or enforcement file can get wrong across its keys, found before the first call.

What a key has to be by itself stands with the key, in `goldenami.spec.model`.
"""

from collections.abc import Iterator
from pathlib import Path

from goldenami.domain import names
from goldenami.spec import architecture_checks, publish_checks, user_data, volume_checks
from goldenami.spec.architecture_checks import launched
from goldenami.spec.enforcement import Enforce, EnforceSpec
from goldenami.spec.model import Release
from goldenami.validation import Problem, Rule

LAUNCH_PERMISSIONS = 1_000
_ATTACHING = (
    "group_policy", "permissions_boundary", "scp", "allowed_amis", "declarative_policy",
)  # fmt: skip

Problems = Iterator[Problem]


def rules(folder: Path) -> tuple[Rule[Release], ...]:
    """Return the rules of a release file that lies in ``folder``; each is asked by itself."""
    return (
        _ami_name, *architecture_checks.RULES, *publish_checks.RULES, _audited_accounts,
        user_data.rule(folder), *volume_checks.rules(),
        _packer_variables, _launch_lists, _cleanup, _test_instance, _retention, _sbom, _approval,
        _approval_tag, _watermark,
        _distribution, _copies, _copied_accounts, _launch_permissions, _shared_snapshots,
        enforcement,
    )  # fmt: skip


def warnings(release: Release) -> list[str]:
    """Return what is allowed but worth a word."""
    lines = []
    if not release.bake.reboot:
        lines.append("bake.reboot: false makes an image that is only crash-consistent")
    base = release.base
    lists = (base.subnets, *(part.instance_types for part in launched(release)))
    if release.bake.method == "packer" and any(several[1:] for several in lists):
        lines.append(
            "bake.method: packer launches with the first of base.instance_types and base.subnets "
            "alone: Packer takes no second one"
        )
    if release.scans_instance and not release.base.instance_profile:
        lines.append(
            "test.scan: Inspector reads the instance by its SSM agent, which needs "
            "base.instance_profile (or the account's default host management role); without it "
            "only an account that scans agentless gets a result (`on: image` boots nothing)"
        )
    webhook = release.audit.notify.posted_to
    if webhook and webhook.url:
        lines.append(
            "audit.notify.webhook: whoever reads this file can post there; name an environment "
            "variable instead (`webhook: {env: GOLDENAMI_WEBHOOK}`)"
        )
    return lines


def _sbom(release: Release) -> Problems:
    if release.sbom and not (release.publish and release.publish.manifest):
        yield Problem(
            "$.sbom", "where it is stands in the manifest: add `publish`, with its manifest"
        )
    if release.sbom and not (release.scan and release.scan.on == "image"):
        yield Problem(
            "$.sbom",
            "Inspector exports what it has scanned: add `test: {scan: {on: image}}`",
        )


def _ami_name(release: Release) -> Problems:
    for architecture in release.architectures or ("",):
        name = names.ami_name(release.image, release.version, architecture)
        if not names.AMI_NAME.fullmatch(name):
            yield Problem("$.image", f"the AMI name `{name}` must have 3 to 128 characters")


def _audited_accounts(release: Release) -> Problems:
    if release.audit.accounts and not release.audit.role:
        yield Problem("$.audit.accounts", "needs audit.role, the role in those accounts that reads")


def _launch_lists(release: Release) -> Problems:
    base = release.base
    for key, single in (("instance_types", base.instance_type), ("subnets", base.subnet)):
        if single and getattr(base, key):
            yield Problem(f"$.base.{key}", f"it takes the place of `{key[:-1]}`: leave that out")


def _packer_variables(release: Release) -> Problems:
    if release.bake.method == "packer":
        return
    for key in ("vars", "names", "only", "plugins"):
        if getattr(release.bake, key):
            yield Problem(f"$.bake.{key}", f"only `method: packer` takes {key}")


def _cleanup(release: Release) -> Problems:
    if release.bake.cleanup and not release.bake.reboot:
        yield Problem(
            "$.bake.cleanup",
            "needs `reboot: true`: without it the snapshot may be of what was there before",
        )


def _test_instance(release: Release) -> Problems:
    if release.test and release.test.instance_type and not release.boots:
        yield Problem(
            "$.test.instance_type",
            "nothing is booted: the scan is of the image itself, and there are no steps",
            "leave it out, or name a step",
        )


def _retention(release: Release) -> Problems:
    """What is to stay has a sense only where something goes."""
    lifecycle = release.lifecycle
    for key in ("keep", "keep_for"):
        if getattr(lifecycle, key) and not lifecycle.removes:
            yield Problem(
                f"$.lifecycle.{key}",
                "nothing goes without `deprecate_after`, `disable_after` or `delete_after`",
                "say when the others go, such as `delete_after: 30d`",
            )
    rules = lifecycle.rules
    if rules.disable_after and rules.delete_after and rules.delete_after < rules.disable_after:
        yield Problem("$.lifecycle.delete_after", "what is deleted was disabled before: raise it")


def _approval(release: Release) -> Problems:
    if release.share_candidates and release.approval != "manual":
        yield Problem("$.share_candidates", "only `approval: manual` has candidates; leave it out")


def _approval_tag(release: Release) -> Problems:
    approval = release.approval_tag.key
    for key in release.tags:
        if key != approval and key.lower() == approval.lower():
            yield Problem(
                f"$.tags.{key}",
                f"differs from the approval tag `{approval}` in case alone, which IAM ignores",
            )


def _watermark(release: Release) -> Problems:
    if release.watermark and not names.WATERMARK.fullmatch(release.image):
        yield Problem(
            "$.watermark", f"EC2 takes a name of 3 to 128 characters, and not `{release.image}`"
        )


def _distribution(release: Release) -> Problems:
    for region in release.distribute:
        if region not in release.destinations:
            yield Problem(
                f"$.distribute.{region}",
                f"`{region}` is no region the image is copied to; add it to `regions` "
                "(the first one is the build region and takes its key from base.volumes)",
            )


def _copies(release: Release) -> Problems:
    for index, copies in enumerate(release.copies):
        for region in dict.fromkeys([*copies.regions, *copies.kms_keys]):
            if region not in release.regions:
                yield Problem(
                    f"$.copies[{index}].regions",
                    f"`{region}` is not among `regions`, and the copy is made from the image there",
                )


def _copied_accounts(release: Release) -> Problems:
    accounts = [copies.account for copies in release.copies]
    for index, account in enumerate(accounts):
        if account in accounts[:index]:
            yield Problem(f"$.copies[{index}].account", f"`{account}` is listed twice")


def _launch_permissions(release: Release) -> Problems:
    if release.share.targets > LAUNCH_PERMISSIONS:
        yield Problem(
            "$.share", f"AWS allows 1,000 launch permissions, these are {release.share.targets:,}"
        )


def _shared_snapshots(release: Release) -> Problems:
    if release.share.snapshots and not release.share.accounts:
        yield Problem("$.share.snapshots", "snapshots are shared with accounts: name some")


def enforcement(release: Release) -> Problems:
    """Yield what is wrong with what enforces a release file."""
    if release.enforce is None:
        return
    if release.enforce.file is None:
        yield from _enforce("$.enforce", release.enforce)
    elif release.enforce != Enforce(file=release.enforce.file):
        yield Problem("$.enforce.file", "that file says it all: leave the other keys out")


def enforcement_rules(stem: str) -> tuple[Rule[EnforceSpec], ...]:
    """Return the rules of an enforcement file that is called so without its ending."""

    def named(spec: EnforceSpec) -> Problems:
        if not spec.name and not names.IMAGE.fullmatch(stem):
            yield Problem(
                "$.name", f"`{stem}`, as the file is called, is no name of an enforcement: give one"
            )

    return named, lambda spec: _enforce("$", spec)


def _enforce(parent: str, enforce: Enforce) -> Problems:
    key, used = f"{parent}.mechanisms", enforce.mechanisms
    if used.group_policy and not enforce.groups:
        yield Problem(f"{parent}.groups", "name at least one group")
    if not (enforce.attaching or used.allowed_amis or used.declarative_policy):
        yield Problem(key, "name at least one of " + ", ".join(_ATTACHING))
    if not enforce.pipeline_role:
        role = f"{parent}.pipeline_role".removeprefix("$.")
        for where in _self_protecting(key, enforce):
            yield Problem(where, f"it needs {role}: nobody else could change the policies any more")


def _self_protecting(key: str, enforce: Enforce) -> Iterator[str]:
    """Yield where a protection from everybody is asked for."""
    used = enforce.mechanisms
    if used.guardrail_protection:
        yield f"{key}.guardrail_protection"
    for name in enforce.attaching:
        if getattr(getattr(used, name), "guardrail_protection", None):
            yield f"{key}.{name}.guardrail_protection"
