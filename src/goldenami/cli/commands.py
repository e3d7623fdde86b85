"""The commands of the command line: where each is, and the first sentence of its help.

None is imported but the one that is given: all of them would be most of a start.
"""

from collections.abc import Mapping
from typing import Final

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "init": ("init:init", "Write a commented release file, a user-data script and a waivers file"),
    "check": (
        "check:check",
        "Check release, enforcement and waivers files, with what they name, without AWS",
    ),
    "schema": (
        "schema:schema",
        "Print the JSON Schema (2020-12) of release, enforcement or waivers files, for editors",
    ),
    "bake": (
        "bake:bake",
        "Bake a golden AMI: launch, validate, create, copy, share, approve, publish, clean up",
    ),
    "approve": (
        "approve:approve",
        "Approve a candidate (`approval: manual`) and publish it; who and when goes into its tags",
    ),
    "promote": (
        "lifecycle.promote:promote",
        "Let a channel name a version, in every region and account, or nowhere",
    ),
    "channels": (
        "lifecycle.channels:channels",
        "List which version each channel of a golden image names, where, since when, and by whom",
    ),
    "rollback": (
        "lifecycle.rollback:rollback",
        "Let a channel, or the one parameter, name what it named before, everywhere or nowhere",
    ),
    "deprecate": (
        "lifecycle.deprecate:deprecate",
        "Deprecate a version: for nothing new, in every region and account; what runs goes on",
    ),
    "revoke": (
        "lifecycle.revoke:revoke",
        "Take a bad version out of use everywhere: pointers back, then the status, then deprecated",
    ),
    "rescan": (
        "lifecycle.rescan:rescan",
        "Scan released versions again with Amazon Inspector: what is known of them today?",
    ),
    "restore": (
        "lifecycle.restore:restore",
        "Bring a version back: out of the Recycle Bin, enabled, shared as before, approved",
    ),
    "retire": (
        "lifecycle.retire:retire",
        "Let a version go, a step at a time: unpublish and deprecate, disable, deregister",
    ),
    "prune": (
        "lifecycle.prune:prune",
        "Let older versions go by the release file's `lifecycle`, each a step at a time",
    ),
    "sbom": (
        "lifecycle.sbom:sbom",
        "Export what software a version has, as the release file's `sbom` says, into a bucket",
    ),
    "outdated": (
        "outdated:outdated",
        "Tell which releases are out of date, and why: by their sources, files, age and scans",
    ),
    "sweep": (
        "sweep:sweep",
        "Remove what unfinished builds have left: instances, images, snapshots, key pairs, groups",
    ),
    "tag": ("tag:tag", "Tag images and their snapshots, in every region of each image"),
    "images": (
        "images:images",
        "List the golden images, read from their tags, in all regions at once",
    ),
    "lineage": (
        "lineage:lineage",
        "Trace an image: up to its public source, and down to all that was made of it by anybody",
    ),
    "show": (
        "show:show",
        "Show the manifest of a release: inputs, source, base instance, every image, timings",
    ),
    "history": (
        "show:history",
        "List the releases of a golden image, the newest first, from the tags of all regions",
    ),
    "permissions": (
        "permissions:permissions",
        "Write the tightest policies for a command of a release file; no AWS call is made",
    ),
    "bootstrap": (
        "bootstrap:bootstrap",
        "Write the roles of a release: who may become them, what they may do, what bounds them",
    ),
    "enforce": (
        "enforce:enforce",
        "Attach the policies that let the admin groups launch golden images only",
    ),
    "export": (
        "export:export",
        "Write a release as infrastructure code, for who applies it with other tools",
    ),
    "audit": (
        "audit:audit",
        "Judge everything that runs or will launch an image against the golden images",
    ),
    "judge": (
        "judge:judge",
        "Judge launches and changes of images as CloudTrail and EventBridge tell them",
    ),
    "when": (
        "when:when",
        "Tell from saved inventories when an image was in use, where, and by what",
    ),
    "deploy": (
        "deploy:deploy",
        "Render what audits a release every hour as infrastructure code; nothing is applied",
    ),
    "remediate": (
        "remediate:remediate",
        "Tag, stop, quarantine or terminate what an audit named, or renew what launches it",
    ),
    "rehearse": (
        "rehearse:rehearse",
        "Run bake, enforce, launches, audit and a revocation of a release file on an embedded AWS",
    ),
    "sandbox": ("sandbox:sandbox", "Keep an embedded AWS running on a loopback port until Ctrl-C"),
    "base": ("base:app", "The base instance on its own, without a bake"),
    "policy": ("policy:app", "Policies: profiles, their documents, and the proof of what they do"),
}
"""By name: the module and what of it, and what the command is for."""

POLICY: Final[Mapping[str, tuple[str, str]]] = {
    "list": ("profiles:list_", "List the policy profiles"),
    "show": (
        "profiles:show",
        "Show a policy profile: what it denies, what it promises, and what it leaves open",
    ),
    "render": (
        "render:render",
        "Write a profile's policy documents; without a release file no AWS call is made",
    ),
    "prove": (
        "prove:prove",
        "Prove what policies do: a table of launches and attacks, expected against decided",
    ),
    "explain": (
        "explain:explain",
        "Say whether somebody can launch an image here, and which statement says so",
    ),
    "lint": ("lint:lint", "Find the wrong shapes of golden AMI policies, each with the right form"),
}
"""The same of `goldenami policy`."""
