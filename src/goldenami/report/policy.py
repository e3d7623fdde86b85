"""Policy documents on stdout; what to know about them on stderr."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from goldenami.iam import iac
from goldenami.iam.limits import MANAGED_POLICY
from goldenami.iam.profiles import Profile
from goldenami.iam.render import Document
from goldenami.report.terminal import say


def write_code(
    profile: Profile, documents: Sequence[Document], form: str, groups: Sequence[str]
) -> None:
    """Write documents as Terraform or CloudFormation."""
    if profile.warning:
        say(f"warning: {profile.warning}", "yellow")
    code = iac.terraform if form == "terraform" else iac.cloudformation
    sys.stdout.write(code(documents, groups))
    if not groups:
        say("attached to nothing: name groups with --group")


def write(profile: Profile, documents: Sequence[Document], *, minify: bool) -> None:
    """Write the JSON of one document, or of several by name."""
    if profile.warning:
        say(f"warning: {profile.warning}", "yellow")
    if len(documents) == 1:
        sys.stdout.write(documents[0].json(minify=minify) + "\n")
    else:
        layout: dict[str, Any] = {"separators": (",", ":")} if minify else {"indent": 2}
        policies = {one.name: one.policy for one in documents}
        sys.stdout.write(json.dumps(policies, **layout) + "\n")
    for document in documents:
        say(f"{document.name}: {document.size:,} of {MANAGED_POLICY.characters:,} characters")
    if profile.attach_with:
        say(f"attach with it: {', '.join(profile.attach_with)}")
