"""Policy documents on stdout; what to know about them on stderr."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from goldenami.iam.limits import MANAGED_POLICY
from goldenami.iam.profiles import Profile
from goldenami.iam.render import PolicyDocument
from goldenami.report.listing import write_document
from goldenami.report.terminal import say, table

PROFILE_SCHEMA = "goldenami.profile/v1"


def write(profile: Profile, documents: Sequence[PolicyDocument], *, minify: bool) -> None:
    """Write the JSON of one document, or of several by name."""
    if profile.warning:
        say(f"warning: {profile.warning}", "yellow")
    if len(documents) == 1:
        sys.stdout.write(documents[0].json(minify=minify) + "\n")
    else:
        layout: dict[str, Any] = {"separators": (",", ":")} if minify else {"indent": 2}
        policies = {document.name: document.policy for document in documents}
        sys.stdout.write(json.dumps(policies, **layout) + "\n")
    for document in documents:
        limit = MANAGED_POLICY.characters
        rest = limit - document.size
        say(f"{document.name}: {document.size:,} of {limit:,} characters, {rest:,} left")
    if profile.attach_with:
        say(f"attach with it: {', '.join(profile.attach_with)}")


def write_profile(profile: Profile, form: str) -> None:
    """Write what a profile does, promises and leaves open."""
    if form == "json":
        write_document(PROFILE_SCHEMA, profile=profile)
        return
    sys.stdout.write(f"{profile.name}: {profile.title}\n\n{profile.description}\n")
    if profile.warning:
        sys.stdout.write(f"warning: {profile.warning}\n\n")
    for title, values in (
        ("needs", profile.needs),
        ("can take", profile.optional),
        ("comes with", profile.attach_with),
        ("proves", profile.proves),
    ):
        if values:
            sys.stdout.write(f"{title}: {', '.join(values)}\n")
    if profile.open:
        sys.stdout.write("\nknown open:\n")
        table(
            ("way", "why", "what helps"),
            [(way.name, way.why, way.helps) for way in profile.open],
            sentences=("way", "why", "what helps"),
        )
